"""Checks the arguments of the public functions: an argument of a wrong type is one clear error, not a raw TypeError."""

from __future__ import annotations

import reprlib

from mlmagic.errors import UsageProblem
from mlmagic.user_objects import guarded

_LONGEST = 200


def require_text(function: str, example: str, **given: object) -> None:
    """Require that the *given* arguments of *function* are text; *example* is a call that is right.

    >>> require_text("mlmagic.runs", "mlmagic.runs('loss < 1')", filter=5)
    Traceback (most recent call last):
    mlmagic.errors.UsageProblem: mlmagic.runs: filter is text, not 5 (int). For example: mlmagic.runs('loss < 1')
    """
    for name, value in given.items():
        if not isinstance(value, str):
            raise UsageProblem(f"{function}: {name} is text, not {described(value)}. For example: {example}")


def require_text_or_none(function: str, example: str, **given: object) -> None:
    """Require that those of the *given* arguments that are not None are text."""
    require_text(function, example, **{name: value for name, value in given.items() if value is not None})


def require_mapping(function: str, example: str, value: object) -> None:
    """Require that *value* is None, or has keys and values as a dict has; a Series of pandas has."""
    if value is not None and not hasattr(type(value), "keys"):
        raise UsageProblem(
            f"{function} takes keywords or a mapping of names to values, not {described(value)}. For example: {example}"
        )


def described(value: object) -> str:
    """Return a short form of *value*, with its type.

    >>> described(5), described(None), described([1, 2])
    ('5 (int)', 'None', '[1, 2] (list)')
    """
    shown = _repr(value)
    kind = type(value).__name__
    return shown if value is None else f"{shown} ({kind})" if shown else f"a value of type {kind}"


def brief(value: object) -> str:
    """Return the `repr` of *value* in one short line, or the name of its type if it raises.

    >>> brief("min"), brief(list(range(100)))
    ("'min'", '[0, 1, 2, 3, 4, 5, ...]')
    """
    return _repr(value) or f"a value of type {type(value).__name__}"


@guarded(default="")
def _repr(value: object) -> str:
    text = " ".join(reprlib.repr(value).split())
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
