"""matplotlib: notices drawn figures, lists open ones, and finds their titles."""

from __future__ import annotations

import functools
import hashlib
import io
import os
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlmagic.adapters.import_hooks import when_imported
from mlmagic.shadowing import shadow
from mlmagic.user_objects import guarded

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_inside = threading.local()
_MOST_VALUES = 2_000_000
_DIGITS = 10


def watch_drawn(on_drawn: Callable[[Any, bytes | None, str], None]) -> Callable[[], None]:
    """Call *on_drawn* with each figure that is shown or saved, the PNG bytes if one was written, and the file's stem.

    Wraps ``FigureCanvasBase.print_figure``, which ``savefig`` and the inline backend both call, as soon as matplotlib
    is imported. Returns a function that removes the wrapper.
    """
    undo: list[Callable[[], None]] = []

    def wrap(module: Any) -> None:
        base = module.FigureCanvasBase
        original = base.print_figure

        @functools.wraps(original)
        def print_figure(self: Any, filename: Any, *args: Any, **kwargs: Any) -> Any:
            if getattr(_inside, "busy", False):
                return original(self, filename, *args, **kwargs)
            start = _position(filename)
            result = original(self, filename, *args, **kwargs)
            on_drawn(self.figure, _png_written(filename, start), _stem(filename))
            return result

        undo.append(shadow(base, "print_figure", print_figure))

    cancel = when_imported("matplotlib.backend_bases", wrap)

    def stop() -> None:
        cancel()
        for restore in undo:
            restore()

    return stop


@guarded(default=0)  # a path, or a stream without `tell`
def _position(target: Any) -> int:
    return int(target.tell())


@guarded(default="")
def _stem(target: Any) -> str:
    """Return the stem of the file name *target*, or an empty string for a file object.

    >>> _stem("plots/roc.png"), _stem(io.BytesIO())
    ('roc', '')
    """
    if not isinstance(target, (str, bytes, os.PathLike)):
        return ""
    return Path(os.fsdecode(target)).stem


@guarded(default=None)  # deleted already, or a closed stream
def _png_written(target: Any, start: int) -> bytes | None:
    """Return what was written to *target* (a path or a file object), if it is a PNG that can be read back."""
    magic = b"\x89PNG\r\n\x1a\n"
    if isinstance(target, (str, os.PathLike)):
        path = os.fspath(target)
        if not str(path).lower().endswith(".png"):
            return None
        with open(path, "rb") as file:  # noqa: PTH123  # the user's path may be bytes
            data = file.read()
    elif isinstance(target, io.BytesIO):
        data = target.getvalue()[start:]
    else:
        return None
    return data if data.startswith(magic) else None


def open_figures() -> list[Any]:
    """Return pyplot's open figures in the order of their numbers. Never imports matplotlib."""
    helpers = sys.modules.get("matplotlib._pylab_helpers")
    if helpers is None:
        return []
    return [helpers.Gcf.figs[number].canvas.figure for number in sorted(helpers.Gcf.figs)]


def is_figure(thing: object) -> bool:
    """Return whether *thing* is a matplotlib figure. Never imports matplotlib."""
    module = sys.modules.get("matplotlib.figure")
    return module is not None and isinstance(thing, module.Figure)


def is_empty(figure: Any) -> bool:
    """Return whether *figure* is empty: it has no axes, and no artist except its background."""
    return len(figure.get_children()) <= 1


def title(figure: Any) -> str:
    """Return the label of *figure*, its title, or the title of its axes if exactly one has a title; else ``""``.

    A colour bar is an axes too, without a title.
    """
    candidates = [figure.get_label(), figure.get_suptitle() if hasattr(figure, "get_suptitle") else ""]
    titled = [text for axes in figure.axes if (text := axes.get_title()).strip()]
    if len(titled) == 1:
        candidates += titled
    return next((str(text) for text in candidates if text and str(text).strip()), "")


@guarded(default="")  # an artist of the user's may raise anything
def digest(figure: Any) -> str:
    """Return a digest of what *figure* shows: its lines, points, patches, images and texts, at ten digits.

    It is the same under other versions of matplotlib and fonts, whose pixels differ. Empty for a figure with millions
    of values, which would take time.
    """
    import numpy as np

    content, size = hashlib.blake2b(digest_size=12), 0
    for artist in figure.findobj():
        for kind, value in _shown_by(artist):
            array = np.asarray(value)
            size += array.size
            if size > _MOST_VALUES:
                return ""
            number = array.dtype.kind in "biuf"
            text = array.round(_DIGITS).astype("<f8").tobytes() if number else repr(value).encode()
            content.update(f"{kind}{array.shape}".encode() + text)
    return content.hexdigest()


def _shown_by(artist: Any) -> Iterator[tuple[str, Any]]:
    kind = type(artist).__name__
    if hasattr(artist, "get_text"):
        yield kind, artist.get_text()
    elif hasattr(artist, "get_xydata"):
        yield kind, artist.get_xydata()
        yield kind, str(artist.get_color())
    elif hasattr(artist, "get_offsets"):
        yield kind, artist.get_offsets()
        yield kind, artist.get_facecolor()
    elif hasattr(artist, "get_array"):
        yield kind, artist.get_array()
    elif kind in {"Rectangle", "Wedge", "Polygon", "PathPatch", "Circle", "Ellipse"}:
        yield kind, artist.get_path().vertices
        yield kind, artist.get_patch_transform().get_matrix()


def to_png(figure: Any, bbox_inches: str | None = "tight") -> bytes:
    """Render *figure* as `savefig` does, without calling the callbacks of `watch_drawn`."""
    buffer = io.BytesIO()
    _inside.busy = True
    try:
        figure.savefig(buffer, format="png", bbox_inches=bbox_inches)
    finally:
        _inside.busy = False
    return buffer.getvalue()
