"""Two stores, one for the snippets by hand and one for the cells of mlmagic, and the comparison of what they hold."""

from __future__ import annotations

import contextlib
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import mlflow
import numpy as np
import pytest
from databases import copy_new_database
from pairs import LEFT_OUT, NEXT_CELL
from records import read_experiment

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pairs import Facts, Pair
    from records import RunRecord, VersionRecord


@dataclass
class Side:
    """What one side left: runs and versions in its store, the variables of its code, and what it printed."""

    runs: dict[str, RunRecord]
    versions: dict[str, VersionRecord]
    names: dict[str, Any]
    printed: str


@pytest.fixture(scope="module")
def stores(tmp_path_factory) -> list[Path]:
    """The folders of the two stores."""
    folders = [tmp_path_factory.mktemp(name) for name in ("by_hand", "mlmagic")]
    for folder in folders:
        copy_new_database(folder / "mlflow.db", artifacts=str(folder / "mlruns/0"))
    return folders


@pytest.fixture
def compare(stores, new_shell, monkeypatch, request) -> Callable[[str, Pair], None]:
    """Return a function that runs both sides of a pair, each after the setup, and compares what they leave."""
    import matplotlib.pyplot as plt

    def by_hand(code):
        names = {"__name__": "__main__"}
        exec(code, names)
        return names

    def in_cells(code):
        shell = new_shell()
        shell.user_ns["__name__"] = "__main__"
        try:
            for cell in ("%load_ext mlmagic\nimport mlmagic", *code.split(NEXT_CELL)):
                shell.run_cell(cell, store_history=True).raise_error()
        finally:
            shell.run_cell("%unload_ext mlmagic")
        return shell.user_ns

    def run(folder, execute, code):
        from mlflow.tracking import fluent

        uri = f"sqlite:///{folder / 'mlflow.db'}"
        monkeypatch.chdir(folder)
        monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
        monkeypatch.setenv("MLFLOW_EXPERIMENT_ID", "")  # that `set_experiment` sets it is undone then
        monkeypatch.setattr(fluent, "_active_experiment_id", None)
        mlflow.set_tracking_uri(uri)
        mlflow.set_experiment(request.node.name)
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            names = execute(code)
        plt.close("all")
        return Side(*read_experiment(request.node.name, names.get("X_test")), names, printed.getvalue())

    def both(setup, pair):
        plt.switch_backend("agg")
        first = run(stores[0], by_hand, setup + pair.by_hand)
        second = run(stores[1], in_cells, setup + NEXT_CELL + pair.mlmagic)
        _compare(first, second, pair)

    yield both
    mlflow.set_tracking_uri(None)


def _compare(by_hand: Side, mlmagic: Side, pair: Pair) -> None:
    assert {*by_hand.runs} == {*pair.runs}
    assert {*pair.runs} <= {*mlmagic.runs}
    assert {name.partition("/")[0] for name in mlmagic.runs} == {name.partition("/")[0] for name in pair.runs}
    for name, facts in pair.runs.items():
        _compare_runs(by_hand.runs[name], mlmagic.runs[name], facts)
    assert {name: one.aliases for name, one in by_hand.versions.items()} == pair.versions
    assert mlmagic.versions == by_hand.versions
    for name in pair.answers:
        np.testing.assert_array_equal(mlmagic.names[name], by_hand.names[name])
    assert pair.says in mlmagic.printed, mlmagic.printed


def _compare_runs(by_hand: RunRecord, mlmagic: RunRecord, facts: Facts) -> None:
    for kind, called in vars(facts).items():
        theirs, ours = getattr(by_hand, kind), getattr(mlmagic, kind)
        assert {*theirs} == {*called}, f"the row lists other {kind} than the snippet by hand leaves"
        wanted = {called[name]: value for name, value in theirs.items() if called[name] != LEFT_OUT}
        found = {name: ours.get(name, "missing") for name in wanted}
        if kind == "metrics":
            assert _steps(found) == _steps(wanted)
            wanted, found = _values(wanted), pytest.approx(_values(found), rel=1e-12)
        assert found == wanted, f"{kind}; mlmagic has {sorted(ours)}"


def _steps(metrics):
    return {name: [step for step, _ in points] for name, points in metrics.items()}


def _values(metrics):
    return {f"{name} at {step}": value for name, points in metrics.items() for step, value in points}
