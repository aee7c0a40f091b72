"""A progress bar by tqdm, shown as a widget in notebooks with ipywidgets."""

from __future__ import annotations

import importlib.util
from typing import Any

from mlmagic.session.notebook_session import in_notebook
from mlmagic.views.rendering import shorten

_LONGEST_DESCRIPTION = 60


class Bar:
    """A loop's progress bar. The outer loop reuses it for its next inner loop.

    Parameters
    ----------
    total
        The number of items, or None if it is unknown.
    description
        The text in front of the bar.
    leave
        Whether the bar stays after it is closed.
    """

    def __init__(self, total: int | None, description: str, *, leave: bool) -> None:
        self._handle: Any = None
        self._container: Any = None
        options = {"total": total, "leave": leave, "desc": _shown(description)}
        widget = _widget_class()
        if widget is None:
            from tqdm import tqdm

            self._bar: Any = tqdm(**options, dynamic_ncols=True)
            return
        from IPython.display import display

        # Displayed once it is complete: tqdm first treats the description as HTML, and escapes it afterwards.
        self._bar = widget(**options, display=False)
        self._container = self._bar.container
        self._handle = display(self._container, display_id=True)

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
        """Redraw a bar that will be reused. A text bar is not redrawn, because each redraw adds a line of output."""
        if self._container is not None:
            self._bar.refresh()

    def close(self, *, as_meant: bool = False) -> None:
        """Close the bar. A widget that has not reached its total turns red, unless *as_meant* is set."""
        self._bar.close()
        if self._container is None:
            return
        if not self._bar.leave:  # clear it in the saved notebook too
            self._handle.update({"text/html": "", "text/plain": ""}, raw=True)
            return
        if as_meant:
            self._container.children[1].bar_style = "success"
        # A saved notebook shows the widget's text: update it from the initial 0% to the final state.
        self._handle.update(self._container)


def _shown(description: str) -> str:
    return f"{shorten(description, _LONGEST_DESCRIPTION)}: " if description else ""


def _widget_class() -> Any:
    """Return tqdm's notebook class if it works here, else None."""
    if not in_notebook() or importlib.util.find_spec("ipywidgets") is None:
        return None
    from tqdm.auto import tqdm

    # In a Qt or Spyder console, a kernel without widgets, tqdm chooses text.
    return tqdm if any(base.__module__ == "tqdm.notebook" for base in tqdm.__mro__) else None
