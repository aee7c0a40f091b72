"""What an open comparison that follows the store costs a cell that trains, beside the same cell without it.

In processor time of the process, all threads: what other processes do meanwhile changes it least.
"""

from __future__ import annotations

import time

from benchmarks.measure import Comparison, Goal, interleaved
from benchmarks.project import Notebook, create_store, project

_ROUNDS = 11
_RUNS = 200
_SETUP = """
import time
import numpy as np
%load_ext mlmagic
random = np.random.default_rng(0)
A, x = random.normal(size=(300, 300)), random.normal(size=300)
"""
_STORE = f"""
from mlflow import MlflowClient
from mlflow.entities import Metric, Param
client = MlflowClient()
for at in range({_RUNS}):
    run_id = client.create_run("0", run_name=f"run {{at}}").info.run_id
    metrics = [Metric(f"metric_{{n}}", random.random(), at, 0) for n in range(8)]
    client.log_batch(run_id, metrics, [Param(f"param_{{n}}", str(at % 7)) for n in range(12)])
    client.set_terminated(run_id)
widget = mlmagic.compare()
"""
_TRAINING = """%%track --quiet
for epoch in range(300):
    for _ in range(1000):
        x = np.tanh(A @ x / 30)
    mlmagic.log(loss=float(np.abs(x).mean()), step=epoch)
"""


def measure() -> list[Comparison]:
    """Compare the processor seconds of the whole cell, while the widget is open, and while it is not."""
    with project():
        create_store()
        notebook = Notebook()
        notebook.run(_SETUP)
        notebook.run(_STORE)

        def seconds(*, is_open: bool) -> float:
            notebook.run(f"_ = widget._seen({{'view': 'one', 'open': {is_open}}})")
            began = time.process_time()
            notebook.run(_TRAINING)
            return time.process_time() - began

        ways = {"followed": lambda: seconds(is_open=True), "not followed": lambda: seconds(is_open=False)}
        ours, other = interleaved(ways, rounds=_ROUNDS)
        return [Comparison(f"Training beside a widget of {_RUNS} runs", ours, other, (Goal("ratio", 1.02),))]
