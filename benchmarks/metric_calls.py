"""What logging in a loop costs: 1,000 calls of ``mlmagic.log`` beside 1,000 of ``mlflow.log_metric``."""

from __future__ import annotations

from benchmarks.measure import Comparison, interleaved
from benchmarks.project import Notebook, create_store, project

_ROUNDS = 3
_CALLS = 1000
_TRACKED = f"""\
%%track tracked
for step in range({_CALLS}):
    mlmagic.log(loss=1 / (1 + step), step=step)
"""
_PLAIN = f"""\
with mlflow.start_run(run_name="plain"):
    for step in range({_CALLS}):
        mlflow.log_metric("loss", 1 / (1 + step), step=step)
"""


def measure() -> list[Comparison]:
    """Compare whole cells, from the start of the run until every value is in the store."""
    with project():
        create_store()
        notebook = Notebook()
        notebook.run("import mlflow, mlmagic\n%load_ext mlmagic")
        notebook.run("%%track\npass")
        ours, other = interleaved(
            {
                "mlmagic.log": lambda: notebook.run(_TRACKED),
                "mlflow.log_metric": lambda: notebook.run(_PLAIN),
            },
            rounds=_ROUNDS,
            warm_up=0,
        )
        for name in ("tracked", "plain"):
            _require_all_stored(name)
    return [Comparison(f"{_CALLS:,} metric values", ours, other)]


def _require_all_stored(name: str) -> None:
    from mlflow import MlflowClient

    client = MlflowClient()
    run = client.search_runs(["0"], f"attributes.run_name = '{name}'", max_results=1)[0]
    stored = len(client.get_metric_history(run.info.run_id, "loss"))
    if stored != _CALLS:
        raise RuntimeError(f"the run {name!r} holds {stored} of {_CALLS} values: the comparison would not be fair")
