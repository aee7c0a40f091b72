"""What a type checker says of a user's code; `make lint` lets mypy check it, and nothing runs it.

A line that must be an error says so in a comment: a comment for which there is no error is one itself.
"""

from __future__ import annotations

from typing import assert_type

import numpy as np
import pandas as pd  # noqa: TC002  # as a user imports it
from omegaconf import DictConfig

import mlmagic
from mlmagic import errors, types


def recording(table: pd.DataFrame) -> None:
    assert_type(mlmagic.seed(1), types.SeedReport)
    assert_type(mlmagic.rng(), np.random.Generator)
    assert_type(mlmagic.split(table, by="id"), types.Split)
    assert_type(mlmagic.drift(table, table, target="y", by="id"), types.DriftReport)
    assert_type(mlmagic.evaluate(len, table, [0, 1], by="id", metrics=["f1"]), types.Evaluation)
    assert_type(mlmagic.compose("lr=0.2", yaml="lr: 0.1"), DictConfig)
    with mlmagic.track("forest", tags={"team": "risk"}, resume="") as run:
        assert_type(run, mlmagic.Run)
        mlmagic.log(loss=0.5, step=1)
        mlmagic.log_params({"lr": 0.1})
        mlmagic.log_figure(object(), "weights", step=3)
        mlmagic.tag(stage="late")
    for epoch in mlmagic.progress(range(3)):
        assert_type(epoch, int)
        assert_type(mlmagic.EarlyStopping(patience=2)(0.5), bool)


def validating(table: pd.DataFrame) -> None:
    for fold in mlmagic.folds(5, table, groups="user"):
        assert_type(fold, types.Fold)
        assert_type(fold.index, int)
    result = mlmagic.cross_validate(object(), table, scoring=["accuracy", "f1"], jobs=2)
    assert_type(result, types.CrossValidation)
    assert_type(result.mean, dict[str, float])
    assert_type(mlmagic.compare_folds("forest", mlmagic.last_run, metric="accuracy"), types.FoldComparison)


def reading() -> None:
    assert_type(mlmagic.runs("loss < 0.2", n=5), types.RunsFrame)
    assert_type(mlmagic.compare("loss < 0.2", group_by="lr"), types.CompareWidget)
    assert_type(mlmagic.diff("forest", "boosting"), types.Difference)
    assert_type(mlmagic.checklist("forest", experiment="churn"), types.Checklist)
    assert_type([one.fix for one in mlmagic.lint("train.ipynb")], list[str])
    assert_type(mlmagic.sync(), types.SyncReport)
    assert_type(mlmagic.last_run, mlmagic.Run)
    mlmagic.last_run.set_note("the baseline")
    mlmagic.last_run.set_tags({"team": "vision", "fold": 3, "draft": None})
    mlmagic.last_run.star(on=False)
    mlmagic.last_run.archive()
    assert_type(mlmagic.last_run.note, str)
    assert_type(mlmagic.runs(archived=True), types.RunsFrame)
    assert_type(mlmagic.last_run.params, dict[str, str])
    assert_type(mlmagic.last_run.duration_s, float | None)


def sweeping() -> None:
    def squares(x: int) -> float:
        return float(x**2)

    assert_type(mlmagic.sweep(squares, {"x": "range(3)"}, metric="loss", mode="min"), types.SweepFrame)


class Better:
    """A gate that a user writes."""

    name = "better than the champion"

    def judge(self, candidate: types.VersionFacts, holder: types.VersionFacts | None) -> types.GateVerdict:
        gain = candidate.metrics["accuracy"] - (holder.metrics["accuracy"] if holder else 0.0)
        return types.GateVerdict(gain > 0, f"it gains {gain:+.3f}", {"gain": gain})


def registering() -> None:
    assert_type(mlmagic.register("churn", run="forest", tags={"team": "risk"}), types.RegisteredVersion)
    assert_type(mlmagic.register("churn").version, int | None)
    assert_type(mlmagic.register("churn").pending, bool)
    assert_type(mlmagic.registered_models("churn", where="accuracy > 0.9"), types.ModelsFrame)
    assert_type(mlmagic.promote("churn", 3, to="champion", gate="accuracy > 0.85"), types.Promotion)
    assert_type(mlmagic.promote("churn", "@challenger", gate=Better()).verdict, types.GateVerdict | None)
    assert_type(mlmagic.rollback("churn").version, int | None)
    model = mlmagic.load_model("churn@champion", trust=True)
    model.predict([[1.0]])


def mistakes() -> None:
    mlmagic.promote("churn", gate=5)  # type: ignore[arg-type]
    mlmagic.sweep(len, {}, mode="least")  # type: ignore[arg-type]
    mlmagic.sweep(len, {}, search="annealing")  # type: ignore[arg-type]
    mlmagic.drift([[1]], [[1]], correction="holm")  # type: ignore[arg-type]
    mlmagic.evaluate(len, [[1]], [1], task="ranking")  # type: ignore[arg-type]
    mlmagic.split([1, 2], tset=0.2)  # type: ignore[call-arg]
    mlmagic.track(tag={"a": "b"})  # type: ignore[call-arg]
    mlmagic.runs(5)  # type: ignore[arg-type]


def handling() -> None:
    try:
        mlmagic.runs("loss <")
    except errors.UsageProblem as problem:
        assert_type(problem, errors.UsageProblem)
    except errors.MLMagicError:
        raise
