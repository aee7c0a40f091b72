"""Captures, which run before and after a cell and record one kind of thing: configs, data, models, studies."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from mlmagic.recording.active_run import ActiveRun


class CellCapture(Protocol):
    """Records one kind of thing of a run. ``what`` names the kind in a notice."""

    what: str

    def before(self, run: ActiveRun) -> None:
        """Note what the cell reads, before its body can change it."""

    def after(self, run: ActiveRun) -> None:
        """Record what the cell has used, made or changed."""
