"""``python -m benchmarks [NAME ...]``: run the measurements, print a table, save the numbers.

A goal that is missed is shown and fails nothing: how long something takes depends on the machine.
"""

from __future__ import annotations

import argparse
import importlib
import multiprocessing
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from typing import TYPE_CHECKING

from benchmarks import report

if TYPE_CHECKING:
    from benchmarks.measure import Comparison

NAMES = (
    "load", "empty_cell", "full_cell", "untracked_cell", "metric_calls", "long_loop", "training_cell",
    "cross_validation", "drift", "anomalies", "monitoring", "evaluate", "fingerprint", "split", "load_runs",
    "compare_widget", "compare_charts", "saved_page", "live_widget", "sweep", "reproduce", "redaction", "growth",
)  # fmt: skip
SIMULATIONS = ("drift_errors", "gate_errors", "interval_coverage", "performance_estimates", "reproduced_share")
"""These print tables of their own, and have options of their own: ``python -m benchmarks drift_errors --help``."""


def main() -> None:
    if sys.argv[1:2] and sys.argv[1] in SIMULATIONS:
        sys.argv = sys.argv[1:]
        importlib.import_module(f"benchmarks.{sys.argv[0]}").main()
        return
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Measure mlmagic beside plain MLflow.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"which of {', '.join(NAMES)}; all without")
    names = parser.parse_args().names or NAMES
    if unknown := sorted(set(names) - set(NAMES)):
        parser.error(
            f"there is no measurement {', '.join(unknown)}; there are: {', '.join(NAMES)}; "
            f"and one at a time: {', '.join(SIMULATIONS)}"
        )

    measured: dict[str, list[Comparison]] = {}
    # A process for each: a shell, MLflow's state and what was imported do not reach the next one.
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(max_workers=1, mp_context=spawn, max_tasks_per_child=1) as pool:
        for name in names:
            started = time.perf_counter()
            measured[name] = pool.submit(importlib.import_module(f"benchmarks.{name}").measure).result()
            print(f"{name}: {time.perf_counter() - started:.0f} s", file=sys.stderr)
    print(report.table(one for several in measured.values() for one in several))
    print(f"\nSaved in {report.save(measured)}", file=sys.stderr)


if __name__ == "__main__":
    main()
