"""Models of two runs in a real store are compared in a process of their own, if their files are this user's."""

import os
import pickle
import signal
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import psutil
import pytest
from logged import log_model
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.cluster import KMeans
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from mlmagic.replay.comparing import compare
from mlmagic.replay.predictions.asking_models import ask_models
from mlmagic.replay.predictions.model_process import Place, Question, ask
from mlmagic.replay.results import read_results
from mlmagic.store.model_files import loading

X = pd.DataFrame(np.random.RandomState(0).rand(40, 3), columns=["a", "b", "c"])
Y = (X.a > 0.5).map({True: "yes", False: "no"})


class Bomb:
    """Marks that it was unpickled."""

    def __init__(self, marker):
        self._marker = marker

    def __reduce__(self):
        return Path.touch, (self._marker,)


class Timed(ClassifierMixin, BaseEstimator):
    """Keeps the time of its fit, and a set of texts: its pickle is another one each time."""

    def fit(self, X, y=None):
        self.n_features_in_ = X.shape[1]
        self.fitted_at = time.time_ns()
        self.seen = {os.urandom(4).hex() for _ in range(9)}
        return self

    def predict(self, X):
        return (np.asarray(X)[:, 0] > 0.5).astype(int)


class Fatal(Timed):
    """Starts a process and dies where it predicts, but not in the process that made it."""

    def __init__(self, note="."):
        self.note = note

    def fit(self, X, y=None):
        self.home = os.getpid()
        return super().fit(X, y)

    def predict(self, X):
        import subprocess

        if os.getpid() != self.home:
            sleeping = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
            Path(self.note).write_text(str(sleeping.pid))
            os.kill(os.getpid(), 9)
        return super().predict(X)


class Endless(Fatal):
    """Never ends where it predicts."""

    def predict(self, X):
        if os.getpid() != self.home:
            Path(f"{self.note}.part").write_text(str(os.getpid()))
            Path(f"{self.note}.part").rename(self.note)
            time.sleep(600)
        return np.zeros(len(X))


def _ends(pid):
    end = time.monotonic() + 20
    while time.monotonic() < end:
        try:
            if psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
                return True
        except psutil.NoSuchProcess:
            return True
        time.sleep(0.05)
    return False


@pytest.fixture
def client(store_uri):
    from mlflow import MlflowClient

    return MlflowClient(store_uri)


@pytest.fixture
def place(tmp_path):
    (tmp_path / "scratch").mkdir()
    return Place(tmp_path, tmp_path / "scratch")


@pytest.fixture
def two_runs(make_run, client):
    """Return a function that logs models to a run and to its replay, and returns the results of both."""

    def made(pairs, example=X, change=None):
        runs = [make_run("it"), make_run("it replayed")]
        for name, models in pairs.items():
            for run_id, model in zip(runs, models, strict=True):
                log_model(model, name, client=client, run_id=run_id, input_example=example, requirements=["numpy"])
        if change is not None:
            (model,) = client.search_logged_models(["0"], f"source_run_id = '{runs[0]}'")
            change(Path(model.artifact_location))
        return [read_results(client, client.get_run(run_id)) for run_id in runs]

    return made


def _table(original, replayed, place):
    ask_models(original, [replayed], place)
    return {one.name: (one.state, one.note) for one in compare(original, replayed) if one.kind == "model"}


def test_models_whose_files_differ_are_compared_by_what_they_predict(two_runs, place, tmp_path):
    def pipe(c):
        return make_pipeline(StandardScaler(), LogisticRegression(C=c)).fit(X, Y)

    original, replayed = two_runs(
        {
            "timed": [Timed().fit(X), Timed().fit(X)],
            "pipe": [pipe(1.0), pipe(1.0)],
            "other_pipe": [pipe(1.0), pipe(9.0)],
            "ridge": [Ridge(alpha=1.0).fit(X, X.a), Ridge(alpha=1.5).fit(X, X.a)],
            "clusters": [KMeans(2, n_init=1, random_state=0).fit(X) for _ in range(2)],
            "fatal": [Fatal(str(tmp_path / "pid")).fit(X) for _ in range(2)],
        }
    )
    assert original.models["timed"].digest != replayed.models["timed"].digest
    before = dict(os.environ), [*sys.path]
    found = _table(original, replayed, place)
    same = ("identical", "predicts the same on 5 stored rows")
    assert found["timed"] == same
    assert (found["pipe"], found["clusters"]) == (("identical", ""), ("identical", ""))  # skops wrote them, as the same
    assert found["ridge"][0] == "different"
    assert found["ridge"][1].startswith("5 of 5 stored predictions differ, by up to 0.0")
    assert found["other_pipe"][1].startswith("the probabilities of 5 of 5 stored rows differ, by up to 0.")
    assert found["fatal"] == ("not compared", "the process that asked it was killed by signal 9")
    assert _ends(int((tmp_path / "pid").read_text()))
    assert (dict(os.environ), sys.path) == before
    assert original.predictions["ridge"].outputs["predict"] == pytest.approx(
        Ridge(alpha=1.0).fit(X, X.a).predict(X[:5])
    )


def test_a_model_without_rows_is_not_asked(two_runs, place):
    original, replayed = two_runs({"m": [Timed().fit(X), Timed().fit(X)]}, example=None)
    assert _table(original, replayed, place) == {"m": ("not compared", "no rows are stored with it")}


@pytest.fixture
def marker(tmp_path):
    return tmp_path / "unpickled"


