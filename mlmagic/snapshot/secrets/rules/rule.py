"""Rules that match secrets, and how to make one from the prefix of a service's tokens."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cached_property
from importlib import resources
from typing import TYPE_CHECKING

from mlmagic.snapshot.secrets.words import looks_generated

if TYPE_CHECKING:
    from collections.abc import Callable

_SERVICES = "services.json"
_LEAST_OF_A_SURE_PREFIX = 10  # characters: what follows such a prefix is a token, even if it reads as words


@dataclass(frozen=True)
class Rule:
    """A regular expression that matches secrets; the match of its first group, if any, is not redacted.

    ``needles``: the rule is tried only if one of these strings occurs. ``spaced``: a match may contain white space.
    ``accepts``: a predicate on the match without its first group. ``value``: extracts the secret from a match that
    contains more, such as the user.

    A rule takes linear time on any text: a repeat is possessive or bounded, and an unbounded one ends the pattern or
    stops before any position at which another match could begin (`tests/snapshot/secrets/test_speed.py`).
    """

    expression: str
    needles: tuple[str, ...] = ()
    spaced: bool = False
    accepts: Callable[[str], bool] | None = None
    value: Callable[[str], str] | None = None

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """The expression, compiled on first use: most are never used, and compiling all takes 0.1 s."""
        return re.compile(self.expression)


def begin(fixed: str = "", inside: str = "A-Za-z0-9") -> str:
    """Return a lookbehind for *fixed* letters at the start of a word; *inside* are the characters of a word."""
    places = (
        rf"(?<![{inside}]{fixed})",
        rf"(?<=\\[nrt]{fixed})",
        rf"(?<=[\d;\[]m{fixed})",
        rf"(?<=%[0-9A-Fa-f]{{2}}{fixed})",
        rf"(?<=\\u[0-9A-Fa-f]{{4}}{fixed})",
    )
    return f"(?:{'|'.join(places)})"


def token(prefix: str, rest: str, *, stays: bool = False, wide: bool = False, words: bool = False) -> Rule:
    r"""Return the rule for tokens that begin with *prefix* at the start of a word.

    A word also begins after an escape (``\n``, ``%3D``) or a terminal colour; with *wide* not after a dash or an
    underscore. With *stays* the prefix is not redacted. Unless *words* is set, the rest must not read as words.

    >>> rule = token("pnu_", "[A-Za-z0-9]{36}")
    >>> [bool(rule.pattern.search(text)) for text in ("pnu_" + "a1" * 18, "xpnu_" + "a1" * 18)]
    [True, False]
    """
    fixed = re.escape(prefix)
    begins = begin(fixed, r"\w-" if wide else "A-Za-z0-9")
    # The literal prefix comes first: searching it is 50 times as fast as trying a lookbehind.
    head = f"({fixed})" if stays else fixed
    return Rule(
        f"{head}{begins}{rest}",
        (prefix,),
        accepts=None if words else lambda found: looks_generated(found.removeprefix(prefix)),
    )


def services() -> list[Rule]:
    """Return the rules that `tools/secret_rules.py` took from Gitleaks.

    >>> len(services()) > 70
    True
    """
    text = resources.files(__package__).joinpath(_SERVICES).read_text(encoding="utf-8")
    # The longer form comes first, since its tokens begin like those of the shorter form.
    rules = sorted(json.loads(text)["rules"], key=lambda rule: -len(rule["body"]))
    return [
        token(rule["prefix"], rule["body"] + _end(rule["prefix"]), words=len(rule["prefix"]) >= _LEAST_OF_A_SURE_PREFIX)
        for rule in rules
    ]


def _end(prefix: str) -> str:
    """Return the pattern of a token's end: a *prefix* with punctuation rules out a hash, so a longer token is newer."""
    return "(?![A-Za-z0-9])" if prefix.isalnum() else r"[\w-]*+"
