"""The checklist of a run, graded from runs in a real store: of mlmagic, of plain MLflow, and edited by strangers."""

from __future__ import annotations

import json
import sqlite3

import pytest
from mlflow import MlflowClient
from mlflow.entities import Dataset, DatasetInput

import mlmagic
from mlmagic.cli import main
from mlmagic.errors import NoActiveRunError, RunNotFoundError, UsageProblem
from mlmagic.magics.completion import complete
from mlmagic.magics.reproducibility.checklist import ChecklistMagics
from mlmagic.session.log import ExecutionLog
from mlmagic.session.log_storage import LogStorage

GOOD = (
    "%load_ext mlmagic\n%seed 42",
    "from sklearn.datasets import load_wine\nX, y = load_wine(return_X_y=True)",
    "%split X y --test 0.2 --stratify y",
    "%%track wine\nmodel = make_pipeline(StandardScaler(), SVC()).fit(X_train, y_train)",
)
GIT = {"mlflow.source.git.commit": "0123456789abcdef", "mlmagic.git.dirty": "false"}
OURS = {"mlmagic.version": "0.1.0", "mlmagic.id": "f" * 32, "mlflow.source.type": "NOTEBOOK", **GIT}


@pytest.fixture
def record(make_run, store_uri):
    """Return a function that records a run with a session of these cells, and returns its id."""
    client = MlflowClient(store_uri)

    def make(name, cells=(), *, tags=OURS, files=(), data=("X_train",), ids=(), **more):
        run_id = make_run(name, tags=tags, **more)
        if cells:
            log = ExecutionLog()
            for number, source in enumerate(cells, 1):
                log.end(log.begin(source, number, cell_id=dict(ids).get(number)), "ok")
            client.log_text(run_id, json.dumps(LogStorage(log).up_to().content), "mlmagic/session.json")
        given = {
            "mlmagic/environment.json": '{"python": {"version": "3.13.1"}}',
            "mlmagic/requirements.txt": "a==1\nb==2\n",
        }
        for path, text in {**given, **dict(files)}.items():
            if text is not None:
                client.log_text(run_id, text, path)
        if data:
            inputs = [DatasetInput(Dataset(one, "d" * 32, "code", "{}")) for one in data]
            client.log_inputs(run_id, datasets=inputs)
        return run_id

    return make


def states(checklist):
    return {one.number: one.state for one in checklist.items if one.state != "passed"}


def item(checklist, number):
    return next(one for one in checklist.items if one.number == number)


def test_a_run_in_which_nothing_is_missing_is_8_of_8(record, store_uri):
    run_id = record("wine", GOOD)
    found = mlmagic.checklist("wine")
    assert [(one.number, one.state) for one in found.items] == [(number, "passed") for number in range(1, 9)]
    assert found.score == "8/8"
    assert mlmagic.Run(run_id).tags["mlmagic.checklist"] == "8/8"
    evidence = [" ".join(one.evidence) for one in found.items]
    assert evidence[:4] == [
        "%seed 42 (cell 1, line 2)",
        "%split X y --test 0.2 --stratify y (cell 3, line 1)",
        "X_train",
        "2 packages, Python 3.13.1",
    ]
    assert evidence[5] == "commit 01234567, nothing uncommitted"


def test_the_score_can_be_filtered(record):
    record("wine", GOOD)
    record("other", ["import numpy as np", "%%track other\nx = np.random.rand(3)"])
    mlmagic.checklist("wine")
    mlmagic.checklist("other")
    for condition in ("tags.`mlmagic.checklist` = 8/8", "mlmagic.checklist = 8/8"):
        assert list(mlmagic.runs(condition)["name"]) == ["wine"]


def test_of_a_run_of_plain_mlflow_is_graded_what_can_be(make_run):
    make_run("plain", {"lr": 0.1}, {"loss": 0.5}, tags={"mlflow.source.git.commit": "0123456789abcdef"})
    found = mlmagic.checklist("plain")
    assert set(states(found).values()) == {"not recorded"}
    assert found.score == "0/8"
    assert found.note == "not recorded by mlmagic: what MLflow alone does not record is named"
    assert all(one.evidence for one in found.items)


def test_of_an_older_run_without_a_log_the_cell_is_graded(record):
    record("old", files={"mlmagic/cell.py": "%%track old\nimport numpy as np\nx = np.random.rand(3)"})
    found = mlmagic.checklist("old")
    assert item(found, 1).state == "failed"
    assert item(found, 1).evidence[0].startswith("line 3: numpy.random.rand")
    assert item(found, 8).state == "not recorded"


def test_a_trial_and_its_folds_have_the_code_and_the_environment_of_the_sweep(record, make_run, store_uri):
    body = "%%sweep depths depth=2,4 --metric accuracy\nmodel = RandomForestClassifier().fit(X_train, y_train)"
    parent = record("depths", (*GOOD[:3], body))
    trial = make_run("depths 1", {"seed": 7}, tags={"mlflow.parentRunId": parent, "mlmagic.id": "e" * 32})
    fold = make_run("fold 0", tags={"mlflow.parentRunId": trial, "mlmagic.id": "d" * 32})
    for run_id in (trial, fold):
        found = mlmagic.checklist(mlmagic.Run(run_id))
        assert found.run_id == run_id
        assert found.score == "8/8"


