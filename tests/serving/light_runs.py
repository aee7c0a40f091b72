"""Runs in memory, as the store's rows are read: for tests of what needs no store."""

from __future__ import annotations

import math
import random
from typing import TYPE_CHECKING, Any

from mlmagic.store.query.light_runs import DatasetInput, LightDataset, LightRun, RunData, RunInfo

if TYPE_CHECKING:
    from collections.abc import Mapping

START_MS = 1_750_000_000_000


def light_run(
    name: str | None = "run",
    params: Mapping[str, object] | None = None,
    metrics: Mapping[str, float] | None = None,
    *,
    run_id: str = "0123456789abcdef0123456789abcdef",
    tags: Mapping[str, str] | None = None,
    datasets: Mapping[str, str] | None = None,
    status: str = "FINISHED",
    start: int | None = START_MS,
    end: int | None = START_MS + 500,
) -> LightRun:
    """Return a run with these values; *datasets* maps names to digests."""
    run = LightRun(RunInfo(run_id, name, "0", "ana", status, start, end, f"/store/{run_id}/artifacts", "active"))
    run.data.params = {key: str(value) for key, value in (params or {}).items()}
    run.data.metrics = {key: float(value) for key, value in (metrics or {}).items()}
    run.data.tags = dict(tags or {})
    run.inputs.dataset_inputs = [DatasetInput(LightDataset(*pair)) for pair in (datasets or {}).items()]
    return run


def numbered_run(
    at: int, name: str | None = None, params: Any = (), metrics: Any = (), *, tags: Any = (), experiment: str = "0"
) -> LightRun:
    """Return the run number *at*: it began *at* seconds after 1970 and took half a second."""
    shown = f"run {at}" if name is None else name
    info = RunInfo(f"{at:032x}", shown, experiment, "me", "FINISHED", 1000 * at, 1000 * at + 500, "", "active")
    return LightRun(info, RunData(dict(params), dict(metrics), dict(tags)))


def seeded_runs(configurations: int = 500, seeds: int = 5) -> list[LightRun]:
    """Return runs of this many configurations, each with several seeds, in a mixed order.

    Their losses span twenty decades and their scores differ in late digits; some runs have none, NaN or an infinity.
    """
    drawn = random.Random(7)
    runs = []
    for at in drawn.sample(range(configurations * seeds), configurations * seeds):
        configuration, seed = divmod(at, seeds)
        params = {"lr": f"{configuration / 1000}", "depth": f"{configuration % 7}", "seed": f"{seed}"}
        metrics = {
            "loss": drawn.lognormvariate(0, 1) * 10.0 ** (configuration % 21 - 10),
            "score": 1e6 + drawn.random(),
        }
        if at % 11 == 0:
            del metrics["loss"]
        elif at % 17 == 0:
            metrics["loss"] = drawn.choice([math.nan, math.inf, -math.inf])
        runs.append(numbered_run(at, None, params, metrics))
    return runs
