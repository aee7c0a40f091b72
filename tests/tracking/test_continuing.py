"""`--resume`: which run it means, what the run keeps, and what it is refused with."""

from __future__ import annotations

from pathlib import Path

import mlflow
import pytest

import mlmagic
from mlmagic.errors import MLMagicError, UsageProblem
from mlmagic.recording.options import Origin, TrackOptions
from mlmagic.store.query.run import Run
from mlmagic.tracking import continuing, tracker
from mlmagic.tracking.opening import open_run
from mlmagic.user_settings import settings


@pytest.fixture(autouse=True)
def _no_earlier_runs(monkeypatch):
    monkeypatch.setattr(continuing, "_last_in_notebook", {})


@pytest.fixture
def run(store_uri):
    """Return a function that runs a cell of a notebook, and returns its run as it is stored."""

    def run(notebook="a.ipynb", *, work=lambda _: None, number=None, new_kernel=False, error=None, **options):
        if new_kernel:
            continuing._last_in_notebook.clear()
        file = None if notebook is None else Path.cwd() / notebook
        opened = open_run(TrackOptions(**options), Origin("x = 1", kind="NOTEBOOK", notebook=file, number=number))
        work(opened)
        tracker.close(opened, error)
        return Run(opened.run_id)

    return run


@pytest.mark.parametrize(
    ("notebook", "new_kernel"),
    [
        ("a.ipynb", False),
        ("sub/a_b.ipynb", True),
        ("Ana's 100%.ipynb", True),
        ('a "quoted" `b`.ipynb', True),
        ("ä漢.ipynb", True),
    ],
)
def test_the_last_run_of_the_notebook_goes_on(notebook, new_kernel, run):
    first = run(notebook)
    run("another.ipynb")
    run(notebook.replace("_", "x").replace("%", "y") + ".py")
    assert run(notebook, resume="", new_kernel=new_kernel).id == first.id


def test_of_several_runs_the_last_one_goes_on(run):
    run()
    second = run(name="second")
    for new_kernel in (False, True):
        assert run(resume="", new_kernel=new_kernel).id == second.id


def test_a_run_of_plain_mlflow_is_not_the_notebooks(run):
    with mlflow.start_run(tags={"mlflow.source.name": "a.ipynb"}):
        pass
    with pytest.raises(UsageProblem, match=r"^--resume has nothing to go on with: this notebook has no run yet\."):
        run(resume="")


def test_a_run_that_is_named_goes_on(run):
    first = run(name="first")
    run(name="second")
    for reference in ("first", first.id, first.id[:8]):
        assert run(resume=reference, new_kernel=True).id == first.id


def test_it_keeps_its_parameters_counts_on_and_takes_the_last_status(run):
    def log(number):
        def work(opened):
            opened.recorder.param("lr", 0.1 * number)
            opened.recorder.param(f"own{number}", number)
            opened.recorder.metric("loss", [1 / number] * 3)

        return work

    first = run(work=log(1), number=3, error=ValueError("odd"))
    assert first.status == "FAILED"
    second = run(work=log(2), number=5, resume="", new_kernel=True)
    assert (second.id, second.status) == (first.id, "FINISHED")
    assert second.params == {"lr": "0.1", "own1": "1", "own2": "2"}
    history = mlflow.MlflowClient().get_metric_history(second.id, "loss")
    assert [(point.step, point.value) for point in history] == [
        *((n, 1.0) for n in range(3)),
        *((n, 0.5) for n in range(3, 6)),
    ]
    assert second.tags["mlmagic.cell"] == "[3, 5]"
    assert second.text("mlmagic/cell.py").count("x = 1") == 2


def test_a_step_near_the_end_of_what_a_store_can_count_is_not_gone_on_from(run):
    first = run(work=lambda opened: opened.recorder.metric("m", 1, 5))
    mlflow.MlflowClient().log_metric(first.id, "m", 2.0, step=2**62 + 1)
    run(resume="", new_kernel=True, work=lambda opened: opened.recorder.metric("m", 3))
    steps = [point.step for point in mlflow.MlflowClient().get_metric_history(first.id, "m")]
    assert sorted(steps) == [5, 6, 2**62 + 1]


REFUSED = {
    "a name": ({"resume": "", "name": "other"}, r"^a continued run keeps its name, 'first': leave 'other' out, or write --resume 'other'"),
    "a parent": ({"resume": "", "parent": "first"}, "^a continued run keeps its parent and its experiment"),
    "an experiment": ({"resume": "first", "experiment": "e"}, "^a continued run keeps its parent and its experiment"),
    "a run that does not exist": ({"resume": "frist"}, "frist"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_what_contradicts_it_is_refused_in_one_line(name, run):
    run(name="first")
    options, said = REFUSED[name]
    with pytest.raises(MLMagicError, match=said) as raised:
        run(**options)
    assert "\n" not in str(raised.value)
    assert mlflow.active_run() is None


def test_a_run_that_is_open_around_the_cell_does_not_go_on(run):
    with (
        mlmagic.track("outer", quiet=True),
        pytest.raises(UsageProblem, match=r"^--resume: the run 'outer' is open now, around this cell"),
    ):
        run(resume="outer")


def test_without_a_notebook_and_without_a_run_the_way_is_told(run):
    with pytest.raises(
        UsageProblem, match=r"the notebook's file name, by which earlier runs are found, is not known here"
    ):
        run(None, resume="")
    first = run(None)
    assert run(None, resume="").id == first.id


def test_a_run_that_was_deleted_for_good_is_gone(run, tmp_path):
    first = run()
    client = mlflow.MlflowClient()
    client.delete_run(first.id)
    client._tracking_client.store._hard_delete_run(first.id)
    with pytest.raises(
        UsageProblem, match=r"^--resume has nothing to go on with: the last run of this notebook is gone\."
    ):
        run(resume="")


def test_offline_the_last_run_of_this_kernel_goes_on(run, monkeypatch):
    first = run(name="first")
    monkeypatch.setattr(settings, "offline", True)
    for reference in ("", "first", first.id[:8]):
        opened = open_run(TrackOptions(resume=reference), Origin("x", kind="NOTEBOOK", notebook=Path.cwd() / "a.ipynb"))
        assert opened.target.earlier.run_id == first.id
        tracker.close(opened, None)
    for options in ({"resume": "other"}, {"resume": first.id[:3]}):
        with pytest.raises(UsageProblem, match=r"^--resume: the store cannot be asked for the run now"):
            run(**options)
    with pytest.raises(UsageProblem, match=r"^--resume: the store cannot be asked for the run now"):
        run("b.ipynb", resume="")


@pytest.mark.parametrize(
    ("text", "cells"),
    [("[3, 5]", (3, 5)), ("3", (3,)), ("", ()), ("[]", ()), ("null", ()), ('["3", 4, true, 5.0]', (4,)), ("{}", ()), ("[[1]]", ()), ("not json", ())],
)  # fmt: skip
def test_the_cells_of_a_run_are_read_from_whatever_its_tag_holds(text, cells):
    assert continuing._cells(text) == cells
