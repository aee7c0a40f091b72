"""The summary of a run whose cell has ended: plain data for the views."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

Status = Literal["RUNNING", "FINISHED", "FAILED", "KILLED"]


@dataclass(frozen=True)
class Notice:
    """One line worth knowing about a run.

    ``level`` is ``"info"`` for what is merely good to know, ``"warning"`` for what was not done as asked.
    """

    text: str
    level: Literal["info", "warning"] = "info"


@dataclass(frozen=True)
class MetricLine:
    """The last value of a metric, how many values it has, and its value in the previous run of the same cell."""

    name: str
    value: float
    steps: int = 1
    previous: float | None = None


@dataclass(frozen=True)
class ParamChange:
    """A parameter that differs from the previous run of the same cell; None where a run has none."""

    name: str
    before: str | None
    after: str | None


@dataclass(frozen=True)
class RunSummary:
    """A finished run as it is shown under its cell; datasets, models and figures each in a few words.

    ``duration_s`` is the time in its cells, ``span_s`` the time from its start to its end if it was continued.
    ``changes`` and ``changed_lines`` (of the code) are those since the previous run of the cell, ``previous_name``.
    """

    run_id: str
    name: str
    experiment: str
    status: Status
    duration_s: float
    params: Mapping[str, str]
    metrics: tuple[MetricLine, ...] = ()
    datasets: tuple[str, ...] = ()
    models: tuple[str, ...] = ()
    figures: tuple[str, ...] = ()
    notices: tuple[Notice, ...] = ()
    error: str | None = None
    url: str | None = None
    previous_name: str | None = None
    changes: tuple[ParamChange, ...] = ()
    changed_lines: int = 0
    span_s: float | None = None
