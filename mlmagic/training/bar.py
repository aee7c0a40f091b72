"""The progress bar: tqdm's, as a widget in a notebook that has widgets."""

from __future__ import annotations

import importlib.util
from typing import Any

from mlmagic.session.notebook_session import in_notebook
from mlmagic.views.bundle import shorten

_LONGEST_DESCRIPTION = 60


class Bar:
    """A bar of a loop. Kept by the loop around it, it serves the next loop within that one too.

    Parameters
    ----------
    total
        How many items there will be; None when nobody knows.
    description
        Words in front of the bar.
    leave
        Whether it stays when it is closed.
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

        # Displayed when it is complete: tqdm takes the description for HTML at first, and escapes it then.
        self._bar = widget(**options, display=False)
        self._container = self._bar.container
        self._handle = display(self._container, display_id=True)

    def fits(self, total: int | None) -> bool:
        """Return whether this bar can serve a loop of *total* items: one without a total looks different."""
        return (self._bar.total is None) == (total is None)

    def restart(self, total: int | None, description: str) -> None:
        """Begin at 0 again, for another loop."""
        self._bar.set_postfix_str("", refresh=False)
        self._bar.set_description_str(_shown(description), refresh=False)
        self._bar.reset(total)

    def advance(self) -> None:
        """Count one item."""
        self._bar.update()

    def postfix(self, text: str) -> None:
        """Show *text* behind the bar when it is drawn next."""
        self._bar.set_postfix_str(text, refresh=False)

    def pause(self) -> None:
        """Show where a bar stands that is to serve again. On text it stays: each drawing is a line of the output."""
        if self._container is not None:
            self._bar.refresh()

    def close(self, *, as_meant: bool = False) -> None:
        """End the bar. A widget turns red when that is before its total, unless it is *as_meant*."""
        self._bar.close()
        if self._container is None:
            return
        if not self._bar.leave:  # nor does a saved notebook keep a widget that is gone
            self._handle.update({"text/html": "", "text/plain": ""}, raw=True)
            return
        if as_meant:
            self._container.children[1].bar_style = "success"
        # A saved notebook shows the widget's text: that of the end, not the 0% of the beginning.
        self._handle.update(self._container)


def _shown(description: str) -> str:
    return f"{shorten(description, _LONGEST_DESCRIPTION)}: " if description else ""


def _widget_class() -> Any:
    """Return tqdm's class for notebooks where it can work, else None."""
    if not in_notebook() or importlib.util.find_spec("ipywidgets") is None:
        return None
    from tqdm.auto import tqdm

    # In a console of Qt or Spyder, which is a kernel without widgets, tqdm decides for text.
    return tqdm if any(base.__module__ == "tqdm.notebook" for base in tqdm.__mro__) else None
