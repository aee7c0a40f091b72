"""Check that parsed values fit the fields of a record: a journal may come from someone else."""

from __future__ import annotations

import re
from dataclasses import MISSING, fields
from functools import cache
from typing import TYPE_CHECKING, Any, get_args, get_origin, get_type_hints

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_LARGEST = 2**63
_HALF = re.compile("[\ud800-\udfff]")


def fits(kind: type[Any], values: Sequence[Any]) -> bool:
    """Return whether ``kind(*values)`` is a record whose fields have the declared types.

    >>> from mlmagic.journal.records import Tag
    >>> fits(Tag, ["stage", "draft"]), fits(Tag, ["stage", 3]), fits(Tag, ["stage"])
    (True, False, False)
    """
    least, checks = _checks(kind)  # type: ignore[arg-type]  # a class can be hashed, whatever mypy says
    return least <= len(values) <= len(checks) and all(
        check(value) for check, value in zip(checks, values, strict=False)
    )


@cache
def _checks(kind: Any) -> tuple[int, list[Callable[[Any], bool]]]:
    """Return how many values *kind* needs, and a check for each of its fields."""
    hints = get_type_hints(kind)
    needed = sum(field.default is MISSING for field in fields(kind))
    return needed, [_check(hints[field.name]) for field in fields(kind)]


def _check(hint: Any) -> Callable[[Any], bool]:
    simple = {Any: lambda _: True, str: _is_text, int: _is_integer, float: _is_number}.get(hint)
    if simple is not None:
        return simple
    inner = [_check(argument) for argument in get_args(hint)]
    if get_origin(hint) is list:
        return lambda value: isinstance(value, list) and all(map(inner[0], value))
    if get_origin(hint) is dict:  # JSON keys are always strings
        return lambda value: isinstance(value, dict) and all(map(inner[1], value.values()))
    if inner:  # a union
        return lambda value: any(check(value) for check in inner)
    return lambda value: isinstance(value, hint)


def _is_text(value: Any) -> bool:
    # Lone surrogates can be written neither to a store nor as a file name.
    return isinstance(value, str) and (value.isascii() or not _HALF.search(value))


def _is_integer(value: Any) -> bool:
    # A store has 64-bit integers; True is an int in Python, but not a number here.
    return type(value) is int and -_LARGEST <= value < _LARGEST


def _is_number(value: Any) -> bool:
    return isinstance(value, float) or _is_integer(value)
