"""A comparison as a page of its own: its data, the widget's bundle and the static view in one file."""

from __future__ import annotations

import base64
import contextlib
import datetime as dt
import hashlib
import json
import re
import uuid
from functools import cache
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlmagic._version import __version__
from mlmagic.errors import UsageProblem
from mlmagic.store.query.families import all_counted
from mlmagic.views.comparison import static_view
from mlmagic.views.rendering import render, shorten

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterator, Mapping

    from mlmagic.comparison.saved_page import SavedPage

_SUFFIXES = (".html", ".htm")
_LONGEST_NAME = 60
_MOST_NAMED = 8
# Within a script HTML reads these as the end of the script, or as a comment; in JavaScript a backslash changes nothing.
_NOT_IN_SCRIPT = re.compile(r"<(?=/script|!--)", re.IGNORECASE)


def save_comparison(read: Callable[[], SavedPage], path: str | os.PathLike[str]) -> None:
    """Write the page that *read* returns to the file *path*, which is replaced at once when all is written.

    Raises
    ------
    UsageProblem
        If *path* does not end in ``.html``, or cannot be written.
    """
    target = Path(path).expanduser()
    if target.suffix.lower() not in _SUFFIXES:
        raise UsageProblem(f"{str(path)!r} does not end in .html. Name the page {str(target.with_suffix('.html'))!r}.")
    if not target.parent.is_dir():
        raise UsageProblem(f"{str(path)!r} cannot be written: there is no folder {str(target.parent)!r}.")
    text = page_html(read()).encode()
    try:
        _replace(target.resolve(), text)
    except OSError as error:
        raise UsageProblem(f"{str(path)!r} cannot be written: {error.strerror or error}") from error


def page_html(page: SavedPage) -> str:
    """Return the page: it needs no network, and its policy forbids any."""
    from markupsafe import Markup

    script = _NOT_IN_SCRIPT.sub(r"<\\", _bundled("saved.js"))
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    comparison = page.comparison
    moment = dt.datetime.now().astimezone()
    return render(
        "saved_comparison.html",
        title=shorten(comparison.title, 200),
        policy=f"default-src 'none'; script-src 'sha256-{digest}'; style-src 'unsafe-inline'; "
        "img-src data: blob:; base-uri 'none'; form-action 'none'",
        style=Markup(_bundled("compare.css")),  # noqa: S704  # ours
        script=Markup(script),  # noqa: S704  # ours
        data=Markup(_json(page.data)),  # noqa: S704  # `_json` leaves no markup
        columns=base64.b64encode(page.columns).decode(),
        points=base64.b64encode(page.points).decode(),
        still=Markup(static_view(comparison, page.curves.curves)),  # noqa: S704  # the template of that view escapes
        saved=f"{moment:%Y-%m-%d %H:%M %Z}",
        runs=all_counted(comparison.runs),
        experiments=[shorten(name, _LONGEST_NAME) for name in dict.fromkeys(comparison.experiments.values())],
        version=__version__,
        notes=list(_notes(page)),
    )


def _notes(page: SavedPage) -> Iterator[str]:
    """Yield what this page does not have, one sentence each."""
    curves, runs = page.curves, page.comparison.runs
    if curves.problem:
        yield f"The curves are not in this page, because they could not be read: {shorten(curves.problem, 300)}"
    if curves.are_thinned:
        yield "Longer curves are thinned out to keep the page small; their peaks are kept."
    if curves.left_out:
        names = [shorten(name, _LONGEST_NAME) for name in curves.left_out[:_MOST_NAMED]]
        more = len(curves.left_out) - len(names)
        listed = ", ".join(names) + (f" and {more:,} more" if more else "")
        yield f"There was no room for the curves of {listed}."
    if curves.runs and len(curves.runs) < len(runs):
        yield f"The {len(curves.runs):,} best of the {len(runs):,} runs have curves."
    yield "Code, figures, Git state and environment are not in this page: compare the runs in a notebook to see them."


@cache
def _bundled(name: str) -> str:
    return (resources.files("mlmagic.comparison") / "static" / name).read_text(encoding="utf-8")


def _json(data: Mapping[str, Any]) -> str:
    r"""Return *data* as JSON that may stand in a page: no character in it begins a tag or a comment.

    >>> _json({"name": "</script>"})
    '{"name":"\\u003c/script>"}'
    """
    return json.dumps(data, separators=(",", ":"), allow_nan=False).replace("<", "\\u003c")


def _replace(target: Path, content: bytes) -> None:
    """Write a file beside *target*, then rename it, so that a reader finds the old page or the new one."""
    beside = target.with_name(f".{target.name[:80]}.{uuid.uuid4().hex}")
    try:
        with beside.open("xb") as file:
            file.write(content)
        beside.replace(target)
    except BaseException:
        with contextlib.suppress(OSError):
            beside.unlink()
        raise
