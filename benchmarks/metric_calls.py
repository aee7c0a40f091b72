"""What logging in a loop costs: ``mlmagic.log`` beside ``mlflow.log_metric`` and MLflow's asynchronous logging.

MLflow's own ways are measured over fewer values and counted up: 100,000 would take a quarter of an hour.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.measure import Comparison, Goal, Sample, interleaved
from benchmarks.project import Notebook, create_store, project

if TYPE_CHECKING:
    from collections.abc import Callable

_ROUNDS = 3
_CALLS = 100_000
_CALLS_OF_MLFLOW = 2_000
_LOOP = """\
import time
began = time.perf_counter()
for step in range({calls}):
    {call}
looped = time.perf_counter() - began
"""
_TRACKED = "%%track tracked --quiet --no-auto\n" + _LOOP.format(
    calls=_CALLS, call="mlmagic.log(loss=1 / (1 + step), step=step)"
)
_PLAIN = "with mlflow.start_run(run_name='plain'):\n" + "".join(
    f"    {line}\n"
    for line in _LOOP.format(
        calls=_CALLS_OF_MLFLOW, call="mlflow.log_metric('loss', 1 / (1 + step), step=step)"
    ).splitlines()
)
_ASYNC = (
    _PLAIN.replace("'plain'", "'async'").replace("step=step)", "step=step, synchronous=False)")
    + "    mlflow.flush_async_logging()\n"
)


def measure() -> list[Comparison]:
    """Compare the time in the loop, and the time from the start of the run until every value is in the store."""
    with project():
        create_store()
        notebook = Notebook()
        notebook.run("import mlflow, mlmagic\n%load_ext mlmagic")
        notebook.run("%%track\npass")
        looped: dict[str, list[float]] = {"tracked": [], "plain": [], "async": []}

        def timed(name: str, cell: str, calls: int) -> Callable[[], float]:
            def run() -> float:
                seconds = notebook.run(cell)
                _require_all_stored(name, calls)
                looped[name].append(notebook.value("looped") * _CALLS / calls)
                return seconds * _CALLS / calls

            return run

        whole = interleaved(
            {
                "mlmagic.log": timed("tracked", _TRACKED, _CALLS),
                "mlflow.log_metric": timed("plain", _PLAIN, _CALLS_OF_MLFLOW),
                "log_metric(synchronous=False)": timed("async", _ASYNC, _CALLS_OF_MLFLOW),
            },
            rounds=_ROUNDS,
            warm_up=0,
        )
        loops = [Sample(one.what, tuple(looped[name])) for one, name in zip(whole, looped, strict=True)]
    per_call = [Sample(one.what, tuple(seconds / _CALLS for seconds in one.seconds)) for one in loops]
    return [
        Comparison("A call in the loop", per_call[0], per_call[1], (Goal("ratio", 0.01), Goal("median", 10e-6))),
        Comparison("A call in the loop, beside async logging", per_call[0], per_call[2]),
        Comparison(f"{_CALLS:,} values until all are stored", whole[0], whole[1], (Goal("ratio", 0.05),)),
        Comparison(f"{_CALLS:,} values stored, beside async logging", whole[0], whole[2]),
    ]


def _require_all_stored(name: str, calls: int) -> None:
    from mlflow import MlflowClient

    client = MlflowClient()
    run = client.search_runs(["0"], f"attributes.run_name = '{name}'", max_results=1)[0]
    stored = len(client.get_metric_history(run.info.run_id, "loss"))
    if stored != calls:
        raise RuntimeError(f"the run {name!r} holds {stored} of {calls} values: the comparison would not be fair")
