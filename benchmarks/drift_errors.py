"""``python -m benchmarks drift_errors``: how often ``mlmagic.drift`` finds drift, where there is none and where it is.

Many pairs of samples of 100 columns that did not drift, whose rows are independent, or depend on those before them
(AR(1), 0.9). Beside mlmagic stand the test of each column at p < 0.05, and evidently's default if evidently can be
imported: a column that it counts as drifted, and half of them, from where on it says that the dataset drifted. Then
pairs in which one thing changed in 1 of 20 columns.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import time
import warnings
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from typing import TYPE_CHECKING

from benchmarks.drift_samples import CHANGES, pair

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import pandas as pd

_ROUNDS, _COLUMNS, _PHI = 1000, 100, 0.9
SIZES = ((200, 200), (1000, 1000), (5000, 1000))
_ROWS_OF_CHANGES = (200, 1000, 5000)
_BUDGET = {"budget": "1 per month", "checks": 10}
WAYS = ("bh", "bh, any distance", "budget of 10 %", "p < 0.05", "evidently", "evidently, half")


def alarms(seed: int, *, rows: tuple[int, int], columns: int = _COLUMNS, phi: float = 0.0) -> set[str]:
    """Return which of the `WAYS` find drift in a pair that did not drift."""
    import numpy as np

    import mlmagic

    reference, current = pair(np.random.default_rng(seed), rows, columns, phi=phi)
    report = mlmagic.drift(reference, current, multivariate=False, min_effect=0.0)
    found = {
        "bh": any(one.drifted and one.distance >= 0.05 for one in report.columns.values()),
        "bh, any distance": report.is_drifted,
        "budget of 10 %": mlmagic.drift(reference, current, multivariate=False, **_BUDGET).is_drifted,
        "p < 0.05": any(one.p < 0.05 for one in report.columns.values()),
        **_by_evidently(reference, current),
    }
    return {name for name, is_alarm in found.items() if is_alarm}


def _by_evidently(reference: pd.DataFrame, current: pd.DataFrame) -> dict[str, bool]:
    if importlib.util.find_spec("evidently") is None:
        return {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from evidently import Report
        from evidently.metrics import DriftedColumnsCount

        # As `DataDriftPreset` has it, without its figures.
        value = Report([DriftedColumnsCount()]).run(current, reference).dict()["metrics"][0]["value"]
    return {"evidently": value["count"] > 0, "evidently, half": value["share"] >= 0.5}


def power(seed: int, *, change: str, rows: int) -> set[str]:
    """Return what finds a change in 1 of 20 columns: any column, and all columns together."""
    import numpy as np

    import mlmagic

    reference, current = pair(np.random.default_rng(seed), (rows, rows), 20)
    CHANGES[change](current)
    report = mlmagic.drift(reference, current)
    together = report.multivariate is not None and report.multivariate.drifted
    return {name for name, is_found in (("column", bool(report.drifted)), ("together", together)) if is_found}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks drift_errors", description=__doc__)
    parser.add_argument("--rounds", type=int, default=_ROUNDS, help="pairs without drift (default: %(default)s)")
    parser.add_argument("--changed", type=int, default=200, help="pairs for each change, 0 for none (%(default)s)")
    parser.add_argument("--rows", type=int, nargs=2, action="append", help="rows of both sides; may be repeated")
    parser.add_argument("--phi", type=float, nargs="+", default=[0.0, _PHI], help="of the rows (%(default)s)")
    parser.add_argument("--jobs", type=int, default=max(1, (os.cpu_count() or 2) - 1), help="processes (%(default)s)")
    options = parser.parse_args()
    sizes = SIZES if options.rows is None else tuple(map(tuple, options.rows))
    with ProcessPoolExecutor(options.jobs) as pool:
        if options.rounds:
            _print_alarms(pool, sizes, options.phi, options.rounds)
        if options.changed:
            _print_power(pool, options.changed)


def _print_alarms(
    pool: ProcessPoolExecutor, sizes: Sequence[tuple[int, int]], phis: Sequence[float], rounds: int
) -> None:
    there = [one for one in WAYS if "evidently" not in one or importlib.util.find_spec("evidently") is not None]
    print(f"no drift in {_COLUMNS} columns: pairs in which some is found, of {rounds:,}")
    print(f"{'rows':>28}" + "".join(f"  {name:>16}" for name in there), flush=True)
    for phi in phis:
        for rows in sizes:
            began = time.perf_counter()
            counts = _counted(pool.map(partial(alarms, rows=rows, phi=phi), range(rounds), chunksize=4))
            kind = f"AR({phi:g})" if phi else "independent"
            shares = "".join(f"  {counts[name] / rounds:>16.1%}" for name in there)
            print(f"{kind:>12} {rows[0]:>7,} {rows[1]:>7,}{shares}   {time.perf_counter() - began:.0f} s", flush=True)


def _print_power(pool: ProcessPoolExecutor, rounds: int) -> None:
    print(f"\na change in 1 of 20 columns: found by a column / by all columns together, of {rounds:,} pairs")
    print(f"{'rows of each side':>24}" + "".join(f"  {rows:>15,}" for rows in _ROWS_OF_CHANGES), flush=True)
    for change in CHANGES:
        cells = []
        for rows in _ROWS_OF_CHANGES:
            counts = _counted(pool.map(partial(power, change=change, rows=rows), range(rounds), chunksize=4))
            cells.append(f"{counts['column'] / rounds:.1%} / {counts['together'] / rounds:.1%}")
        print(f"{change:>24}" + "".join(f"  {cell:>15}" for cell in cells), flush=True)


def _counted(several: Iterable[set[str]]) -> Counter[str]:
    return Counter(name for found in several for name in found)


if __name__ == "__main__":
    main()