def _replace_model(folder, marker):
    (folder / "model.pkl").write_bytes(pickle.dumps(Bomb(marker)))


def _replace_code(folder, marker):
    (folder / "code").mkdir()
    (folder / "code" / "numpy.py").write_text(f"open({str(marker)!r}, 'w')")


def _replace_rows(folder, marker):
    (folder / "input_example.json").write_text('{"columns": ["a"], "data": [[1]]}')


def _link_model(folder, marker):
    other = folder.parent / "other.pkl"
    other.write_bytes(pickle.dumps(Bomb(marker)))
    (folder / "model.pkl").unlink()
    (folder / "model.pkl").symlink_to(other)


def _name_fifo(folder, marker):
    os.mkfifo(folder / "fifo")


@pytest.mark.parametrize(
    "change", [_replace_model, _replace_code, _replace_rows, _link_model, _name_fifo], ids=lambda one: one.__name__
)
def test_files_that_somebody_else_changed_are_not_loaded(change, two_runs, place, marker):
    original, replayed = two_runs({"m": [Timed().fit(X), Timed().fit(X)]}, change=lambda folder: change(folder, marker))
    ((state, note),) = _table(original, replayed, place).values()
    assert state == "not compared"
    assert note.startswith(("its files do not bear your signature", "its files cannot be read"))
    assert not marker.exists()


def test_files_that_change_after_they_were_judged_are_not_loaded(two_runs, place, marker, monkeypatch):
    """The copy is judged again, so a file that is replaced between the two is not loaded."""
    original, replayed = two_runs({"m": [Timed().fit(X), Timed().fit(X)]})
    judged = loading.is_trusted

    def replace_after(files, folder):
        found = judged(files, folder)
        if folder != place.scratch / "models" / "0":
            _replace_model(folder, marker)
        return found

    monkeypatch.setattr(loading, "is_trusted", replace_after)
    ((state, note),) = _table(original, replayed, place).values()
    assert (state, note.partition(",")[0]) == ("not compared", "its files do not bear your signature")
    assert not marker.exists()


def test_a_model_of_plain_mlflow_is_asked_once_the_user_agreed_to_load_it(make_run, client, place):
    import mlflow

    results = []
    for name in ("it", "it replayed"):
        model = Ridge().fit(X, X.a)
        model.fitted_at = time.time_ns()
        with mlflow.start_run(run_id=make_run(name)) as run:
            mlflow.sklearn.log_model(
                model, name="m", input_example=X[:3], serialization_format="cloudpickle", pip_requirements=[]
            )
        results.append(read_results(client, client.get_run(run.info.run_id)))
    ((state, note),) = _table(*results, place).values()
    assert state == "not compared"
    assert f"mlmagic.load_model('runs:/{results[0].run.info.run_id}/m')" in note
    results[0].predictions.clear()
    loading.load(results[0].models["m"].files, trust=True)
    assert _table(*results, place) == {"m": ("identical", "predicts the same on 3 stored rows")}


def test_a_model_that_never_answers_is_left(tmp_path, place):
    from mlmagic.models.saving.save import save_model

    save_model(Endless(str(tmp_path / "pid")).fit(X), "m", tmp_path / "m", input_example=X)
    found = ask([Question("m", tmp_path / "m", tmp_path / "m")], place, longest_s=5)
    assert found["m"].problem == "it did not answer within 5 s"


def test_an_interrupt_ends_the_process_that_asks(tmp_path, place):
    from mlmagic.models.saving.save import save_model

    started = tmp_path / "pid"
    save_model(Endless(str(started)).fit(X), "m", tmp_path / "m", input_example=X)

    def interrupt():
        while not started.exists():
            time.sleep(0.05)
        os.kill(os.getpid(), signal.SIGINT)

    waiting = threading.Thread(target=interrupt, daemon=True)
    waiting.start()
    with pytest.raises(KeyboardInterrupt):
        ask([Question("m", tmp_path / "m", tmp_path / "m")], place)
    waiting.join()
    assert _ends(int(started.read_text()))
    assert [*place.scratch.iterdir()] == []


def test_an_earlier_answer_is_not_taken_for_one_that_failed(tmp_path, place):
    from mlmagic.models.saving.save import save_model

    save_model(Ridge().fit(X, X.a), "m", tmp_path / "m", input_example=X)
    question = Question("m", tmp_path / "m", tmp_path / "m")
    (tmp_path / "random.py").write_text("raise ValueError('a file of the user that is named as a module of Python')")
    (tmp_path / "numpy.py").write_text("raise ValueError('as a library')")
    assert ask([question], place)["m"].rows == 5
    assert (
        ask([question], replace(place, python="false"))["m"].problem == "the process that asked it ended with status 1"
    )


def test_a_python_that_is_not_there_is_a_reason(tmp_path):
    nowhere = Place(tmp_path, tmp_path, python=str(tmp_path / "python"))
    found = ask([Question("m", tmp_path, tmp_path)], nowhere)
    assert found["m"].problem.startswith("it could not be asked: [Errno 2]")


def test_a_model_that_is_too_large_to_read_costs_only_its_line(two_runs, place):
    def grow(folder):
        with (folder / "weights.bin").open("wb") as file:
            file.truncate(600_000_000)

    original, replayed = two_runs({"m": [Timed().fit(X), Timed().fit(X)]}, change=grow)
    assert _table(original, replayed, place) == {
        "m": ("not compared", "its files cannot be read: they have 600 MB, more than 500 MB")
    }
