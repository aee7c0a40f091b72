"""What of a table has changed, so that only that is sent to the browser."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlmagic.comparison.wire import SentColumn


def changed_columns(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[SentColumn] | None:
    """Return the columns that differ, or None if the tables have other runs or other columns.

    >>> old = {"ids": ["a"], "columns": [{"id": "metric:loss", "numbers": b"0"}], "title": "t"}
    >>> new = {"ids": ["a"], "columns": [{"id": "metric:loss", "numbers": b"1"}], "title": "t"}
    >>> changed_columns(old, new), changed_columns(old, old), changed_columns(old, {**old, "ids": ["b", "a"]})
    ([{'id': 'metric:loss', 'numbers': b'1'}], [], None)
    """
    if _rest(before) != _rest(after) or _ids(before) != _ids(after):
        return None
    return [now for was, now in zip(before["columns"], after["columns"], strict=True) if was != now]


def _rest(table: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in table.items() if name != "columns"}


def _ids(table: Mapping[str, Any]) -> list[str]:
    return [column["id"] for column in table["columns"]]
