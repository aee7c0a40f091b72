"""A progress bar as HTML and as a line of text: a saved notebook shows how far the loop came."""

from __future__ import annotations

from dataclasses import dataclass

from mlmagic.views.rendering import MimeBundle, duration, render, shorten
from mlmagic.visible import clean

_LONGEST_DESCRIPTION = 60
_LONGEST_LATEST = 200
_PER_SECOND_BELOW = 1000


@dataclass(frozen=True)
class BarState:
    """How far a loop is.

    ``total`` is None if it is unknown. ``latest`` is what was logged last. ``state`` is ``running``, ``done`` or
    ``cut short``: ended before its total by a break, an error or an interrupt.
    """

    done: int
    total: int | None
    seconds: float
    description: str = ""
    latest: str = ""
    state: str = "running"

    @property
    def count(self) -> str:
        """The number of processed items, out of how many."""
        return f"{self.done:,}" if self.total is None else f"{self.done:,}/{self.total:,}"

    @property
    def percent(self) -> float | None:
        """The processed part of the total, None if that is unknown."""
        return None if not self.total else min(100 * self.done / self.total, 100.0)

    @property
    def facts(self) -> list[str]:
        """The time that the loop took, its speed, and the time that is left."""
        facts = [duration(self.seconds)]
        if not self.done or self.seconds <= 0:
            return facts
        facts.append(_speed(self.done / self.seconds))
        if self.state == "running" and self.total and self.total > self.done:
            facts.append(f"{duration(self.seconds / self.done * (self.total - self.done))} left")
        return facts


def progress_bar(state: BarState) -> MimeBundle:
    """Return the bar as HTML, and as a line of text.

    Examples
    --------
    >>> print(progress_bar(BarState(8, 50, 4.0, "epochs", "loss=0.125"))["text/plain"])
    epochs: 8/50 (16 %), 4.00 s, 2/s, 21.0 s left, loss=0.125
    """
    description, latest = shorten(state.description, _LONGEST_DESCRIPTION), shorten(state.latest, _LONGEST_LATEST)
    percent = state.percent
    count = state.count if percent is None else f"{state.count} ({percent:.0f} %)"
    told = ", ".join([count, *state.facts, *([latest] if latest else [])])
    return {
        "text/html": render(
            "progress_bar.html", state=state, description=description, latest=latest, kind=state.state.replace(" ", "-")
        ),
        "text/plain": clean(f"{description}: {told}" if description else told),
    }


def _speed(per_second: float) -> str:
    """Format a speed.

    >>> _speed(2483.2), _speed(28.31), _speed(0.5)
    ('2,483/s', '28.3/s', '2.00 s each')
    """
    if per_second < 1:
        return f"{duration(1 / per_second)} each"
    return f"{per_second:.3g}/s" if per_second < _PER_SECOND_BELOW else f"{per_second:,.0f}/s"
