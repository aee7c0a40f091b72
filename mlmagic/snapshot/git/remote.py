"""The URL of a repository's remote, without what gives access to it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mlmagic.snapshot.git.files import read_small

if TYPE_CHECKING:
    from mlmagic.snapshot.git.files import Repository

_WITH_USER = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*://)(?P<user>[^/]*)@")


def find_remote(repository: Repository, upstream: str | None) -> str | None:
    """Return the URL of the remote that the branch tracks, else of ``origin``, as `without_password` returns it.

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
    return without_password(address) if address else None


def without_password(address: str) -> str:
    """Return a remote's URL without user and password; of SSH, where the user is a part of the address, it stays.

    >>> without_password("https://ana:secret@example.org/x.git"), without_password("ssh://git:secret@example.org/x.git")
    ('https://example.org/x.git', 'ssh://git@example.org/x.git')
    """
    found = _WITH_USER.match(address)
    if found is None:
        return address
    user = f"{found['user'].partition(':')[0]}@" if "ssh" in found["scheme"].lower() else ""
    return f"{found['scheme']}{user}{address[found.end() :]}"
