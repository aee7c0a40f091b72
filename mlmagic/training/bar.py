"""The bar of a loop: HTML that is updated in place in a notebook, a line by tqdm elsewhere."""

from __future__ import annotations

import os
import time
import uuid
from typing import TYPE_CHECKING, Any

from mlmagic.session.notebook_session import in_notebook
from mlmagic.views.loops.progress_bar import BarState, progress_bar
from mlmagic.views.rendering import shorten

if TYPE_CHECKING:
    from collections.abc import Callable

EVERY_S = 0.2
_LONGEST_DESCRIPTION = 60


def new_bar(total: int | None, description: str, *, leave: bool) -> Bar:
    """Return a new bar for *total* items (None: unknown), which stays after it is closed if *leave* is set."""
    made = TextBar if not in_notebook() or _is_text_console() else NotebookBar
    return made(total, description, leave=leave)


def _is_text_console() -> bool:
    """Return whether this kernel belongs to Spyder or a Qt console, which do not update what they have shown."""
    if "JPY_SESSION_NAME" in os.environ:  # a Jupyter server started it, for a notebook
        return False
    return any(name == "QT_API" or name.startswith("SPYDER") for name in os.environ)


class NotebookBar:
    """HTML in one display, redrawn at most five times a second; a saved notebook needs no widget to show its end."""

    def __init__(
        self, total: int | None, description: str, *, leave: bool, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._leave = leave
        self._clock = clock
        self._id = f"mlmagic-{uuid.uuid4().hex[:12]}"
        self._total, self._description = total, description
        self._done, self._latest = 0, ""
        self._began = self._shown_at = clock()
        self._show("running", update=False)

    def fits(self, total: int | None) -> bool:
        """Return whether this bar can be reused for *total* items; a bar without a total looks different."""
        return (self._total is None) == (total is None)

    def restart(self, total: int | None, description: str) -> None:
        """Restart at 0 for another loop."""
        self._total, self._description = total, description
        self._done, self._latest = 0, ""
        self._began = self._clock()
        self._refresh()

    def advance(self) -> None:
        """Count one item."""
        self._done += 1
        self._refresh()

    def postfix(self, text: str) -> None:
        """Show *text* after the bar at the next redraw."""
        self._latest = text

    def pause(self) -> None:
        """Redraw the bar, which will be reused."""
        self._refresh()

    def close(self, *, as_meant: bool = False) -> None:
        """Close the bar. One that has not reached its total turns red, unless *as_meant* is set."""
        if not self._leave:  # clear it in the saved notebook too
            self._display({"text/html": "", "text/plain": ""}, update=True)
            return
        is_done = as_meant or self._total is None or self._done >= self._total
        self._show("done" if is_done else "cut short", update=True)

    def _refresh(self) -> None:
        now = self._clock()
        if now - self._shown_at >= EVERY_S:
            self._shown_at = now
            self._show("running", update=True)

    def _show(self, state: str, *, update: bool) -> None:
        seconds = self._clock() - self._began
        shown = BarState(self._done, self._total, seconds, self._description, self._latest, state)
        self._display(progress_bar(shown), update=update)

    def _display(self, bundle: dict[str, str], *, update: bool) -> None:
        from IPython.display import display

        display(bundle, raw=True, display_id=self._id, update=update)


class TextBar:
    """A line on standard error, by tqdm."""

    def __init__(self, total: int | None, description: str, *, leave: bool) -> None:
        from tqdm import tqdm

        self._bar: Any = tqdm(total=total, leave=leave, desc=_shown(description), dynamic_ncols=True)

    def fits(self, total: int | None) -> bool:
        """Return whether this bar can be reused for *total* items; a bar without a total looks different."""
        return (self._bar.total is None) == (total is None)

    def restart(self, total: int | None, description: str) -> None:
        """Restart at 0 for another loop."""
        self._bar.set_postfix_str("", refresh=False)
        self._bar.set_description_str(_shown(description), refresh=False)
        self._bar.reset(total)

    def advance(self) -> None:
        """Count one item."""
        self._bar.update()

    def postfix(self, text: str) -> None:
        """Show *text* after the bar at the next redraw."""
        self._bar.set_postfix_str(text, refresh=False)

    def pause(self) -> None:
        """Leave the line as it is, because each redraw adds a line of output."""

    def close(self, *, as_meant: bool = False) -> None:  # noqa: ARG002  # a line has no colour
        """Close the bar."""
        self._bar.close()


Bar = NotebookBar | TextBar
"""A loop's progress bar. The outer loop reuses it for its next inner loop."""


def _shown(description: str) -> str:
    return f"{shorten(description, _LONGEST_DESCRIPTION)}: " if description else ""
