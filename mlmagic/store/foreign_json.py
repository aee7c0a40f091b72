"""Parse untrusted JSON: of a tag, a dataset's profile, or a file of a run."""

from __future__ import annotations

import json
from typing import Any, TypeVar

T = TypeVar("T")

_DEEPEST = 50


def read_json(text: str | None, kind: type[T]) -> T | None:
    """Return the value of *text* if it is of this kind; None for anything else, and for nesting over 50 levels.

    A deep value raises RecursionError in every function that walks through it.

    >>> read_json('{"rows": 3}', dict), read_json("[[[", list), read_json("[" * 100_000, list), read_json("3", dict)
    ({'rows': 3}, None, None, None)
    """
    if text is None:
        return None
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):  # ValueError: invalid JSON, or a number of thousands of digits
        return None
    return found if isinstance(found, kind) and not _is_deep(found) else None


def _is_deep(value: Any) -> bool:
    level = [value]
    for _ in range(_DEEPEST):
        level = [
            inner
            for one in level
            if isinstance(one, dict | list)
            for inner in (one.values() if isinstance(one, dict) else one)
        ]
        if not level:
            return False
    return True
