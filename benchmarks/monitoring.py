"""Predictions through ``mlmagic.ModelMonitor``, beside the model alone and beside an MLflow run for each."""

from __future__ import annotations

import os
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.measure import Comparison, interleaved

if TYPE_CHECKING:
    from collections.abc import Callable

_ROUNDS = 5
_CALLS, _BATCHES, _RUNS = 300, 20, 5


def measure() -> list[Comparison]:
    """Compare predictions of one row, of 10,000 rows, and of one row with the run that tutorials open for it."""
    from sklearn.datasets import load_breast_cancer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    data, target = load_breast_cancer(return_X_y=True, as_frame=True)
    model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000)).fit(data, target)
    many = data.sample(10_000, replace=True, random_state=0)
    one = data.iloc[[0]]
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        home = Path.cwd()
        os.chdir(folder)
        try:
            return _compared(model, one, many)
        finally:
            os.chdir(home)


def _compared(model: Any, one: Any, many: Any) -> list[Comparison]:
    import mlflow

    import mlmagic

    mlflow.set_tracking_uri("sqlite:///mlflow.db")
    mlflow.set_experiment("benchmark")
    ids = [f"c{at}" for at in range(len(many))]
    with mlmagic.ModelMonitor("churn/3", loaded=model) as monitor:
        monitor.predict(one, ids=["first"])

        def both(rows: Any) -> Callable[[], object]:
            return lambda: (model.predict(rows), model.predict_proba(rows))

        single = interleaved(
            {
                "monitor.predict": _times(lambda: monitor.predict(one, ids=["c"]), _CALLS),
                "predict and predict_proba": _times(both(one), _CALLS),
            },
            rounds=_ROUNDS,
        )
        batch = interleaved(
            {
                "monitor.predict": _times(lambda: monitor.predict(many, ids=ids), _BATCHES),
                "predict and predict_proba": _times(both(many), _BATCHES),
            },
            rounds=_ROUNDS,
        )

        def in_a_run() -> None:
            with mlflow.start_run():
                mlflow.log_params({name: float(one[name].iloc[0]) for name in list(one)[:10]})
                mlflow.log_metric("prediction", float(model.predict(one)[0]))

        by_run = interleaved(
            {
                "monitor.predict": _times(lambda: monitor.predict(one, ids=["c"]), _RUNS),
                "a run each": _times(in_a_run, _RUNS),
            },
            rounds=_ROUNDS,
        )
    return [
        Comparison(f"{_CALLS} predictions of a row, 30 features", *single),
        Comparison(f"{_BATCHES} predictions of 10,000 rows", *batch),
        Comparison(f"{_RUNS} predictions, beside an MLflow run each", *by_run),
    ]


def _times(call: Callable[[], object], count: int) -> Callable[[], float]:
    def run() -> float:
        started = time.perf_counter()
        for _ in range(count):
            call()
        return time.perf_counter() - started

    return run
