"""Which files of a run are figures by their names, and which of these were logged with a step.

``mlflow.log_image(image, key="sample", step=3)`` stores ``images/sample+step+3+timestamp+T+ID.png`` and a smaller copy
that ends with ``+compressed.webp``. ``mlmagic.log_figure(figure, "sample", step=3)`` does so too, with
interactive figures in ``figures/``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

MEDIA_TYPES = {
    ".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".gif": "image/gif", ".webp": "image/webp",
    ".svg": "image/svg+xml", ".html": "text/html",
}  # fmt: skip
"""The figure formats. SVG and HTML may contain scripts: SVG is shown as an image, HTML in a sandbox."""

# Before 3.0 MLflow separated by %, and wrote # for a slash.
_LOGGED = re.compile(
    r"(?:images|figures)/(?P<key>[^/]+?)[+%]step[+%](?P<step>-?\d{1,18})[+%]timestamp[+%](?P<at>\d{1,18})[+%].*"
)


@dataclass(frozen=True)
class SteppedFigure:
    """A figure logged with a step.

    Of two at one step the one with the higher *rank* counts: the later, and the whole image before its smaller copy.
    """

    key: str
    step: int
    rank: int


def media_type_of(path: str) -> str | None:
    """Return the media type of a figure by the ending of its name, None for any other file."""
    return MEDIA_TYPES.get(f".{path.rpartition('.')[2].lower()}")


def stepped_figure(path: str) -> SteppedFigure | None:
    """Return the key and step of a figure by its path, or None for one without a step.

    >>> stepped_figure("images/sample+step+3+timestamp+100+ab.png")
    SteppedFigure(key='sample', step=3, rank=201)
    """
    if not (logged := _LOGGED.fullmatch(path)):
        return None
    rank = 2 * int(logged["at"]) + ("compressed" not in path.rpartition("/")[2])
    return SteppedFigure(logged["key"].replace("~", "/").replace("#", "/"), int(logged["step"]), rank)
