"""The URL of a repository's remote, without user and password."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mlmagic.snapshot.git.files import read_small

if TYPE_CHECKING:
    from mlmagic.snapshot.git.files import Repository


def find_remote(repository: Repository, upstream: str | None) -> str | None:
    """Return the URL of the remote that the branch tracks, else of ``origin``, without user and password.

    It is read from the repository's own configuration, since a `git` process takes as long as all the rest.
    """
    lines = read_small(repository.common / "config").splitlines()
    addresses: dict[str, str] = {}
    name = None
    for line in lines:
        if line.lstrip().startswith("["):
            section = re.match(r'\s*\[remote "(.+)"\]', line)
            name = section[1] if section else None
            continue
        key, _, value = line.partition("=")
        if name and key.strip().lower() == "url":
            addresses.setdefault(name, value.strip().strip('"'))
    followed = (upstream or "").partition("/")[0]
    address = addresses.get(followed) or addresses.get("origin") or next(iter(addresses.values()), None)
    return re.sub(r"^(https?://)[^/]*@", r"\1", address) if address else None
