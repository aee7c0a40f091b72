"""The cells of a notebook that ``%run`` executes. IPython runs them silently: its events do not identify them.

Their source and their result are read from the frames of IPython's own functions, during the events that IPython
triggers for every execution.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from types import FrameType

    from IPython.core.interactiveshell import ExecutionInfo, ExecutionResult

_BEGINS, _RUNS, _READS = "run_cell_async", "run_cell", "safe_execfile_ipy"
_MOST_FRAMES = 12


class CellOfFile(NamedTuple):
    """A cell that begins: IPython's info object, and the file that contains the cell."""

    info: ExecutionInfo
    file: Path


def beginning() -> CellOfFile | None:
    """Return the cell of a file that begins now, or None for any other; called from IPython's event ``pre_execute``."""
    begins = _above(_BEGINS)
    reads = _above(_READS, begins)
    if begins is None or reads is None or not begins.f_locals.get("silent"):
        return None
    info, file = begins.f_locals.get("info"), reads.f_locals.get("fname")
    return CellOfFile(info, Path(file)) if info is not None and file is not None else None


def ended() -> ExecutionResult | None:
    """Return the result of the cell of a file, or None for any other; called from IPython's event ``post_execute``."""
    runs = caller = _above(_RUNS)
    while caller is not None and caller.f_code.co_name == _RUNS:  # a kernel's shell calls that of its base class
        caller = caller.f_back
    if runs is None or caller is None or caller.f_code.co_name != _READS:
        return None
    result: ExecutionResult | None = runs.f_locals.get("result")
    return result


def _above(name: str, start: FrameType | None = None) -> FrameType | None:
    """Return the next frame of IPython's function *name* above the caller, or above *start*."""
    frame = sys._getframe(1) if start is None else start.f_back
    for _ in range(_MOST_FRAMES):
        if frame is None or frame.f_code.co_name == name:
            return frame
        frame = frame.f_back
    return None
