"""What a run costs by itself: an empty tracked cell beside an empty ``mlflow.start_run()``."""

from __future__ import annotations

from benchmarks.measure import Comparison, Goal, interleaved
from benchmarks.project import Notebook, create_store, project

_ROUNDS = 40


def measure() -> list[Comparison]:
    """Compare them in one process and one store, warm, in a clean Git repository."""
    with project():
        create_store()
        notebook = Notebook()
        notebook.run("import mlflow\n%load_ext mlmagic")
        ours, other = interleaved(
            {
                "%%track, pass": lambda: notebook.run("%%track\npass"),
                "with start_run(): pass": lambda: notebook.run("with mlflow.start_run():\n    pass"),
            },
            rounds=_ROUNDS,
            warm_up=3,
        )
    return [Comparison("Empty run", ours, other, (Goal("ratio", 3), Goal("median", 0.05)))]
