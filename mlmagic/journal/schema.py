"""Check that parsed values fit the fields of a record: a journal may come from someone else.

Lone surrogates (of a file's name that is not UTF-8) are no text that a store or a file could hold: `storable` replaces
them in what is recorded, and `fits` refuses them in what is read.
"""

from __future__ import annotations

import re
from dataclasses import MISSING, fields, replace
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar, get_args, get_origin, get_type_hints

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mlmagic.journal.records import Record

    R = TypeVar("R", bound=Record)

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


def storable(record: R) -> R:
    r"""Return *record* with a question mark for each lone surrogate.

    >>> from mlmagic.journal.records import Tag
    >>> storable(Tag("file", "cafe\udce9.csv"))
    Tag(key='file', value='cafe?.csv')
    """
    values = {field.name: getattr(record, field.name) for field in fields(record)}
    changed = {name: clean for name, value in values.items() if (clean := _plain(value)) is not value}
    return replace(record, **changed) if changed else record


def storable_text(text: str) -> str:
    """Return *text* with a question mark for each lone surrogate."""
    return text if _is_text(text) else text.encode(errors="replace").decode()


def _plain(value: Any) -> Any:
    """Return the value of a field without lone surrogates; the same object if it has none."""
    if isinstance(value, str):
        return storable_text(value)
    if isinstance(value, list):
        clean = list(map(_plain, value))
        return value if clean == value else clean
    if isinstance(value, dict):
        pairs = {_plain(key): _plain(inner) for key, inner in value.items()}
        return value if pairs == value else pairs
    return value


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
    if get_origin(hint) is dict:
        return lambda value: isinstance(value, dict) and all(inner[0](key) and inner[1](value[key]) for key in value)
    if inner:  # a union
        return lambda value: any(check(value) for check in inner)
    return lambda value: isinstance(value, hint)


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and (value.isascii() or not _HALF.search(value))


def _is_integer(value: Any) -> bool:
    # A store has 64-bit integers; True is an int in Python, but not a number here.
    return type(value) is int and -_LARGEST <= value < _LARGEST


def _is_number(value: Any) -> bool:
    return isinstance(value, float) or _is_integer(value)
