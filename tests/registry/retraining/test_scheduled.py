"""``mlmagic retrain script.py``: what a scheduler sees, twice, killed anywhere, and two at once."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from logged import log_model
from sklearn.datasets import load_breast_cancer
from sklearn.tree import DecisionTreeClassifier

import mlmagic
from mlmagic.cli import main
from mlmagic.registry.promotion import history

ROOT = Path(__file__).parents[3]
COMMAND = "import sys; from mlmagic.cli import main; sys.exit(main())"
SCRIPT = Path(__file__).with_name("scheduled.py")


@pytest.fixture
def churn(make_run, client, store_uri, tmp_path, monkeypatch):
    """A small tree as the champion of ``churn``, in a folder of its own."""
    monkeypatch.chdir(tmp_path)
    X, y = load_breast_cancer(return_X_y=True, as_frame=True)
    run_id = make_run("first")
    model = DecisionTreeClassifier(max_depth=1, random_state=0).fit(X[:200], y[:200])
    log_model(model, "model", client=client, run_id=run_id, requirements=["numpy"])
    mlmagic.register("churn", run="first")
    mlmagic.promote("churn", 1, to="champion")
    return client


def start(uri, *words):
    environment = {**os.environ, "MLFLOW_TRACKING_URI": uri, "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "ignore"}
    return subprocess.Popen(
        [sys.executable, "-c", COMMAND, "retrain", "--json", str(SCRIPT), *words],
        env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def run(uri, *words):
    process = start(uri, *words)
    out, err = process.communicate(timeout=120)
    return process.returncode, [json.loads(line) for line in out.splitlines()], err


def state(client):
    model = client.get_registered_model("churn")
    versions = client.search_model_versions("name = 'churn'")
    trained = [one for one in client.search_runs(["0"]) if one.data.tags.get("retrain_reason")]
    changes = [event for event in history.events_of(model.tags) if event.alias == "champion"]
    return int(model.aliases["champion"]), len(versions), len(trained), [event.what for event in changes]


def test_twice_it_trains_once_and_the_second_time_the_champion_is_good_enough(churn, store_uri):
    code, (first,), err = run(store_uri)
    assert (code, first["verdict"], first["champion"], first["version"]) == (0, "promoted", 1, 2), err
    assert "training" in err
    code, (second,), err = run(store_uri)
    assert (code, second["verdict"], second["champion"]) == (0, "kept", 2)
    assert "training" not in err
    assert state(churn) == (2, 2, 1, ["promoted", "promoted"])


@pytest.mark.parametrize("where", ["trained", "evaluated", "registered", "judged"])
def test_killed_anywhere_the_next_call_goes_on_there(churn, store_uri, where):
    code, _, _ = run(store_uri, where)
    assert code == -9
    before = state(churn)
    assert before[0] == 1
    code, (result,), err = run(store_uri)
    assert (code, result["verdict"], result["version"]) == (0, "promoted", 2), err
    if where != "trained":  # the store may not have had the model yet
        assert "training" not in err
    assert state(churn)[:2] == (2, 2)
    assert state(churn)[3] == ["promoted", "promoted"]


def test_of_two_at_once_one_is_promoted_and_both_succeed(churn, store_uri):
    processes = [start(store_uri, "wait") for _ in range(2)]
    for process in processes:
        for line in process.stderr:
            if line == "training\n":
                break
    for process in processes:
        process.stdin.write("go\n")
        process.stdin.flush()
    ended = [process.communicate(timeout=120) for process in processes]
    results = [json.loads(out) for out, err in ended if out or pytest.fail(err)]
    assert [process.returncode for process in processes] == [0, 0]
    champion, _, _, changes = state(churn)
    assert [(result["verdict"], result["version"]) for result in results] == [("promoted", champion)] * 2
    assert changes.count("promoted") == 2  # by hand, and by one of the two
    recorded = history.events_of(churn.get_registered_model("churn").tags)
    assert not [one for one in recorded if (one.what, one.version) == ("refused", champion)]
    assert list(history.breaks_in(recorded)) == []


def test_what_fails_in_the_script_is_shown_without_our_frames(tmp_path, capsys):
    script = tmp_path / "daily.py"
    script.write_text("import sys\nprint(sys.argv[1:])\n\ndef load():\n    return 1 / 0\n\nload()\n")
    assert main(["retrain", str(script), "--day", "2"]) == 1
    shown = capsys.readouterr()
    assert shown.out == "['--day', '2']\n"
    assert "runpy" not in shown.err
    assert f'File "{script}", line 5, in load' in shown.err
    assert shown.err.endswith("ZeroDivisionError: division by zero\n")


@pytest.mark.parametrize(
    ("text", "ends"),
    [
        ("x = 1", (1, "retrained nothing: it calls mlmagic.retrain(…) for each model")),
        ("import sys; sys.exit(7)", (7, "")),
        ("import sys; sys.exit('no data today')", (1, "no data today")),
        ("import mlmagic; mlmagic.retrain('no', print, on=(1, 2), metric='accuracy')", (1, "no registered model 'no'")),
        ("def (", (1, "SyntaxError")),
    ],
)
def test_other_scripts(store_uri, tmp_path, capsys, text, ends):
    code, message = ends
    script = tmp_path / "daily.py"
    script.write_text(text)
    assert main(["retrain", str(script)]) == code
    assert message in capsys.readouterr().err


def test_a_missing_script_and_a_notebook(tmp_path, capsys):
    assert main(["retrain", str(tmp_path / "no.py")]) == 1
    assert "there is no script" in capsys.readouterr().err
    assert main(["retrain", str(tmp_path / "a.ipynb")]) == 1
    assert "is a notebook" in capsys.readouterr().err
