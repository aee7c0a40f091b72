"""One difference of two sources of a cell, and what names a seed."""

from __future__ import annotations

import ast
import difflib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Sequence

_PLAIN = (ast.Constant, ast.List, ast.Tuple, ast.Dict, ast.Set, ast.UnaryOp, ast.USub, ast.UAdd, ast.Load)
Kind = Literal["parameter", "seed", "code"]
NOT_GIVEN = "not given"
_SEED = re.compile(r"(?:^|_)(?:seed|random_state)$", re.IGNORECASE)
SEEDING = frozenset(
    {"seed", "manual_seed", "manual_seed_all", "default_rng", "RandomState", "Random", "PRNGKey", "seed_everything",
     "set_seed", "set_random_seed"}
)  # fmt: skip
"""Functions whose first argument is a seed."""


def names_a_seed(name: str) -> bool:
    """Return whether a variable, keyword or key of this *name* holds a seed.

    >>> names_a_seed("random_state"), names_a_seed("SEED"), names_a_seed("seeds")
    (True, True, False)
    """
    return _SEED.search(name) is not None


def is_plain(value: ast.expr) -> bool:
    """Return whether an expression is a number, a text, or a collection of such.

    >>> is_plain(ast.parse("[-1, 'a']", mode="eval").body), is_plain(ast.parse("f(1)", mode="eval").body)
    (True, False)
    """
    return all(isinstance(part, _PLAIN) for part in ast.walk(value))


@dataclass(frozen=True)
class SourceDifference:
    """One difference of two sources: what has another value or is other code, with both as text."""

    kind: Kind
    name: str
    before: str
    after: str


def stretches(before: Sequence[str], after: Sequence[str]) -> Sequence[tuple[str, int, int, int, int]]:
    """Return the stretches in which two sequences are equal or differ, as `difflib` does."""
    return difflib.SequenceMatcher(None, before, after, autojunk=False).get_opcodes()


def first_line(text: str) -> str:
    r"""Return the first line of *text*, with a sign if there are more.

    >>> first_line("x = 1\ny = 2")
    'x = 1 …'
    """
    lines = text.strip().splitlines()
    return f"{lines[0]} …" if len(lines) > 1 else "".join(lines)
