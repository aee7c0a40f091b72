"""The figures of a drift report: both samples of the columns that drifted the most."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from mlmagic.adapters.optional import require
from mlmagic.errors import MissingPackageError
from mlmagic.evaluation.figures import render

if TYPE_CHECKING:
    from mlmagic.monitoring.drift.report import ColumnDrift, DriftReport

_MOST = 6
_BLUE, _ORANGE = "#3b7dd8", "#d9730d"
_LONGEST = 16


def draw(report: DriftReport) -> dict[str, bytes]:
    """Return a picture for each of the six most severe columns that drifted, as PNG by the column's name.

    There are none if matplotlib is not installed.
    """
    try:
        require("matplotlib", "the figures of mlmagic.drift")
    except MissingPackageError:
        return {}
    found = {}
    for name in report.drifted[:_MOST]:
        column = report.columns[name]
        if not column.histogram.reference:
            continue
        picture = render(partial(_draw, column, report), name, lambda _: None)
        if picture is not None:
            found[name] = picture
    return found


def _draw(column: ColumnDrift, report: DriftReport, axes: Any) -> None:
    import numpy as np

    shown = column.histogram
    if shown.labels:
        at = np.arange(len(shown.labels))
        axes.barh(at + 0.2, shown.reference, 0.4, color=_BLUE, label=report.reference)
        axes.barh(at - 0.2, shown.current, 0.4, color=_ORANGE, label=report.current)
        axes.set_yticks(at, [one[:_LONGEST] for one in shown.labels])
        axes.set_xlabel("share of rows")
    elif len(shown.edges) > len(shown.reference):
        for shares, color, name in (
            (shown.reference, _BLUE, report.reference), (shown.current, _ORANGE, report.current),
        ):  # fmt: skip
            axes.stairs(shares, shown.edges, fill=True, alpha=0.45, color=color, label=name)
        axes.set_ylabel("share of rows")
    axes.set_title(f"{column.name}: distance {column.distance:.2f}")
    axes.legend()
