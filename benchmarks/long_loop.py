"""What a loop of a million turns costs in a tracked cell, which observes it, beside an untracked cell."""

from __future__ import annotations

from benchmarks.measure import Comparison, Goal, interleaved
from benchmarks.project import Notebook, create_store, project

_ROUNDS = 5
_TURNS = 1_000_000
_LOOPS = {
    "sums": f"total = 0.0\nfor i in range({_TURNS}):\n    total += i * 0.5",
    "branches": f"for i in range({_TURNS}):\n    if i % 2:\n        odd = i\n    else:\n        even = i",
    "calls of its function": f"def f(x): return x\nfor i in range({_TURNS}):\n    f(i)",
    "appends": f"values = []\nfor i in range({_TURNS}):\n    values.append(i * 0.5)",
}


def measure() -> list[Comparison]:
    """Compare the seconds of the loop alone, by the cell's own clock."""
    with project():
        create_store()
        notebook = Notebook()
        notebook.run("import time\n%load_ext mlmagic")

        def seconds(header: str, loop: str) -> float:
            notebook.run(f"{header}_started = time.perf_counter()\n{loop}\n_took = time.perf_counter() - _started")
            return notebook.value("_took")

        found = []
        for name, loop in _LOOPS.items():
            ways = {
                "in a tracked cell": lambda loop=loop: seconds("%%track --quiet\n", loop),
                "untracked": lambda loop=loop: seconds("", loop),
            }
            ours, other = interleaved(ways, rounds=_ROUNDS)
            found.append(Comparison(f"A loop of 1,000,000: {name}", ours, other, (Goal("ratio", 6),)))
    return found
