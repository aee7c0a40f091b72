"""Figures by name over several runs, with those that a run logged again and again as one series.

They were logged with a step, or mlmagic numbered figures of one title: ``loss.png``, ``loss_2.png``, ``loss_3.png``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from mlmagic.comparison.diffs.figure_paths import media_type_of, stepped_figure

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

_FOLDER = "figures/"
_NUMBERED = re.compile(r"(?P<base>.*?[^\d\W_])(?:[_\- ]{1,2}(?P<number>\d{1,9})|(?P<glued>\d{1,9}))?")
_FEWEST = 2

Unit = Literal["", "step", "number"]


@dataclass(frozen=True)
class Frame:
    """A figure of a series, at a step or number."""

    at: int
    path: str


@dataclass(frozen=True)
class FigureSeries:
    """A figure by name: its frames in each run, in order; *unit* is what counts them, empty if no run has several."""

    name: str
    media_type: str
    unit: Unit
    runs: tuple[tuple[Frame, ...], ...]


def series_of(runs: Sequence[Iterable[str]]) -> tuple[FigureSeries, ...]:
    """Return the figures among the paths of each run, in the order in which they first appear.

    >>> first, second = ["figures/loss.png", "figures/loss_2.png", "figures/roc.png", "notes.txt"], ["figures/roc.png"]
    >>> found = series_of([first, second])
    >>> [(one.name, one.unit, [len(frames) for frames in one.runs]) for one in found]
    [('loss.png', 'number', [2, 0]), ('roc.png', '', [1, 1])]
    """
    paths = [[path for path in run if media_type_of(path)] for run in runs]
    bases = _bases_of_series(paths)
    found: dict[tuple[str, bool], list[dict[int, tuple[int, str]]]] = {}
    for place, run in enumerate(paths):
        for path in run:
            name, at, moment, is_logged = _located(path, bases)
            frames = found.setdefault((name, is_logged), [{} for _ in runs])[place]
            # Of two at one step the later counts. `moment` also prefers the whole image to its smaller copy.
            if at not in frames or frames[at][0] <= moment:
                frames[at] = (moment, path)
    return tuple(_series(name, is_logged, frames) for (name, is_logged), frames in found.items())


def _series(name: str, is_logged: bool, runs: Sequence[Mapping[int, tuple[int, str]]]) -> FigureSeries:
    shown = tuple(tuple(Frame(at, frames[at][1]) for at in sorted(frames)) for frames in runs)
    steps = {frame.at for frames in shown for frame in frames}
    first = next(frames[0].path for frames in shown if frames)
    unit: Unit = "" if len(steps) < _FEWEST else "step" if is_logged else "number"
    return FigureSeries(name, media_type_of(first) or "", unit, shown)


def _located(path: str, bases: set[str]) -> tuple[str, int, int, bool]:
    """Return the name of a figure's series, its place there, its moment, and whether MLflow logged it by step."""
    if logged := stepped_figure(path):
        return logged.key, logged.step, logged.rank, True
    base, number = _numbered(path)
    if base in bases:
        return base, 1 if number is None else number, 0, False
    return path.removeprefix(_FOLDER), 0, int(path.startswith(_FOLDER)), False


def _bases_of_series(runs: Iterable[Iterable[str]]) -> set[str]:
    """Return the names without their numbers that have more than one number in a run."""
    numbers: dict[str, set[int | None]] = {}
    for run in runs:
        for path in run:
            base, number = _numbered(path)
            numbers.setdefault(base, set()).add(number)
    return {base for base, some in numbers.items() if len(some) >= _FEWEST}


def _numbered(path: str) -> tuple[str, int | None]:
    """Return a name without the number at its end, and that number.

    >>> _numbered("figures/loss_12.png"), _numbered("figures/epoch3.png"), _numbered("figures/2024.png")
    (('loss.png', 12), ('epoch.png', 3), ('2024.png', None))
    """
    folder, slash, name = path.removeprefix(_FOLDER).rpartition("/")
    stem, dot, ending = name.rpartition(".")
    found = _NUMBERED.fullmatch(stem)
    if found is None:
        return f"{folder}{slash}{name}", None
    number = found["number"] or found["glued"]
    return f"{folder}{slash}{found['base']}{dot}{ending}", None if number is None else int(number)
