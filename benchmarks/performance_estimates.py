"""``python -m benchmarks.performance_estimates``: how near the estimates without labels (CBPE) are to the real metrics.

In each of 1,000 rounds, labels are drawn for served rows; the metric by these labels is compared with the estimate that
does not know them, and with its interval. Nominal is 95 %. Under concept drift the probabilities say nothing about the
labels any more, and the estimate is wrong.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from numpy.random import Generator
    from numpy.typing import NDArray

_ROUNDS, _ROWS = 1000, 1000


@dataclass(frozen=True)
class Scenario:
    """A model in service.

    ``sureness`` multiplies the logits that the model reports, ``truth`` those from which labels are drawn, ``center``
    shifts those of served rows. With ``reference`` rows a calibration is fitted, anew in each round; concept drift is
    a ``drifted`` truth of the served rows only.
    """

    name: str
    rows: int = _ROWS
    classes: int = 2
    center: float = 0.0
    spread: float = 1.5
    sureness: float = 1.0
    drifted: float = 1.0
    reference: int = 0
    is_wrong: bool = False


SCENARIOS = (
    Scenario("calibrated"),
    Scenario("calibrated, 50 rows", rows=50),
    Scenario("calibrated, 20,000 rows", rows=20_000),
    Scenario("calibrated, 3 % positive", center=-6.0, spread=2.0, rows=2000),
    Scenario("calibrated, three classes", classes=3),
    Scenario("covariate shift", center=1.5, spread=1.0),
    Scenario("three classes, shift", classes=3, center=1.5, spread=1.0),
    Scenario("calibrated, reference of 1,000", reference=1000),
    Scenario("too sure", sureness=3.0, is_wrong=True),
    Scenario("too sure, reference of 300", sureness=3.0, reference=300),
    Scenario("too sure, reference of 1,000", sureness=3.0, reference=1000),
    Scenario("too sure, reference of 5,000", sureness=3.0, reference=5000),
    Scenario("too sure, shift, ref. of 5,000", sureness=3.0, reference=5000, center=1.5, spread=1.0),
    Scenario("too sure, 3 classes, ref. 5,000", sureness=3.0, reference=5000, classes=3),
    Scenario("concept drift", drifted=0.3, is_wrong=True),
    Scenario("concept drift, ref. of 5,000", drifted=0.3, reference=5000, is_wrong=True),
)


def served(rng: Generator, one: Scenario, *, is_reference: bool = False) -> tuple[NDArray, NDArray]:
    """Return the model's probabilities and the labels."""
    import numpy as np

    rows = one.reference if is_reference else one.rows
    logits = rng.normal(0, one.spread if not is_reference else 1.5, (rows, one.classes))
    if one.classes == 2:
        logits[:, 0] = 0.0
    if not is_reference:
        logits[:, -1] += one.center
    chances = _softmax(logits * (1.0 if is_reference else one.drifted))
    labels = (rng.random(rows)[:, None] >= np.cumsum(chances, axis=1)[:, :-1]).sum(axis=1)
    return _softmax(logits * one.sureness), labels


def _softmax(logits: NDArray) -> NDArray:
    import numpy as np

    found = np.exp(logits - logits.max(axis=1, keepdims=True))
    return found / found.sum(axis=1, keepdims=True)


def real(labels: NDArray, predictions: NDArray, probabilities: NDArray) -> dict[str, float]:
    """Return scikit-learn's metrics."""
    from sklearn import metrics

    found = {"accuracy": metrics.accuracy_score(labels, predictions)}
    if probabilities.shape[1] == 2:
        found["f1"] = metrics.f1_score(labels, predictions, zero_division=0)
        found["roc_auc"] = metrics.roc_auc_score(labels, probabilities[:, 1])
    else:
        found["f1_macro"] = metrics.f1_score(labels, predictions, average="macro")
        found["roc_auc_ovr"] = metrics.roc_auc_score(labels, probabilities, multi_class="ovr")
    return found


@dataclass(frozen=True)
class Errors:
    """Of the estimates of a metric: the mean error, its standard error, the root mean square, and the coverage."""

    value: float
    bias: float
    bias_error: float
    rmse: float
    width: float
    coverage: float


def errors(one: Scenario, *, rounds: int) -> dict[str, Errors]:
    """Return how far the estimates are from the real metrics."""
    import numpy as np

    from mlmagic.monitoring.performance.calibration import Calibration
    from mlmagic.monitoring.performance.estimated import estimated

    found: dict[str, list[tuple[float, float, float, bool]]] = {}
    classes = list(range(one.classes))
    for number in range(rounds):
        rng = np.random.default_rng(number)
        calibration = None
        if one.reference:
            probabilities, labels = served(rng, one, is_reference=True)
            calibration = Calibration.fit(labels, probabilities, classes)
        probabilities, labels = served(rng, one)
        if len(set(labels.tolist())) < one.classes:
            continue
        predictions = probabilities.argmax(axis=1)
        truth = real(labels, predictions, probabilities)
        for got in estimated(predictions, probabilities, classes, calibration=calibration, seed=number):
            right = truth[got.metric]
            row = (right, got.value - right, got.high - got.low, got.low <= right <= got.high)
            found.setdefault(got.metric, []).append(row)
    return {name: _summary(np.array(rows, dtype=float)) for name, rows in found.items()}


def _summary(rows: NDArray) -> Errors:
    import numpy as np

    value, error, width, inside = rows.T
    bias_error = float(error.std() / len(error) ** 0.5)
    rmse = float(np.sqrt((error**2).mean()))
    return Errors(float(value.mean()), float(error.mean()), bias_error, rmse, float(width.mean()), float(inside.mean()))


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.performance_estimates", description=__doc__)
    parser.add_argument("--rounds", type=int, default=_ROUNDS)
    parser.add_argument("--only", default="", help="scenarios whose name contains this")
    options = parser.parse_args()
    print(f"estimates without labels beside the real metrics, {options.rounds:,} rounds of {_ROWS:,} rows if not said")
    print(f"{'':>32}  {'metric':<12} {'real':>6}  {'bias':>16}  {'rmse':>7}  {'width':>6}  {'covered':>7}")
    for one in SCENARIOS:
        if options.only not in one.name:
            continue
        for name, got in errors(one, rounds=options.rounds).items():
            mark = (
                ""
                if 0.93 <= got.coverage <= 0.97
                else "  wrong, as it must be"
                if one.is_wrong
                else "  outside 93-97 %"
            )
            print(
                f"{one.name:>32}  {name:<12} {got.value:>6.3f}  {got.bias:>+8.4f} ±{got.bias_error:.4f}  "
                f"{got.rmse:>7.4f}  {got.width:>6.3f}  {got.coverage:>7.1%}{mark}",
                flush=True,
            )


if __name__ == "__main__":
    main()
