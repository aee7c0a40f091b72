"""The line above a table of runs: how many it shows and of how many, in which order, and where the others are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlmagic.store.query.families import counted_runs
from mlmagic.views.rendering import shorten

if TYPE_CHECKING:
    from collections.abc import Mapping

_LONGEST_NAME = 60
_FACTOR = 5
"""So many times as many runs are proposed where there are more."""


def headline(shown: int, listed: int, about: Mapping[str, Any]) -> str:
    """Return the line above a table that shows the first rows of a frame of *listed* runs, and their order."""
    if told := about.get("headline"):
        return str(told)
    if left_out := about.get("archived"):
        archived = f"{left_out:,} archived run{'s' * (left_out != 1)} hidden: %runs --archived"
        return f"{_in_order(shown, listed, about)} · {archived}"
    return _in_order(shown, listed, about)


def hint(shown: int, listed: int, about: Mapping[str, Any]) -> str:
    """Return where the runs are that the table does not show; an empty text if it shows all."""
    if not listed or about.get("headline") or about.get("is_still"):
        return ""
    total = _total(listed, about)
    has_all = total is not None and listed >= total
    if shown < listed:
        return f"the DataFrame has {'all' if has_all else 'the first'} {listed:,}"
    return "" if has_all else f"more with -n {_FACTOR * listed}"


def _total(listed: int, about: Mapping[str, Any]) -> int | None:
    """Return how many runs match; the user may have removed rows of the frame since."""
    if about.get("listed", listed) != listed:
        return listed
    found: int | None = about.get("total")
    return found if found is not None else None if about.get("more") else listed


def _in_order(shown: int, listed: int, about: Mapping[str, Any]) -> str:
    if not listed:
        return "No run matches" if about.get("filter") or about.get("archived") else "No runs yet"
    count = counted_runs(shown, _total(listed, about))
    sort = about.get("sort")
    if sort is None:
        return f"{count}, newest first" if listed > 1 else count
    direction = "lowest" if about.get("ascending") else "highest"
    return f"{count}, {direction} {shorten(sort, _LONGEST_NAME)} first"
