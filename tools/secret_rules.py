"""``make secret-rules RULES=gitleaks.toml RELEASE=8.30.1``: take rules of tokens from those that Gitleaks publishes.

Gitleaks (https://github.com/gitleaks/gitleaks, MIT License) publishes its rules as ``config/gitleaks.toml`` with each
release. Taken are those of tokens that begin with a fixed text and go on with letters of a known alphabet, of known
number: what mlmagic looks for has to begin with letters that are searched fast, and to take linear time on any text.
The others (names beside a value, patterns that search forward) are left out; `snapshot/secrets/assigned` is in their
place.
"""

from __future__ import annotations

import itertools
import json
import re
import sys
import tomllib
from pathlib import Path
from re import _constants as codes
from re import _parser as parser
from typing import Any

TARGET = Path(__file__).parent.parent / "mlmagic" / "snapshot" / "secrets" / "rules" / "services.json"
LEAST_PREFIX, LEAST_LENGTH = 3, 18
LICENSE = """\
MIT License

Copyright (c) 2019 Zachary Rice

Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated
documentation files (the "Software"), to deal in the Software without restriction, including without
limitation the rights to use, copy, modify, merge, publish, distribute, sublicense, and/or sell copies of the
Software, and to permit persons to whom the Software is furnished to do so, subject to the following
conditions:

The above copyright notice and this permission notice shall be included in all copies or substantial portions
of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED
TO THE WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL
THE AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF
CONTRACT, TORT OR OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER
DEALINGS IN THE SOFTWARE.
"""

# What Gitleaks puts around a token to end it; mlmagic has its own ends.
_ENDS = (
    r"""(?:[\x60'"\s;]|\\[nr]|$|\b)""",
    r"""(?:[\x60'"\s;]|\\[nr]|$)""",
    r"(?:[^\w-]|\z)",
    r"(?:[^a-zA-Z0-9+/]|\z)",
    r"\b",
)
_HEX = re.compile(r"[0-9a-f]*")  # hashes begin so, too
_ESCAPED = re.compile(r"\\?.")  # one letter of a prefix, with the sign that escapes it
_REPEAT = re.compile(r"(\{\d+(?:,\d*)?\}|(?<=\])[*+]|(?<=\\d)[*+])")


def taken(rule: dict[str, Any]) -> dict[str, str] | None:
    """Return *rule* as a prefix and a pattern of the rest, or None where it has no such form."""
    bare = _bare(rule.get("regex", ""))
    try:
        items = list(_flat(parser.parse(bare)))
    except re.error:
        return None
    prefix = "".join(_letters(items))
    rest = items[len(prefix) :]
    if (
        _HEX.fullmatch(prefix)
        or len(prefix) < LEAST_PREFIX
        or not rest
        or len(prefix) + sum(_least(item) for item in rest) < LEAST_LENGTH
    ):
        return None
    if any(not _is_plain(item) for item in rest) or not _is_certain(rest):
        return None
    body = _ESCAPED.sub("", bare, count=len(prefix))
    return {"id": rule["id"], "prefix": prefix, "body": _REPEAT.sub(r"\1+", body)}


def _bare(regex: str) -> str:
    regex = regex.replace("[[:alnum:]]", "[A-Za-z0-9]").removeprefix("(?i)").removeprefix(r"\b")
    for end in _ENDS:
        regex = regex.removesuffix(end)
    while regex.startswith("(") and regex.endswith(")") and not regex.startswith("(?"):
        regex = regex[1:-1]
    regex = regex.removeprefix(r"\b").removesuffix(r"\b")
    before, flag, after = regex.partition("(?i)")
    return f"{before}(?i:{after})" if flag else before


def _flat(items: Any) -> Any:
    """Yield the items of a pattern, those within a group in its place."""
    for code, value in items:
        if code is codes.SUBPATTERN:
            yield from _flat(value[-1])
        else:
            yield code, value


def _letters(items: list[Any]) -> Any:
    for code, value in items:
        if code is not codes.LITERAL:
            return
        yield chr(value)


def _is_plain(item: Any) -> bool:
    code, value = item
    if code is codes.MAX_REPEAT:
        return all(inner[0] in {codes.IN, codes.LITERAL} for inner in value[2])
    return code in {codes.LITERAL, codes.IN}


def _least(item: Any) -> int:
    return item[1][0] if item[0] is codes.MAX_REPEAT else 1


def _is_certain(items: list[Any]) -> bool:
    """Return whether no part takes what the next one needs, so that each part may keep what it took."""
    for (code, value), (kind, letter) in itertools.pairwise(items):
        varies = code is codes.MAX_REPEAT and value[0] != value[1] and kind is not codes.MAX_REPEAT
        if varies and (kind is not codes.LITERAL or _holds(value[2], letter)):
            return False
    return True


def _holds(items: Any, letter: int) -> bool:
    pattern = items[0]
    if pattern[0] is codes.LITERAL:
        return bool(pattern[1] == letter)
    return any(
        (code is codes.LITERAL and value == letter)
        or (code is codes.RANGE and value[0] <= letter <= value[1])
        or (code is codes.CATEGORY and re.match(r"\w", chr(letter)) is not None)
        for code, value in pattern[1]
    )


def main() -> None:
    """Write the rules that are taken, with where they are from."""
    source, version = sys.argv[1:]
    published = tomllib.loads(Path(source).read_text(encoding="utf-8"))["rules"]
    rules = [rule for rule in map(taken, published) if rule is not None]
    content = {
        "source": f"https://github.com/gitleaks/gitleaks, config/gitleaks.toml of version {version}",
        "license": LICENSE.splitlines(),
        "rules": sorted(rules, key=lambda rule: rule["id"]),
    }
    TARGET.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    sys.stderr.write(f"{len(rules)} of {len(published)} rules: {TARGET}\n")


if __name__ == "__main__":
    main()