STRANGE = {
    "mlmagic/session.json": ["[]", "{", '{"cells": 5}', '{"cells": [{"source": 5, "number": "x"}, 3]}', '{"packed": "%"}', "[" * 9999],
    "mlmagic/environment.json": ["[]", '{"python": 5}', '{"python": {"version": ["3"]}}', "nul"],
    "mlmagic/requirements.txt": ["", "\x00==\x1b[31m", "=="],
    "mlmagic/split.json": ["5", "[5]", '{"method": 3}', '[{"method": "by", "seed": "x"}]'],
    "mlmagic/models.json": ["[]", '{"m": 5}', '{"m": {"class": 3, "parameters": {"random_state": null, "a": [], "a__random_state": null, "a__b__random_state": null}}}'],
    "mlmagic/cell.py": ["\x00", "x = ("],
}  # fmt: skip


def test_a_record_that_a_stranger_has_edited_raises_nothing(record, store_uri):
    run_id, client = record("a", GOOD), MlflowClient(store_uri)
    strange = {"mlflow.parentRunId": run_id, "mlmagic.order": "\x1b[31m", "mlmagic.git.dirty": "perhaps"}
    for tag, value in strange.items():
        client.set_tag(run_id, tag, value)
    for path, texts in STRANGE.items():
        for text in texts:
            client.log_text(run_id, text, path)
            found = mlmagic.checklist("a")
            assert [one.number for one in found.items] == [*range(1, 9)], (path, text)
    assert states(found)[8] == "not recorded"


def test_a_deleted_run_is_one_line(record, store_uri):
    run_id = record("a", GOOD)
    MlflowClient(store_uri).delete_run(run_id)
    for reference in ("a", run_id):
        with pytest.raises(RunNotFoundError, match=r"was deleted\. Restore it with"):
            mlmagic.checklist(reference)


def test_what_names_no_single_run_is_one_line(store_uri, monkeypatch):
    monkeypatch.setattr("mlmagic.recording.open_runs.last_id", lambda: None)
    with pytest.raises(NoActiveRunError, match="%checklist RUN names one"):
        mlmagic.checklist()
    for given, said in ((["a", "b"], "of one run, not of 2"), ([], "not of 0"), (5, r"not by 5 \(int\)")):
        with pytest.raises(UsageProblem, match=said):
            mlmagic.checklist(given)


def test_without_a_name_it_is_the_last_run_of_the_session(record, store_uri, monkeypatch):
    run_id = record("a", GOOD)
    monkeypatch.setattr("mlmagic.recording.open_runs.last_id", lambda: run_id)
    assert mlmagic.checklist().run == "a"
    MlflowClient(store_uri).delete_run(run_id)
    with pytest.raises(RunNotFoundError, match="was deleted"):
        mlmagic.checklist()
    monkeypatch.setattr("mlmagic.recording.open_runs.last_id", lambda: "0" * 32)
    with pytest.raises(RunNotFoundError, match="recorded offline, %mlmagic sync delivers it"):
        mlmagic.checklist()


def test_the_checklist_is_shown_if_the_tag_cannot_be_written(record, tmp_path):
    record("a", GOOD)
    with sqlite3.connect(tmp_path / "mlflow.db") as database:
        database.execute("CREATE TRIGGER full BEFORE INSERT ON tags BEGIN SELECT RAISE(FAIL, 'disk full'); END")
    found = mlmagic.checklist("a")
    assert found.score == "8/8"
    assert found.problem.startswith("the score is not the run's tag: ")


def test_a_run_that_failed_is_graded_and_says_so(record):
    record("a", GOOD, status="FAILED")
    found = mlmagic.checklist("a")
    assert (found.score, found.note) == ("8/8", "the run failed: graded by what was recorded until then")


def test_the_magic_takes_a_run_a_variable_and_quotes(record, shell):
    shell.register_magics(ChecklistMagics)
    record("first try", GOOD)
    shell.user_ns["chosen"] = mlmagic.Run.find("first try")
    for line in ("'first try'", "{chosen}", "$chosen"):
        assert shell.run_line_magic("checklist", line).run == "first try"
    with pytest.raises(UsageProblem, match='A name with spaces needs quotes: %checklist "first try"'):
        shell.run_line_magic("checklist", "first try")
    assert complete(shell, "checklist", "%checklist fir", "fir") == ["first try"]


def test_the_command_prints_the_checklist_and_returns_1_below_8(record, capsys):
    record("wine", GOOD)
    assert main(["checklist", "wine"]) == 0
    assert capsys.readouterr().out.splitlines()[0] == "wine: 8/8 reproducible"
    record("bad", ["import random", "%%track bad\nrandom.random()"])
    assert main(["checklist", "bad", "--json"]) == 1
    printed = json.loads(capsys.readouterr().out)
    assert printed["score"] == "7/8"
    assert printed["items"][0]["fix"] == "%seed 42"


def test_the_command_names_a_missing_run(store_uri, make_run, capsys):
    make_run("forest")
    assert main(["checklist", "foest"]) == 1
    assert "Did you mean 'forest'?" in capsys.readouterr().err


def test_a_run_is_looked_up_in_an_experiment(record, make_run):
    record("a", GOOD)
    make_run("a", experiment="churn")
    assert mlmagic.checklist("a").score == "8/8"
    assert mlmagic.checklist("a", experiment="churn").score == "0/8"
    with pytest.raises(UsageProblem, match=r"experiment is text, not 5 \(int\)"):
        mlmagic.checklist("a", experiment=5)
