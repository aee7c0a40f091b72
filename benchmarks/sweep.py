"""What a trial costs beyond its code: a sweep beside Hydra's multirun that calls MLflow, and Optuna's callback."""

from __future__ import annotations

import contextlib
import io
import subprocess
import sys
import textwrap
import time
from typing import TYPE_CHECKING

from benchmarks.measure import Comparison, Goal, Sample, interleaved
from benchmarks.project import create_store, project

if TYPE_CHECKING:
    from pathlib import Path

_TRIALS = 40
_MANY = 1000
_ROUNDS = 3
_HYDRA = """
    import sys, time
    import hydra, mlflow

    @hydra.main(version_base="1.3", config_path=None, config_name=None)
    def main(cfg):
        with mlflow.start_run(nested=True):
            mlflow.log_params(dict(cfg))
            loss = (cfg.x - 3) ** 2 * 1.0
            print("trial of", cfg.x)
            mlflow.log_metric("loss", loss)

    mlflow.search_runs()  # the store is open before the clock starts
    began = time.perf_counter()
    main()
    open("took.txt", "w").write(str(time.perf_counter() - began))
"""


def measure() -> list[Comparison]:
    """Compare the seconds a trial, until all of it is in the store."""
    found = []
    with project() as folder:
        create_store()
        (folder / "bare.py").write_text(textwrap.dedent(_HYDRA))
        alone, beside, bare, callback = interleaved(
            {
                "%%sweep": lambda: _sweep(_TRIALS),
                "%%sweep --jobs 2": lambda: _sweep(_TRIALS, jobs=2),
                "hydra --multirun and MLflow": lambda: _hydra(folder),
                "optuna_integration.MLflowCallback": _optuna,
            },
            rounds=_ROUNDS,
        )
        goals = (Goal("ratio", 0.2),)
        found = [
            Comparison(f"a trial of {_TRIALS}", alone, bare, goals),
            Comparison(f"a trial of {_TRIALS}", beside, bare, goals),
            Comparison(f"a trial of {_TRIALS}", alone, callback),
            Comparison(f"a trial of {_MANY:,}", Sample("%%sweep", (_sweep(_MANY),)), bare, goals),
            _composing(folder),
        ]
        _require_runs(folder)
    return found


def _sweep(count: int, jobs: int | None = None) -> float:
    """Sweep a body that does next to nothing; return the seconds a trial."""
    import mlmagic
    from mlmagic.sweeps.body import body_of
    from mlmagic.sweeps.plan import SweepPlan
    from mlmagic.sweeps.points.space import axes_of
    from mlmagic.sweeps.sweep import run_plan

    names = {"__name__": "__main__", "mlmagic": mlmagic}
    body = body_of("loss = (x - 3) ** 2 * 1.0\nprint('trial of', x)", names, ["x"])
    plan = SweepPlan(body, axes_of([f"x=range({count})"]), names, metric="loss", jobs=jobs, yes=True)
    began = time.perf_counter()
    with contextlib.redirect_stderr(io.StringIO()):
        frame = run_plan(plan, name="sweep", quiet=True, caller=sys._getframe())
    took = time.perf_counter() - began
    if len(frame) != count or set(frame["status"]) != {"FINISHED"}:
        raise RuntimeError(f"{len(frame)} of {count} trials ended well: the comparison would not be fair")
    return took / count


def _hydra(folder: Path) -> float:
    values = ",".join(map(str, range(_TRIALS)))
    command = [sys.executable, "bare.py", "--multirun", f"+x={values}", "hydra.sweep.dir=multirun"]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    return float((folder / "took.txt").read_text()) / _TRIALS


def _optuna() -> float:
    import mlflow
    import optuna
    from optuna_integration import MLflowCallback

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    callback = MLflowCallback(tracking_uri=mlflow.get_tracking_uri(), metric_name="loss")
    study = optuna.create_study(study_name="callback", sampler=optuna.samplers.RandomSampler())
    began = time.perf_counter()
    study.optimize(lambda trial: trial.suggest_float("x", 0, 1) ** 2, n_trials=_TRIALS, callbacks=[callback])
    return (time.perf_counter() - began) / _TRIALS


def _composing(folder: Path) -> Comparison:
    """Compare composing a config a point, as a sweep does, with Hydra's compose for each."""
    from mlmagic.config.composing import composition
    from mlmagic.sweeps.points.configs import ConfigSpace
    from mlmagic.sweeps.points.space import axes_of, grid

    (folder / "configs" / "model").mkdir(parents=True)
    for name in ("small", "large"):
        (folder / "configs" / "model" / f"{name}.yaml").write_text("depth: 3\nwidth: 64\nname: ${model.depth}\n")
    composed = composition(
        yaml="defaults:\n  - model: small\n  - _self_\nlr: 0.1\nseed: 1\n", config_dir=folder / "configs"
    )
    axes = axes_of(["model=small,large", "lr=range(0.001,0.501,0.001)"])
    points = list(grid(axes))
    if len(points) != _MANY:
        raise RuntimeError(f"{len(points)} points, not {_MANY}")

    def ours() -> float:
        space = ConfigSpace(composed, axes)
        began = time.perf_counter()
        for point in points:
            space.at(point)
        return (time.perf_counter() - began) / len(points)

    def theirs() -> float:
        began = time.perf_counter()
        for point in points[:20]:
            composed.again(*(f"{name}={value}" for name, value in point.items()))
        return (time.perf_counter() - began) / 20

    mine, other = interleaved({"ConfigSpace.at": ours, "hydra.compose": theirs}, rounds=_ROUNDS)
    return Comparison(f"a config of {_MANY:,} composed", mine, other, (Goal("median", 0.002),))


def _require_runs(folder: Path) -> None:
    """See that all that was measured is in the store: runs with their params and metrics."""
    from mlflow import MlflowClient

    client = MlflowClient()
    ids = [one.experiment_id for one in client.search_experiments()]
    page, runs = client.search_runs(ids, "metrics.loss >= 0", max_results=50_000), []
    runs = list(page)
    bare = [run for run in runs if "mlmagic.id" not in run.data.tags]
    own = [run for run in runs if "mlmagic.trial" in run.data.tags]
    rounds = _ROUNDS + 1
    if len(own) != 2 * rounds * _TRIALS + _MANY or len(bare) != 2 * rounds * _TRIALS:
        raise RuntimeError(
            f"{len(own)} and {len(bare)} runs are in the store of {folder}: the comparison would not be fair"
        )
