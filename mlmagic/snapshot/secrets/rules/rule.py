"""What a rule of secrets is, and how one is made from the letters that a service's tokens begin with."""

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
_LEAST_OF_A_SURE_PREFIX = 10  # characters: what follows a longer one is a token, whatever it reads as


@dataclass(frozen=True)
class Rule:
    """A regular expression of secrets; what its first group matches, if it has one, stays.

    ``needles``: pieces of text of which one must occur for it to be tried. ``spaced``: a match may hold white space.
    ``accepts``: what the match, without its first group, must be to count. ``value``: the secret within it, where
    there is more, such as the user.

    It takes linear time on any text: a repeat is possessive or bounded, and one without a bound ends the pattern or
    stops before anything at which another match could begin (`tests/snapshot/secrets/test_speed.py`).
    """

    expression: str
    needles: tuple[str, ...] = ()
    spaced: bool = False
    accepts: Callable[[str], bool] | None = None
    value: Callable[[str], str] | None = None

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """The expression, compiled when it is first tried: most never are, and all of them take 0.1 s."""
        return re.compile(self.expression)


def begin(fixed: str = "", inside: str = "A-Za-z0-9") -> str:
    """Return the pattern of the place behind *fixed* letters that begin a word; its letters are *inside*."""
    places = (
        rf"(?<![{inside}]{fixed})",
        rf"(?<=\\[nrt]{fixed})",
        rf"(?<=[\d;\[]m{fixed})",
        rf"(?<=%[0-9A-Fa-f]{{2}}{fixed})",
        rf"(?<=\\u[0-9A-Fa-f]{{4}}{fixed})",
    )
    return f"(?:{'|'.join(places)})"


def token(prefix: str, rest: str, *, stays: bool = False, wide: bool = False, words: bool = False) -> Rule:
    r"""Return the rule of tokens that begin with *prefix*, where a word begins.

    A word also begins after an escape (``\n``, ``%3D``) or a terminal colour; with *wide* not after a dash or an
    underscore. With *stays* the prefix is no part of the secret. Unless *words*, the rest must not read as words.

    >>> rule = token("pnu_", "[A-Za-z0-9]{36}")
    >>> [bool(rule.pattern.search(text)) for text in ("pnu_" + "a1" * 18, "xpnu_" + "a1" * 18)]
    [True, False]
    """
    fixed = re.escape(prefix)
    begins = begin(fixed, r"\w-" if wide else "A-Za-z0-9")
    # The fixed letters come first: they are searched 50 times as fast as a look behind is tried.
    head = f"({fixed})" if stays else fixed
    return Rule(
        f"{head}{begins}{rest}",
        (prefix,),
        accepts=None if words else lambda found: looks_generated(found.removeprefix(prefix)),
    )


def services() -> list[Rule]:
    """Return the rules that Gitleaks publishes, as `tools/secret_rules.py` took them.

    >>> len(services()) > 70
    True
    """
    text = resources.files(__package__).joinpath(_SERVICES).read_text(encoding="utf-8")
    # The longer form comes first: a token of it begins as one of the shorter form does.
    rules = sorted(json.loads(text)["rules"], key=lambda rule: -len(rule["body"]))
    return [
        token(rule["prefix"], rule["body"] + _end(rule["prefix"]), words=len(rule["prefix"]) >= _LEAST_OF_A_SURE_PREFIX)
        for rule in rules
    ]


def _end(prefix: str) -> str:
    """Return how a token ends: a sign in its *prefix* tells it from a hash, so that a longer one is a newer form."""
    return "(?![A-Za-z0-9])" if prefix.isalnum() else r"[\w-]*+"
