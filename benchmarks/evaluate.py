"""A forest evaluated on 5,000 rows: ``mlmagic.evaluate`` beside ``mlflow.models.evaluate`` and skore's report.

mlmagic and MLflow record what they find on a run in the same store. MLflow's evaluator runs without its explanations,
which need a package of their own. skore's ``EstimatorReport`` computes its summary of metrics and draws the figures
that mlmagic draws, to PNG; it has no intervals, and nothing is recorded. It is measured if skore can be imported.
"""

from __future__ import annotations

import contextlib
import importlib.util
import io
import logging
import os
import sys
import tempfile
import time
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.measure import Comparison, Goal, interleaved

if TYPE_CHECKING:
    import pandas as pd

_ROWS = 5000
_ROUNDS = 7
_ROUNDS_OF_IMPORTANCE = 3
_OURS, _MLFLOW, _SKORE = "mlmagic.evaluate", "mlflow.models.evaluate", "skore.EstimatorReport"
_NAME = "A forest evaluated on 5,000 rows"


def measure() -> list[Comparison]:
    """Compare from the fitted model to the ended run."""
    import mlflow

    os.chdir(tempfile.mkdtemp())
    mlflow.set_tracking_uri(f"sqlite:///{Path.cwd() / 'mlflow.db'}")
    os.environ["MLFLOW_TRACKING_URI"] = mlflow.get_tracking_uri()
    logging.getLogger("mlflow").setLevel(logging.ERROR)
    logging.getLogger("alembic").setLevel(logging.ERROR)
    model, table, target = _fitted()
    mlflow.sklearn.save_model(model, "model", serialization_format="cloudpickle")
    saved = mlflow.pyfunc.load_model("model")
    whole = table.assign(target=target)
    ways = {_OURS: lambda: _by_us(model, table, target), _MLFLOW: lambda: _by_mlflow(saved, whole)}
    goals = (Goal("ratio", 0.5), Goal("median", 2.0))
    if importlib.util.find_spec("skore") is None:
        print("evaluate: skore not installed, so it is not measured", file=sys.stderr)
        ours, other = interleaved(ways, rounds=_ROUNDS)
        return [Comparison(_NAME, ours, other, goals)]
    ways[_SKORE] = lambda: _by_skore(model, table, target)
    ours, other, skore = interleaved(ways, rounds=_ROUNDS)
    shuffled, by_skore = interleaved(
        {
            f"{_OURS}, importance=True": lambda: _by_us(model, table, target, importance=True),
            f"{_SKORE}, permutation_importance": lambda: _by_skore(model, table, target, importance=True),
        },
        rounds=_ROUNDS_OF_IMPORTANCE,
    )
    return [
        Comparison(_NAME, ours, other, goals),
        Comparison(f"{_NAME}, beside skore", ours, skore),
        Comparison(f"{_NAME}, with permutation importance", shuffled, by_skore),
    ]


def _fitted() -> tuple[Any, pd.DataFrame, pd.Series]:
    import pandas as pd
    from sklearn.datasets import make_classification
    from sklearn.ensemble import RandomForestClassifier

    data, target = make_classification(2 * _ROWS, 20, n_informative=6, flip_y=0.1, random_state=0)
    frame = pd.DataFrame(data, columns=[f"x{number}" for number in range(20)])
    model = RandomForestClassifier(50, random_state=0).fit(frame[:_ROWS], target[:_ROWS])
    return model, frame[_ROWS:].reset_index(drop=True), pd.Series(target[_ROWS:], name="target")


def _by_us(model: Any, table: pd.DataFrame, target: pd.Series, *, importance: bool = False) -> float:
    import mlmagic

    started = time.perf_counter()
    with mlmagic.track("ours", quiet=True):
        found = mlmagic.evaluate(model, table, target, importance=importance)
    took = time.perf_counter() - started
    _require(found.metrics["accuracy"], mlmagic.last_run.metrics["accuracy"])
    return took


def _by_mlflow(model: Any, table: pd.DataFrame) -> float:
    import mlflow

    started = time.perf_counter()
    with mlflow.start_run(), warnings.catch_warnings(), contextlib.redirect_stderr(io.StringIO()):
        warnings.simplefilter("ignore")
        found = mlflow.models.evaluate(
            model,
            table,
            targets="target",
            model_type="classifier",
            evaluators="default",
            evaluator_config={"log_model_explainability": False},
        )
    took = time.perf_counter() - started
    _require(found.metrics["accuracy_score"], found.metrics["accuracy_score"])
    return took


def _by_skore(model: Any, table: pd.DataFrame, target: pd.Series, *, importance: bool = False) -> float:
    import matplotlib.pyplot as plt
    from skore import EstimatorReport

    started = time.perf_counter()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        report = EstimatorReport(model, X_test=table, y_test=target)
        summary = report.metrics.summarize().frame()
        displays = [report.metrics.confusion_matrix(), report.metrics.roc(), report.metrics.precision_recall()]
        displays.append(report.inspection.calibration_curve())
        if importance:
            displays.append(report.inspection.permutation_importance(seed=0))
        for display in displays:
            display.plot().savefig(io.BytesIO(), format="png")
        plt.close("all")
    took = time.perf_counter() - started
    _require(summary["accuracy"], model.score(table, target))
    return took


def _require(accuracy: float, recorded: float) -> None:
    if not 0.8 < accuracy == recorded < 1:
        raise RuntimeError(f"the accuracy is {accuracy}, recorded {recorded}: the comparison would not be fair")
