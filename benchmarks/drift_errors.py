"""``python -m benchmarks.drift_errors``: how often ``mlmagic.drift`` finds drift, where there is none and where it is.

1,000 pairs of samples of 100 columns that did not drift, for each number of rows; the report beside what testing each
column at p < 0.05 finds. Then 200 pairs in which one thing changed, and pairs of samples whose rows depend on the rows
before them, with and without a budget of false alarms.
"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd
    from numpy.random import Generator

_ROUNDS, _COLUMNS = 1000, 100
SIZES = ((200, 200), (1000, 1000), (5000, 1000))


def table(rng: Generator, rows: int, columns: int = _COLUMNS) -> pd.DataFrame:
    """Return independent columns: normal, skewed, and one in four of four categories."""
    import numpy as np
    import pandas as pd

    return pd.DataFrame({
        f"x{at}": rng.choice(list("abcd"), rows, p=[0.4, 0.3, 0.2, 0.1]) if at % 4 == 3
        else np.exp(rng.normal(size=rows)) if at % 4 == 2 else rng.normal(size=rows)
        for at in range(columns)
    })  # fmt: skip


def alarms(sizes: tuple[int, int], *, rounds: int) -> dict[str, float]:
    """Return how often something was found in pairs that did not drift."""
    import mlmagic

    found = {"bh, effect 0.05": 0, "bh, no effect": 0, "p < 0.05": 0}
    columns = 0
    for number in range(rounds):
        import numpy as np

        rng = np.random.default_rng(number)
        report = mlmagic.drift(table(rng, sizes[0]), table(rng, sizes[1]), multivariate=False, min_effect=0.0)
        found["bh, no effect"] += bool(report.drifted)
        found["bh, effect 0.05"] += any(one.drifted and one.distance >= 0.05 for one in report.columns.values())
        raw = sum(one.p < 0.05 for one in report.columns.values())
        found["p < 0.05"] += raw > 0
        columns += raw
    return {name: count / rounds for name, count in found.items()} | {"columns with p < 0.05": columns / rounds}


def _swap(frame: pd.DataFrame) -> None:
    frame.loc[frame.index % 8 == 0, "x3"] = "d"


def _tail(frame: pd.DataFrame) -> None:
    frame.loc[frame["x2"] > frame["x2"].quantile(0.85), "x2"] *= 3


def _missing(frame: pd.DataFrame) -> None:
    frame.loc[frame.index % 12 == 0, "x0"] = None


CHANGES: dict[str, Callable[[pd.DataFrame], None]] = {
    "mean by 0.2 sd": lambda frame: frame.__setitem__("x0", frame["x0"] + 0.2),
    "mean by 0.3 sd": lambda frame: frame.__setitem__("x0", frame["x0"] + 0.3),
    "scale by 1.4": lambda frame: frame.__setitem__("x0", frame["x0"] * 1.4),
    "tail, 15 % of rows": _tail,
    "category, 12 % of rows": _swap,
    "missing, 8 % of rows": _missing,
    "correlation 0 to 0.5": lambda frame: frame.__setitem__("x1", 0.5 * frame["x0"] + 0.75**0.5 * frame["x1"]),
}


def power(change: Callable[[pd.DataFrame], None], *, rounds: int) -> tuple[float, float]:
    """Return how often a change in 1 of 20 columns of 1,000 rows is found by a column, and by all together."""
    import numpy as np

    import mlmagic

    by_column = together = 0
    for number in range(rounds):
        rng = np.random.default_rng(number)
        reference, current = table(rng, 1000, 20), table(rng, 1000, 20)
        change(current)
        report = mlmagic.drift(reference, current)
        by_column += bool(report.drifted)
        together += report.multivariate is not None and report.multivariate.drifted
    return by_column / rounds, together / rounds


def dependent(rng: Generator, rows: int) -> pd.DataFrame:
    """Return five columns whose values are correlated by 0.7 with those before them."""
    import pandas as pd

    noise = rng.normal(size=(rows + 60, 5))
    for at in range(1, len(noise)):
        noise[at] += 0.7 * noise[at - 1]
    return pd.DataFrame(noise[60:])


def within_budget(make: Callable[[Generator, int], pd.DataFrame], *, rounds: int) -> tuple[float, float]:
    """Return how often drift is found under a budget of one false alarm in ten checks, and by Bonferroni at 0.1."""
    import numpy as np

    import mlmagic

    with_budget = bonferroni = 0
    for number in range(rounds):
        rng = np.random.default_rng(number)
        reference, current = make(rng, 2000), make(rng, 200)
        options = {"multivariate": False, "min_effect": 0.0}
        with_budget += mlmagic.drift(
            reference, current, budget="1 per month", checks=10, alpha=0.5, **options
        ).is_drifted
        bonferroni += mlmagic.drift(reference, current, correction="bonferroni", alpha=0.1, **options).is_drifted
    return with_budget / rounds, bonferroni / rounds


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.drift_errors", description=__doc__)
    parser.add_argument("--rounds", type=int, default=_ROUNDS)
    rounds = parser.parse_args().rounds
    print(f"no drift in {_COLUMNS} columns: reports that find some, of {rounds:,}")
    print(f"{'rows':>16}  {'bh, 0.05':>9}  {'bh only':>9}  {'p < 0.05':>9}  {'columns with p < 0.05':>22}")
    for sizes in SIZES:
        found = list(alarms(sizes, rounds=rounds).values())
        print(f"{sizes[0]:>8,} {sizes[1]:>7,}  {found[0]:>9.1%}  {found[1]:>9.1%}  {found[2]:>9.1%}  {found[3]:>22.1f}")
    few = max(rounds // 5, 1)
    print(f"\na change in 1 of 20 columns of 1,000 rows: found in, of {few:,}")
    print(f"{'':>24}  {'a column':>9}  {'together':>9}")
    for name, change in CHANGES.items():
        by_column, together = power(change, rounds=few)
        print(f"{name:>24}  {by_column:>9.1%}  {together:>9.1%}")
    print(f"\nno drift, one false alarm accepted in ten checks: found in, of {few:,}")
    print(f"{'':>24}  {'budget':>9}  {'bonferroni at 0.1':>18}")
    for name, make in (("independent rows", lambda rng, rows: table(rng, rows, 5)), ("dependent rows", dependent)):
        budget, bonferroni = within_budget(make, rounds=few)
        print(f"{name:>24}  {budget:>9.1%}  {bonferroni:>18.1%}")


if __name__ == "__main__":
    main()
