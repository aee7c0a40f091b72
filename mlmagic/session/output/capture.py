"""Capture what is shown while a run is open: printed text, values, logging and figures, each for its run."""

from __future__ import annotations

import threading
from typing import Any

from mlmagic.adapters import autologging
from mlmagic.session.output.cleared_output import ClearedOutput
from mlmagic.session.output.figures import FigureCollector
from mlmagic.session.output.logging_records import LoggingRecords
from mlmagic.session.output.shown_values import ShownValues
from mlmagic.session.output.transcript import StreamTee, Transcript
from mlmagic.session.threads import ThreadStacks


class Capture:
    """The transcript and the figures of one open run."""

    def __init__(self, *, output_limit: int, figures: bool) -> None:
        self.transcript = Transcript(output_limit)
        self.figures = FigureCollector() if figures else None

    def start(self) -> None:
        """Start capturing."""
        if self.figures:
            self.figures.start()
        _hub.add(self)

    def stop(self) -> None:
        """Stop capturing; what was captured is kept."""
        _hub.remove(self)


class _Hub:
    """Passes each event to the captures of the thread where it happens."""

    def __init__(self) -> None:
        self._captures: ThreadStacks[Capture] = ThreadStacks()
        self._tee = StreamTee(self._written)
        self._records = LoggingRecords(self._hand_out)
        self._values = ShownValues(self._shown)
        self._clears = ClearedOutput(self._cleared)
        self._lock = threading.Lock()

    def add(self, capture: Capture) -> None:
        with self._lock:
            if not self._captures.all():
                self._tee.start()
                self._records.start()
                self._values.start()
                self._clears.start()
            self._captures.push(capture)

    def remove(self, capture: Capture) -> None:
        with self._lock:
            self._captures.remove(capture)
            if not self._captures.all():
                self._tee.stop()
                self._records.stop()
                self._values.stop()
                self._clears.stop()

    def _written(self, stream: str, text: str) -> None:
        if not self._records.holds(stream, text):
            self._hand_out(stream, text)

    def _hand_out(self, stream: str, text: str) -> None:
        current = self._captures.current()
        # The outer cell shows what a nested run prints too, so both transcripts contain it.
        for capture in self._captures.own() or ([current] if current else []):
            capture.transcript.write(stream, text)
            if capture.figures:
                capture.figures.shown()

    def _shown(self, text: str) -> None:
        # Only this thread's: a subshell's cell may show its own value meanwhile.
        for capture in self._captures.own():
            capture.transcript.value(text)

    def _cleared(self, at_next: bool) -> None:
        for capture in self._captures.own():
            if capture.figures:
                capture.figures.cleared(at_next=at_next)

    def figure_drawn(self, figure: Any, png: bytes | None, stem: str) -> None:
        current = self._captures.current()
        if current is None or current.figures is None:
            return
        if autologging.is_saving():
            current.figures.leave_out(figure)  # it is an artifact of MLflow's already
        else:
            current.figures.drawn(figure, png, stem)

    def figures_left_open(self) -> None:
        current = self._captures.top()
        if current and current.figures:
            current.figures.collect_open()


_hub = _Hub()


def figure_drawn(figure: Any, png: bytes | None, stem: str = "") -> None:
    """Tell the innermost open run that *figure* was shown or saved.

    *png* is the picture if it was rendered as PNG; *stem* is the name of the file that it was saved to, without
    extension.
    """
    _hub.figure_drawn(figure, png, stem)


def figures_left_open() -> None:
    """Let the innermost open run take the figures that are about to be flushed and closed."""
    _hub.figures_left_open()
