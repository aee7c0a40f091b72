"""What it takes to tell a dataset apart: our fingerprint of all rows beside MLflow's digest of the first 10,000."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from benchmarks.measure import Comparison, Goal, interleaved
from benchmarks.project import create_store, project

if TYPE_CHECKING:
    import pandas as pd

_ROWS, _COLUMNS = 1_000_000, 20
_CHANGED = 900_000
_ROUNDS = 3
_ROUNDS_OF_HASHING = 9


def measure() -> list[Comparison]:
    """Compare recording a dataset as an input of a run, and then the hashing alone."""
    import mlflow
    import numpy as np
    import pandas as pd

    with project():
        create_store()
        frame = pd.DataFrame(np.random.default_rng(1).random((_ROWS, _COLUMNS)).T.copy().T)
        frame.columns = [f"column {number}" for number in range(_COLUMNS)]
        _require_a_change_is_seen(frame)
        with mlflow.start_run():
            ours, other = interleaved(
                {
                    "fingerprint, record, log_inputs": lambda: _ours(frame),
                    "from_pandas, log_input": lambda: _theirs(frame),
                },
                rounds=_ROUNDS,
                warm_up=0,
            )
        hashed, pandas_hashed = interleaved(
            {"fingerprint": lambda: _fingerprint(frame), "hash_pandas_object": lambda: _pandas(frame)},
            rounds=_ROUNDS_OF_HASHING,
        )
    size = f"{_ROWS:,} x {_COLUMNS} floats"
    return [
        Comparison(f"Dataset of {size}, recorded", ours, other, (Goal("ratio", 0.03),)),
        Comparison(f"{size}, all rows hashed", hashed, pandas_hashed),
    ]


def _ours(frame: pd.DataFrame) -> float:
    import mlflow

    from mlmagic.data.fingerprint.fingerprint import fingerprint
    from mlmagic.data.profile.mlflow_dataset import record
    from mlmagic.store.delivery.batches import to_mlflow

    started = time.perf_counter()
    found = record("frame", frame, fingerprint(frame))
    mlflow.MlflowClient().log_inputs(mlflow.active_run().info.run_id, datasets=[to_mlflow(found)])
    return time.perf_counter() - started


def _theirs(frame: pd.DataFrame) -> float:
    import mlflow

    started = time.perf_counter()
    mlflow.log_input(mlflow.data.from_pandas(frame, name="frame"), context="training")
    return time.perf_counter() - started


def _fingerprint(frame: pd.DataFrame) -> float:
    from mlmagic.data.fingerprint.fingerprint import fingerprint

    started = time.perf_counter()
    fingerprint(frame)
    return time.perf_counter() - started


def _pandas(frame: pd.DataFrame) -> float:
    import pandas as pd

    started = time.perf_counter()
    pd.util.hash_pandas_object(frame)
    return time.perf_counter() - started


def _require_a_change_is_seen(frame: pd.DataFrame) -> None:
    from mlmagic.data.fingerprint.fingerprint import fingerprint

    changed = frame.copy()
    changed.iloc[_CHANGED, 7] += 1
    if fingerprint(changed).digest == fingerprint(frame).digest:
        raise RuntimeError(f"a change in row {_CHANGED:,} was not seen: the comparison would not be fair")
