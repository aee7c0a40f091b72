"""Predictions that are far from those before them, more often than in the reference."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlmagic.monitoring.anomalies.detector import AnomalyDetector
from mlmagic.monitoring.checks.finding import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

_WINDOW, _FEWEST = 1000, 100
_MOST_REFERENCE = 20_000
_LEAST_SHARE, _LEVEL = 0.01, 0.001


def can_judge(reference: NDArray[Any], current: NDArray[Any]) -> bool:
    """Return whether both are numbers, and the reference has enough of them."""
    return reference.dtype.kind in "fiu" and current.dtype.kind in "fiu" and len(reference) >= 2 * _FEWEST


def findings(reference: NDArray[Any], current: NDArray[Any]) -> Iterator[Finding]:
    """Yield a finding if there are more anomalies among *current* predictions than chance would have.

    Both are arrays of numbers, of the shapes (m,) and (n,); the detector learns from the reference what is usual.
    """
    from scipy.stats import binomtest

    if not can_judge(reference, current):
        return
    detector = AnomalyDetector(_WINDOW, _FEWEST)
    before: Any = detector.update(reference[:_MOST_REFERENCE].astype(float))
    usual = (before.sum() + 1) / (len(before) + 2)
    flags: Any = detector.update(current.astype(float))
    count, rows = int(flags.sum()), len(flags)
    if count / rows < _LEAST_SHARE or binomtest(count, rows, usual, alternative="greater").pvalue >= _LEVEL:
        return
    yield Finding(
        "warning", "anomalies", "prediction",
        f"{count:,} of {rows:,} predictions ({count / rows:.1%}) are far from the usual ones; {usual:.1%} in the "
        "reference",
        {"count": count, "rows": rows, "usual_share": float(usual)},
    )  # fmt: skip
