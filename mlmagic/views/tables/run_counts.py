"""How many runs there are, in the words of every table of runs.

Counted are the runs that match, without those below others (the trials of a sweep, folds, nested runs) if these are
folded, and without archived ones if these are hidden. Both are counted apart: ``+ 24 runs``, and
``2 archived runs hidden``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlmagic.views.rendering import shorten

if TYPE_CHECKING:
    from collections.abc import Mapping

_LONGEST_NAME = 60
_FACTOR = 5
"""So many times as many runs are proposed where there are more."""


def counted_runs(shown: int, total: int | None) -> str:
    """Return how many runs are shown, and of how many; the *total* is None where others are known to exist only.

    >>> counted_runs(20, 1313), counted_runs(3, 3), counted_runs(1, 1), counted_runs(20, None)
    ('20 of 1,313 runs', '3 runs', '1 run', 'The first 20 runs')
    """
    if total is None:
        return f"The first {shown:,} run{'s' * (shown != 1)}"
    of = f"{shown:,} of " if shown < total else ""
    return f"{of}{total:,} run{'s' * (total != 1)}"


def below_text(count: int) -> str:
    """Return how many runs below a run are not listed.

    >>> below_text(24), below_text(1), below_text(0)
    ('+ 24 runs', '+ 1 run', '')
    """
    return f"+ {count:,} run{'s' * (count != 1)}" if count else ""


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
    if not listed or about.get("headline"):
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
