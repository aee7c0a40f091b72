"""``with mlmagic.track():``: a block of code, in a script or within a cell, as a run."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from mlmagic.recording import open_runs
from mlmagic.recording.options import Origin
from mlmagic.session import notebook_session
from mlmagic.session.interrupts import whole_imports
from mlmagic.session.running_cells import running
from mlmagic.snapshot.randomness.generators import untouched

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType, TracebackType

    from mlmagic.recording.options import TrackOptions
    from mlmagic.recording.summary import RunSummary
    from mlmagic.store.query.run import Run
    from mlmagic.tracking.open_run import OpenRun


class TrackedBlock:
    """The context manager that ``mlmagic.track`` returns.

    ``show`` may be set to a function that shows the run's summary instead of the default.
    """

    def __init__(self, options: TrackOptions, caller: FrameType) -> None:
        self._options = options
        self._caller = caller
        self._open: OpenRun | None = None
        self.show: Callable[[RunSummary], None] | None = None

    @property
    def run(self) -> OpenRun:
        """The run, once the block has been entered."""
        assert self._open is not None  # noqa: S101  # it is accessed only within the block
        return self._open

    def __enter__(self) -> Run:
        """Open the run and return it."""
        with whole_imports():
            return self._enter()

    def _enter(self) -> Run:
        from mlmagic.store.query.run import Run
        from mlmagic.tracking import tracker

        open_runs.require_no_trial("mlmagic.track")
        origin = _origin_of(self._caller)
        del self._caller
        with untouched():
            run = self._open = tracker.open_run(self._options, origin)
        try:
            if self._options.config is not None:
                from mlmagic.config.capture import ConfigCapture

                configs = ConfigCapture()
                configs.give(run, *self._options.config)
                run.captures = (configs,)
            run.is_opening = False
            return Run(run.run_id)
        except BaseException as error:
            tracker.abandon(run, error)
            raise

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the run; an exception propagates."""
        from mlmagic.tracking import loop_display, tracker

        if self._open is not None:
            if self._open.capture.figures:
                self._open.capture.figures.collect_open()
            with whole_imports():
                show = self.show or partial(loop_display.show, quiet=self._open.options.quiet)
                tracker.finish(self._open, error, show=show)


def _origin_of(caller: FrameType) -> Origin:
    cell, session = running.current(), notebook_session.current()
    if cell is not None and session is not None:
        from mlmagic.recording.code_source import origin_of_cell

        return origin_of_cell(session, cell)
    file = Path(str(caller.f_globals.get("__file__", "")))
    source = file.read_text(errors="replace") if file.suffix == ".py" and file.is_file() else ""
    return Origin(
        source=source,
        notebook=file.absolute() if source else None,
        folder=file.absolute().parent if source else Path.cwd(),
    )
