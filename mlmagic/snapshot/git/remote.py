"""The URL of a repository's remote, without what gives access to it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mlmagic.snapshot.git.files import read_small

if TYPE_CHECKING:
    from mlmagic.snapshot.git.files import Repository

_WITH_USER = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*://)(?P<user>[^/]*)@")
_QUOTED = r"\"(?:[^\"\\\n]|\\(?:.|\n))*\""
_STATEMENT = re.compile(
    rf"\[(?P<section>[\w.-]+)(?:[ \t]+(?P<name>{_QUOTED}))?[ \t]*\]"
    rf"|(?P<key>[A-Za-z][\w-]*)[ \t]*(?:=[ \t]*(?P<value>(?:{_QUOTED}|\\(?:.|\n)|[^\"\\\n#;])*))?"
    r"|[#;][^\n]*|."
)
_PIECE = re.compile(r"(?P<quote>\")|\\(?P<escaped>.|\n)|(?P<plain>[^\"\\]+)")
_ESCAPES = {"n": "\n", "t": "\t", "b": "\b", "\n": ""}


def find_remote(repository: Repository, upstream: str | None) -> str | None:
    """Return the URL of the remote that the branch tracks, else of ``origin``, as `without_password` returns it.

    It is read from the repository's own configuration, since a `git` process takes as long as all the rest.
    """
    addresses = _addresses(read_small(repository.common / "config"))
    followed = [name for name in addresses if f"{upstream}/".startswith(f"{name}/")]  # a name may contain a slash
    names = [max(followed, key=len, default=""), "origin", *addresses]
    address = next((addresses[name] for name in names if addresses.get(name)), None)
    return without_password(address) if address else None


def _addresses(config: str) -> dict[str, str]:
    """Return the first URL of each remote in a configuration of Git."""
    found: dict[str, str] = {}
    remote: str | None = None
    for statement in _STATEMENT.finditer(config):
        if statement["section"] is not None:
            section, _, older = statement["section"].lower().partition(".")  # `[remote.origin]` is an older form
            name = older if statement["name"] is None else _text(statement["name"])
            remote = name if section == "remote" and name else None
        elif remote is not None and (statement["key"] or "").lower() == "url":
            found.setdefault(remote, _text(statement["value"] or ""))
    return found


def _text(written: str) -> str:
    """Return the text that a value stands for, without its quotes and the space after it."""
    text, kept = "", 0
    is_quoted = False
    for piece in _PIECE.finditer(written):
        text += piece["plain"] or _ESCAPES.get(piece["escaped"] or "", piece["escaped"] or "")
        is_quoted ^= piece["quote"] is not None
        kept = len(text) if is_quoted or piece["quote"] else kept
    return text[:kept] + text[kept:].rstrip()


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
