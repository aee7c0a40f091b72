"""Converts parameter values of any type to plain data, ready for JSON."""

from __future__ import annotations

import inspect
import math
from collections.abc import Collection, Mapping
from typing import Any

from mlmagic.snapshot.secrets.cuts import beginning
from mlmagic.user_objects import guarded

_LONGEST_LIST = 100
_LONGEST_TEXT = 20_000
_DEEPEST = 6


def plain(value: Any) -> Any:
    """Convert *value* for JSON: scalars are unchanged, small arrays become lists, functions and objects their names.

    The result has nothing that differs between processes, such as the address in a `repr`.

    >>> plain((1, None, math.nan)), plain(len), plain({1: {2}})
    ([1, None, 'nan'], 'len', {'1': [2]})
    """
    return _plain(value, _DEEPEST)


def _plain(value: Any, deepest: int) -> Any:
    if value is None or type(value) in {bool, int, str, float}:
        return str(value) if type(value) is float and not math.isfinite(value) else value
    if deepest == 0:
        return f"<{type(value).__name__}>"
    if isinstance(value, Mapping):
        return {str(key): _plain(item, deepest - 1) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset | range):
        return _sequence(value, deepest)
    if isinstance(value, type) or inspect.isroutine(value) or type(value).__name__ == "ufunc":
        return str(getattr(value, "__qualname__", None) or getattr(value, "__name__", type(value).__name__))
    known = _foreign(value, deepest)
    return type(value).__name__ if known is None else known


def _sequence(value: Collection[Any], deepest: int) -> Any:
    if len(value) > _LONGEST_LIST:
        return f"{type(value).__name__} of {len(value):,}"
    items = sorted(value, key=repr) if isinstance(value, set | frozenset) else value
    return [_plain(item, deepest - 1) for item in items]


@guarded(default=None)  # its `repr` raises
def _foreign(value: Any, deepest: int) -> Any:
    shape = getattr(value, "shape", None)
    if isinstance(shape, tuple) and hasattr(value, "dtype"):
        if math.prod(shape) <= _LONGEST_LIST and hasattr(value, "tolist"):
            return _plain(value.tolist(), deepest - 1)
        return f"{type(value).__name__} of shape {tuple(shape)}, {value.dtype}"
    if hasattr(value, "dist") and hasattr(value, "kwds"):  # a frozen SciPy distribution, whose repr has an address
        arguments = [*map(repr, value.args), *(f"{name}={each!r}" for name, each in value.kwds.items())]
        return f"{value.dist.name}({', '.join(arguments)})"
    text = repr(value)
    if hasattr(value, "get_params"):  # an estimator, or a kernel: scikit-learn breaks the lines of its `repr`
        text = " ".join(text.split())
    if len(text) > _LONGEST_TEXT:
        text = beginning(text, _LONGEST_TEXT)
    return text if " at 0x" not in text else type(value).__name__
