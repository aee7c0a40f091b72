"""Shows the runs of the blocks in one cell: the first as a card, from the second on all in a table that grows."""

from __future__ import annotations

import time
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mlmagic.session.notebook_session import in_notebook
from mlmagic.session.running_cells import running
from mlmagic.session_state import of_session
from mlmagic.user_settings import settings
from mlmagic.views.show import show_growing, show_summary

if TYPE_CHECKING:
    from mlmagic.recording.summary import RunSummary
    from mlmagic.session.running_cells import Cell

_SHARE = 0.02
"""At most this part of a loop's time goes into drawing its table again."""


@dataclass(eq=False)
class _Loop:
    """The runs that the blocks of a cell have made, and the output that shows them."""

    cell: Cell
    output: str = field(default_factory=lambda: uuid.uuid4().hex)
    runs: list[RunSummary] = field(default_factory=list)
    drawn: int = 0
    may_draw_at: float = 0.0


_loops: list[_Loop] = of_session([])
"""That of the cell whose block ended last, if there is one."""


def show(summary: RunSummary, *, quiet: bool) -> None:
    """Show the run of a block that has just ended, together with those before it in the same cell."""
    cell = running.current()
    if quiet or settings.quiet or cell is None or not in_notebook():
        show_summary(summary, quiet=quiet)
        return
    if not _loops or _loops[0].cell is not cell:
        draw_rest()
        _loops[:] = [_Loop(cell)]
    loop = _loops[0]
    loop.runs.append(summary)
    if len(loop.runs) == 1:
        loop.drawn = 1
        show_summary(summary, quiet=False, output=loop.output)
    elif time.monotonic() >= loop.may_draw_at:
        _draw(loop)


def draw_rest() -> None:
    """Draw what has not been drawn, because the last runs of a loop came in quick succession; the cell has ended."""
    loop = _loops[0] if _loops else None
    _loops.clear()
    if loop is not None and loop.drawn < len(loop.runs):
        _draw(loop)


def _draw(loop: _Loop) -> None:
    began = time.monotonic()
    try:
        show_growing(loop.runs, loop.output)
    except Exception:  # noqa: BLE001  # a table that cannot be drawn costs the user's cell nothing
        for summary in loop.runs[loop.drawn :]:
            show_summary(summary, quiet=False)
    loop.drawn = len(loop.runs)
    loop.may_draw_at = time.monotonic() + (time.monotonic() - began) / _SHARE
