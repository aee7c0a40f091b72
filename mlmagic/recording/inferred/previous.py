"""The previous run of the same cell: what changed since then, and what came of it."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlmagic.recording.summary import ParamChange
from mlmagic.session_state import of_session

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlmagic.recording.active_run import ActiveRun

_MOST_LINES = 2000


@dataclass(frozen=True)
class PreviousRun:
    """A run of a cell, as the next run of the same cell is compared with it."""

    run_id: str
    name: str
    params: Mapping[str, str]
    metrics: Mapping[str, float]
    source: str


_by_cell: dict[str, PreviousRun] = of_session({})


def exchange(run: ActiveRun, params: Mapping[str, str], metrics: Mapping[str, float]) -> PreviousRun | None:
    """Return the cell's previous run, and remember this one for the next; a run without results is no baseline."""
    key = run.origin.key
    if not key or not (params or metrics):
        return None
    before = _by_cell.get(key)
    if metrics or before is None or not before.metrics:
        _by_cell[key] = PreviousRun(run.run_id, run.name, dict(params), dict(metrics), run.origin.source)
    return before if before is not None and before.run_id != run.run_id else None


def changes_of(before: Mapping[str, str], after: Mapping[str, str]) -> tuple[ParamChange, ...]:
    """Return the parameters that differ, each once: ``tree.max_depth`` is left out beside an equal change of ``depth``.

    >>> [one.name for one in changes_of({"n": "17", "tree.n": "17", "lr": "1"}, {"n": "77", "tree.n": "77"})]
    ['n', 'lr']
    """
    names = [*after, *(name for name in before if name not in after)]
    changes = [ParamChange(name, before.get(name), after.get(name)) for name in names]
    changes = [one for one in changes if one.before != one.after]
    told = {(one.before, one.after) for one in changes if "." not in one.name}
    return tuple(one for one in changes if "." not in one.name or (one.before, one.after) not in told)


def changed_lines(before: str, after: str) -> int:
    r"""Return how many lines of a cell's body differ, the header aside; more than 2,000 lines count as all changed.

    >>> changed_lines("%%track a\nx = 1\ny = 2", "%%track b\nx = 1\ny = 3\nz = 4")
    2
    """
    old, new = (_body(text) for text in (before, after))
    if old == new:
        return 0
    if max(len(old), len(new)) > _MOST_LINES:
        return max(len(old), len(new))
    blocks = difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
    return sum(max(b - a, d - c) for tag, a, b, c, d in blocks if tag != "equal")


def _body(source: str) -> list[str]:
    lines = [line.rstrip() for line in source.strip().splitlines()]
    return [line for at, line in enumerate(lines) if line and not (at == 0 and line.startswith("%%"))]
