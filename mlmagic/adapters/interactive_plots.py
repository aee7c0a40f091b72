"""Plotly and Altair: notices charts that are shown or saved, and renders them."""

from __future__ import annotations

import functools
import importlib.util
import io
import sys
import threading
from typing import TYPE_CHECKING, Any

from mlmagic.adapters.import_hooks import when_imported
from mlmagic.shadowing import shadow

if TYPE_CHECKING:
    from collections.abc import Callable

_SHOWING = ("show", "display", "save", "write_html", "write_image", "_ipython_display_", "_repr_mimebundle_")
_inside = threading.local()


def watch_drawn(on_drawn: Callable[[Any, bytes | None], None]) -> Callable[[], None]:
    """Call *on_drawn* with each Plotly or Altair chart that is shown or saved; return a function that stops this."""
    undo: list[Callable[[], None]] = []

    def wrap(owner: type) -> None:
        for name in _SHOWING:
            original = owner.__dict__.get(name)
            if not callable(original):
                continue
            undo.append(shadow(owner, name, _telling(original, on_drawn)))

    cancels = [
        when_imported("plotly.basedatatypes", lambda module: wrap(module.BaseFigure)),
        when_imported("altair", lambda module: wrap(module.TopLevelMixin)),
    ]

    def stop() -> None:
        for back in [*cancels, *undo]:
            back()

    return stop


def _telling(original: Callable[..., Any], on_drawn: Callable[[Any, bytes | None], None]) -> Callable[..., Any]:
    @functools.wraps(original)
    def shown(self: Any, *args: Any, **kwargs: Any) -> Any:
        result = original(self, *args, **kwargs)
        if not getattr(_inside, "busy", False):
            on_drawn(self, None)
        return result

    return shown


def is_plotly(thing: object) -> bool:
    """Return whether *thing* is a Plotly figure. Never imports Plotly."""
    module = sys.modules.get("plotly.basedatatypes")
    return module is not None and isinstance(thing, module.BaseFigure)


def is_altair(thing: object) -> bool:
    """Return whether *thing* is an Altair chart. Never imports Altair."""
    module = sys.modules.get("altair")
    return module is not None and isinstance(thing, module.TopLevelMixin)


def title(chart: Any) -> str:
    """Return the chart's title, or ``""``."""
    if is_plotly(chart):
        return str(chart.layout.title.text or "")
    text = getattr(chart, "title", "")
    text = getattr(text, "text", text)
    return text if isinstance(text, str) else ""


def render(chart: Any) -> tuple[str, bytes]:
    """Return (extension, content) of *chart*: PNG for Altair with vl-convert, an HTML page otherwise.

    A Plotly figure becomes an interactive page with all its data, because a PNG would start a browser. The callbacks of
    `watch_drawn` are not called.
    """
    if is_plotly(chart):
        return "html", chart.to_html(include_plotlyjs="cdn").encode()
    if importlib.util.find_spec("vl_convert") is not None:
        buffer = io.BytesIO()
        _inside.busy = True
        try:
            chart.save(buffer, format="png")
        finally:
            _inside.busy = False
        return "png", buffer.getvalue()
    return "html", chart.to_html().encode()
