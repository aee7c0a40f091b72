"""The figures of a cell: shown, saved or left open; each once, in order, under its own name."""

from __future__ import annotations

import threading
import weakref
from dataclasses import dataclass
from typing import Any

from mlmagic.adapters import interactive_plots, matplotlib
from mlmagic.snapshot.secrets.cuts import beginning
from mlmagic.user_objects import guarded, reraise_interrupt, text_of


@dataclass(frozen=True)
class Figure:
    """A figure as it is recorded: the user's title (may be empty), its file extension and content.

    ``digest`` is that of what it shows, empty if it has none.
    """

    title: str
    extension: str
    content: bytes
    digest: str = ""


@dataclass(frozen=True)
class FailedFigure:
    """A figure that could not be rendered, and why."""

    title: str
    reason: str


@dataclass
class _Seen:
    figure: weakref.ref[Any]
    png: bytes | None
    # The title at the time of drawing: plt.close() and later edits do not change what was shown.
    title: str
    saved: bool = False
    digest: str = ""
    # Held only until there is a picture: a loop over a thousand figures keeps pictures, not figures.
    held: Any = None


class FigureCollector:
    """Collects figures while a run is open, including those that the user closes before the cell ends."""

    def __init__(self) -> None:
        self._before: list[weakref.ref[Any]] = []
        self._seen: list[_Seen] = []
        self._left_out: list[weakref.ref[Any]] = []
        self._lock = threading.Lock()
        self._clears_at_next = False

    def start(self) -> None:
        """Note the figures that are open already: they do not belong to this run."""
        self._before = [weakref.ref(figure) for figure in matplotlib.open_figures()]

    @guarded(default=None)
    def drawn(self, figure: Any, png: bytes | None, stem: str = "") -> None:
        """Add a figure that was shown or saved. A figure that is drawn again is replaced; an empty one is ignored.

        Without label and title it is named *stem*, after the file that it was saved to.
        """
        if matplotlib.is_figure(figure) and matplotlib.is_empty(figure):
            return
        self.shown()
        with self._lock:
            if any(other() is figure for other in self._left_out):
                return
            known = self._find(figure)
            if known is None:
                known = _Seen(weakref.ref(figure), None, "")
                self._seen.append(known)
            known.png = png or known.png
            known.saved |= bool(stem)
            known.title = _title(figure) or stem or known.title
            known.held = figure if known.png is None else None
            if matplotlib.is_figure(figure):
                known.digest = matplotlib.digest(figure)

    def cleared(self, *, at_next: bool) -> None:
        """Drop the figures that were shown but not saved: the cell clears its output, now or *at_next* output."""
        self._clears_at_next = at_next
        if not at_next:
            with self._lock:
                self._seen = [item for item in self._seen if item.saved]

    def shown(self) -> None:
        """Note that the cell shows something: if a clear is pending, it takes effect."""
        if self._clears_at_next:
            self.cleared(at_next=False)

    def leave_out(self, figure: Any) -> None:
        """Drop *figure*, and ignore it from now on: it is recorded under a name that the user gave."""
        with self._lock:
            self._left_out.append(weakref.ref(figure))
            self._seen = [item for item in self._seen if item.figure() is not figure]

    def collect_open(self) -> None:
        """Add the figures that the cell opened and left open, before a backend flushes and closes them."""
        for figure in matplotlib.open_figures():
            old = any(other() is figure for other in self._before)
            if not old and self._find(figure) is None:
                self.drawn(figure, None)

    def _find(self, figure: Any) -> _Seen | None:
        return next((item for item in reversed(self._seen) if item.figure() is figure), None)

    def finish(self) -> list[Figure | FailedFigure]:
        """Render the figures that have no picture yet, and return all, in the order of their first appearance."""
        seen, self._seen = self._seen, []
        return [one for item in seen if (one := _render(item)) is not None]


@guarded(default="")
def _title(figure: Any) -> str:
    """Return a figure's title; an incomplete chart has no readable title, but may still be rendered."""
    return matplotlib.title(figure) if matplotlib.is_figure(figure) else interactive_plots.title(figure)


def _render(item: _Seen) -> Figure | FailedFigure | None:
    if item.png is not None:
        return Figure(item.title, "png", item.png, item.digest)
    try:
        if not matplotlib.is_figure(item.held):
            return Figure(item.title, *interactive_plots.render(item.held))
        return (
            None
            if matplotlib.is_empty(item.held)
            else Figure(item.title, "png", matplotlib.to_png(item.held), item.digest)
        )
    except BaseException as error:  # noqa: BLE001  # whatever a renderer raises is reported in one line
        reraise_interrupt(error)
        reason = " ".join(text_of(error).split())  # matplotlib's begins with an empty line, and draws a marker below
        return FailedFigure(item.title, beginning(f"{type(error).__name__}: {reason}", 200))


def render(figure: Any) -> Figure:
    """Render *figure* (matplotlib, Plotly or Altair) at once.

    Raises
    ------
    TypeError
        When *figure* is none of these.
    """
    if matplotlib.is_figure(figure):
        return Figure(matplotlib.title(figure), "png", matplotlib.to_png(figure))
    if interactive_plots.is_plotly(figure) or interactive_plots.is_altair(figure):
        return Figure(interactive_plots.title(figure), *interactive_plots.render(figure))
    raise TypeError(type(figure).__name__)
