"""Shows a running loop: its bar, its latest metrics, and its curve."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Self

from mlmagic.recording import progress_loops
from mlmagic.recording.progress_loops import Loop
from mlmagic.session.notebook_session import in_notebook
from mlmagic.training.bar import Bar, new_bar
from mlmagic.training.live import LiveCurve
from mlmagic.views.rendering import number, shorten

if TYPE_CHECKING:
    from mlmagic.recording.run_context import RunContext

_SHOWN_METRICS = 4
_LONGEST_NAME = 30


class ShownLoop(Loop):
    """A loop of ``mlmagic.progress``, from its first item to its end: ``with ShownLoop(...) as loop``.

    In a notebook, the outermost loop of a run has the curve, which includes the metrics of inner loops. Successive
    inner loops reuse one bar, because a bar for each epoch's batches would fill the notebook.
    """

    def __init__(self, run: RunContext | None, total: int | None, description: str, *, curve: bool) -> None:
        super().__init__(run.recorder if run is not None else None)
        self._total = total
        self._description = description
        self._latest: dict[str, float] = {}
        self._news = False
        self._inner_bar: Bar | None = None
        self._bar: Bar | None = None
        self._curve = LiveCurve(run.notices) if run is not None and curve and in_notebook() else None

    def __enter__(self) -> Self:
        progress_loops.enter(self)
        around = self._around
        if around is not None and around.drawing is not None:
            self._curve = None
        try:
            self._bar = around.bar_for_inner(self) if around is not None else self.new_bar(leave=True)
        except BaseException:
            progress_loops.leave(self)
            raise
        return self

    @property
    def _around(self) -> ShownLoop | None:
        return self.outer if isinstance(self.outer, ShownLoop) else None

    @property
    def drawing(self) -> ShownLoop | None:
        """The loop whose curve shows this loop's metrics: this loop, an outer loop, or None."""
        if self._curve is not None:
            return self
        return self._around.drawing if self._around is not None else None

    def new_bar(self, *, leave: bool) -> Bar:
        """Return a new bar for this loop."""
        return new_bar(self._total, self._description, leave=leave)

    def bar_for_inner(self, inner: ShownLoop) -> Bar:
        """Return the bar for an inner loop that begins."""
        bar, self._inner_bar = self._inner_bar, None
        if bar is not None and bar.fits(inner._total):
            bar.restart(inner._total, inner._description)
            return bar
        if bar is not None:
            bar.close()
        return inner.new_bar(leave=False)

    def hear(self, name: str, value: float, step: int, *, inner: bool = False) -> None:
        """Take a value that was logged in this loop, or in an inner loop."""
        if not inner:
            self._latest[name] = value
            self._news = True
        if self._curve is not None:
            self._curve.hear(name, value, step, inner=inner)
        super().hear(name, value, step, inner=inner)

    def advance(self) -> None:
        """Count a processed item."""
        if self._bar is None:
            return
        if self._news:
            self._news = False
            self._bar.postfix(self._postfix())
        self._bar.advance()
        if (drawing := self.drawing) is not None:
            drawing.draw()

    def draw(self, *, last: bool = False) -> None:
        """Update the curve of this loop."""
        if self._curve is not None:
            self._curve.refresh(self.best_step, last=last)

    def __exit__(self, *_: object) -> None:
        with contextlib.ExitStack() as then:  # each runs, even if the one before it fails or is interrupted
            then.callback(self._put_away)
            then.callback(self.draw, last=True)
            progress_loops.leave(self)

    def _put_away(self) -> None:
        bar, self._bar = self._bar, None
        if self._inner_bar is not None:
            self._inner_bar.close()
        if bar is None:
            return
        bar.postfix(self._postfix())
        if self.stopped:  # the item at which the loop stopped has been processed
            bar.advance()
        around = self._around
        if around is not None and around._inner_bar is None:
            bar.pause()
            around._inner_bar = bar
        else:
            bar.close(as_meant=self.stopped)

    def _postfix(self) -> str:
        latest = list(self._latest.items())[:_SHOWN_METRICS]
        shown = [f"{shorten(name, _LONGEST_NAME)}={number(value)}" for name, value in latest]
        return ", ".join([*shown, "stopped early"] if self.stopped else shown)
