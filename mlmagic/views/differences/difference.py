"""The difference of runs below a cell: differing sections are open, the others are counted and folded."""

from __future__ import annotations

import base64
import datetime as dt
from dataclasses import dataclass, fields, is_dataclass
from typing import TYPE_CHECKING, Any

from mlmagic.errors import MLMagicError
from mlmagic.store.query.light_runs import as_moment
from mlmagic.views.differences.plain_text import difference_text
from mlmagic.views.differences.sections import letter, sections_of
from mlmagic.views.rendering import MimeBundle, render, shorten, took, web_address
from mlmagic.views.run_summary import SummaryCell, cell

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mlmagic.comparison.diffs.difference import Difference, RunHead
    from mlmagic.comparison.diffs.figure_diff import FigureRow

_LONGEST_NAME = 60
_NAMED = 5
"""With this many runs or more, pictures name the runs by letter only."""
_EMBEDDED_BYTES = 4_000_000
"""The total size of the pictures in one view; more would make a notebook slow."""


@dataclass(frozen=True)
class Picture:
    """A figure of the runs *letters*: its data URL, or why it is not shown."""

    letters: str
    source: str
    told: str


@dataclass(frozen=True)
class PictureRow:
    """A figure by name, with one picture for all runs that share it."""

    name: SummaryCell
    differs: bool | None
    pictures: tuple[Picture, ...]


def difference_bundle(found: Difference) -> MimeBundle:
    """Return the difference of runs as HTML and as plain text.

    Names, values and code are untrusted, because they may contain markup. Pictures are embedded, up to 4 MB in total.
    """
    sections = sections_of(found)
    names = [(letter(at), cell(run.name or run.id[:8], _LONGEST_NAME)) for at, run in enumerate(found.runs)]
    return {
        "text/html": render(
            "difference.html",
            runs=[_head(at, run) for at, run in enumerate(found.runs)],
            columns=names,
            differing=[section for section in sections if section.differs],
            same=[section for section in sections if section.differs is False],
            unknown=[section for section in sections if section.differs is None],
            figures=list(_pictures(found)),
            notices=[cell(notice, 300) for notice in found.notices],
        ),
        "text/plain": difference_text(found, sections),
    }


def _head(at: int, run: RunHead) -> dict[str, object]:
    moment = as_moment(run.started)
    started = None if not moment else dt.datetime.fromtimestamp(moment / 1000, dt.UTC).astimezone()
    return {
        "letter": letter(at),
        "name": cell(run.name, _LONGEST_NAME),
        "experiment": cell(run.experiment, _LONGEST_NAME),
        "status": shorten(run.status, _LONGEST_NAME).lower(),
        "started": f"{started:%Y-%m-%d %H:%M}" if started else "",
        "duration": took(run.duration_s, run.span_s),
        "id": shorten(run.id, _LONGEST_NAME),
        "url": web_address(run.url),
    }


def _pictures(found: Difference) -> Iterable[PictureRow]:
    """Yield the figures, differing ones first, so that these are embedded first."""
    rows = sorted(found.figures, key=lambda row: not row.differs)
    wanted = list(_within(rows, found))
    found.fetch_figures(wanted)
    for row in rows:
        pictures: dict[tuple[str, str], list[str]] = {}
        for at, run in enumerate(found.runs):
            shared = row.alike[at]
            first = at if shared is None else shared
            path = row.paths[at]
            source, told = "", "none"
            if path is not None:
                source, told = _source(found, found.runs[first].id, row.paths[first] or path, row.media_type, wanted)
            key = (source, told)
            pictures.setdefault(key, []).append(f"{letter(at)} {run.name}" if len(found.runs) < _NAMED else letter(at))
        yield PictureRow(
            cell(row.name, _LONGEST_NAME),
            row.differs,
            tuple(Picture(cell(", ".join(who), 120).text, source, told) for (source, told), who in pictures.items()),
        )


def _within(rows: Iterable[FigureRow], found: Difference) -> Iterable[tuple[str, str]]:
    """Yield (run id, path) of the pictures to embed: each distinct picture once, within the total size."""
    left = _EMBEDDED_BYTES
    for row in rows:
        for at, (path, size) in enumerate(zip(row.paths, row.sizes, strict=True)):
            if path is None or size is None or row.media_type == "text/html" or row.alike[at] not in {None, at}:
                continue
            if size <= left:
                left -= size
                yield found.runs[at].id, path


def _source(
    found: Difference, run_id: str, path: str, media_type: str, wanted: Iterable[tuple[str, str]]
) -> tuple[str, str]:
    """Return a data URL for an ``<img>``, which does not run scripts, and an empty reason; or the reason for none."""
    if media_type == "text/html":
        return "", "an interactive figure: %compare shows it"
    if (run_id, path) not in wanted:
        return "", "not shown: the pictures are more than 4 MB"
    try:
        content = found.figure_bytes(run_id, path)
    except MLMagicError as error:
        return "", str(error)
    return f"data:{media_type};base64,{base64.b64encode(content).decode('ascii')}", ""


def difference_json(found: Difference) -> dict[str, object]:
    """Return the difference as JSON for the widget: the runs' heads, the sections, and the notices."""
    return {
        "runs": [_plain(_head(at, run)) for at, run in enumerate(found.runs)],
        "sections": [_plain(section) for section in sections_of(found)],
        "notices": [cell(notice, 300).text for notice in found.notices],
    }


def _plain(value: Any) -> Any:
    """Convert dataclasses, dicts and tuples to JSON's objects and lists."""
    if is_dataclass(value) and not isinstance(value, type):
        return {one.name: _plain(getattr(value, one.name)) for one in fields(value)}
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    return [_plain(one) for one in value] if isinstance(value, tuple) else value
