"""The page of a run: all that is recorded of it, whatever a store has."""

import json
import math
import os
from pathlib import Path

import pytest

import mlmagic
from mlmagic.comparison.pages.run_page import read_page
from mlmagic.errors import RunNotFoundError, StoreError


@pytest.fixture
def client(store_uri):
    from mlflow import MlflowClient

    return MlflowClient(store_uri)


@pytest.fixture
def folder(client, make_run):
    """A run's id, and the folder of its files."""

    def make(**options):
        run_id = make_run("forest", **options)
        path = Path(client.get_run(run_id).info.artifact_uri.removeprefix("file://"))
        path.mkdir(parents=True, exist_ok=True)
        return run_id, path

    return make


def write(folder, path, content):
    file = folder / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(content)


def test_a_tracked_run_has_its_code_output_environment_and_figures_on_its_page(store_uri):
    from mlflow import MlflowClient

    with mlmagic.track("forest", tags={"team": "vision"}, description="a note"):
        mlmagic.log_params(depth=3)
        mlmagic.log(loss=0.5)
        print("hello")
    mlmagic.sync()
    run = mlmagic.Run.find("forest")
    MlflowClient(store_uri).log_text(run.id, "{}", "notes/plan.json")
    page = read_page(run.id)
    assert (page.name, page.status, page.note) == ("forest", "FINISHED", "a note")
    assert page.tags == [("team", "vision")]
    assert ("depth", "3") in page.params
    assert (page.metrics, page.values) == ([("loss", "min")], [0.5])
    assert page.duration_s > 0
    assert page.installed > 50
    assert "Python" in dict(page.environment)
    assert "notes/plan.json" in dict(page.files)
    assert page.problems == []
    json.dumps(page.to_json(), allow_nan=False)


def test_texts_are_in_the_order_in_which_one_reads_them(folder):
    run_id, path = folder()
    write(path, "mlmagic/output.txt", "<b>out</b>")
    write(path, "mlmagic/cell.py", "x = 1")
    write(path, "mlmagic/traceback.txt", "Boom")
    texts = read_page(run_id).texts
    assert [(text.title, text.text, text.told) for text in texts] == [
        ("Traceback", "Boom", ""),
        ("Code", "x = 1", ""),
        ("Output", "<b>out</b>", ""),
    ]


def test_a_long_output_is_cut_in_the_middle_and_says_how_to_get_it(folder):
    run_id, path = folder()
    write(path, "mlmagic/output.txt", "a" * 60_000 + "b" * 1_000_000 + "c" * 40_000)
    (text,) = read_page(run_id).texts
    assert len(text.text) < 101_000
    assert text.text.startswith("a" * 60_000 + "\n… 1,000,000 characters are left out …\n" + "c" * 40_000)
    assert text.told == (
        "1,000,000 of 1,100,000 characters are left out in the middle. "
        f'mlmagic.Run("{run_id}").text("mlmagic/output.txt") returns all of it.'
    )


def test_an_output_of_50_megabytes_is_not_read(folder):
    run_id, path = folder()
    write(path, "mlmagic/output.txt", "")
    os.truncate(path / "mlmagic/output.txt", 50_000_000)
    page = read_page(run_id)
    (text,) = page.texts
    assert text.text == ""
    assert text.told.startswith("It is not read: it has 50 MB. mlmagic.Run(")
    assert page.problems == []


def test_names_of_files_are_data(folder, tmp_path):
    run_id, path = folder()
    (tmp_path / "secret.txt").write_text("secret")
    (path / "mlmagic").mkdir()
    (path / "mlmagic/output.txt").symlink_to(tmp_path / "secret.txt")
    (path / "out").symlink_to(tmp_path)
    for name in ("<img src=x onerror=alert(1)>.png", "$5 and $6.txt", "..x", " "):
        write(path, name, "x")
    page = read_page(run_id)
    assert set(dict(page.files)) == {"<img src=x onerror=alert(1)>.png", "$5 and $6.txt", "..x", " "}
    (output,) = page.texts
    assert output.text == ""
    assert "is a link, which is not followed" in output.told
    assert any("out: not read: it is a link" in problem for problem in page.problems)
    assert "secret" not in json.dumps(page.to_json())


def test_a_run_that_names_a_folder_of_somebody_else_has_a_page_without_files(make_run, store_uri, tmp_path):
    import sqlite3

    run_id = make_run("odd", {"lr": 1})
    with sqlite3.connect(store_uri.removeprefix("sqlite:///")) as database:
        database.execute("update runs set artifact_uri = ?", (f"file://{tmp_path}",))
    page = read_page(run_id)
    assert page.files == []
    assert page.params == [("lr", "1")]
    assert any("which is no folder of this run: nothing is read there" in problem for problem in page.problems)


def test_values_that_json_does_not_take_travel_apart(make_run):
    page = read_page(make_run("odd", {}, {"a": math.nan, "b": math.inf, "c": 1.5}))
    assert [name for name, _ in page.metrics] == ["a", "b", "c"]
    assert math.isnan(page.values[0])
    assert page.values[1:] == [math.inf, 1.5]
    json.dumps(page.to_json(), allow_nan=False)


def test_datasets_have_their_shape_and_use(client, make_run):
    from mlflow.entities import Dataset, DatasetInput, InputTag

    run_id = make_run("forest")
    profile = json.dumps({"num_rows": 100})
    client.log_inputs(
        run_id,
        datasets=[
            DatasetInput(
                Dataset("X", "1f", "code", "{}", profile=profile), [InputTag("mlflow.data.context", "training")]
            ),
            DatasetInput(Dataset("<b>y</b>", "2e", "code", "{}", profile="no json"), []),
        ],
    )
    found = {one.name: (one.digest, one.context, one.shape) for one in read_page(run_id).datasets}
    assert found == {"X": ("1f", "training", "100 rows"), "<b>y</b>": ("2e", "", "")}


def test_what_mlmagic_found_out_is_told_and_its_machinery_is_not(make_run):
    tags = {
        "mlmagic.order": "out of order",
        "mlmagic.error": "ValueError: no",
        "mlmagic.id": "1" * 32,
        "mlflow.user": "ana",
        "mlmagic.evaluated": json.dumps({"rf": {"prefix": "", "metrics": ["f1", "auc"], "logged": ""}}),
        "team": "vision",
    }
    page = read_page(make_run("forest", tags=tags))
    assert dict(page.verdicts) == {"order of cells": "out of order", "error": "ValueError: no"}
    assert dict(page.source) == {"user": "ana"}
    assert page.tags == [("team", "vision")]
    assert page.evaluated == [("rf", "f1, auc")]


def test_a_deleted_run_has_a_page_that_says_so(client, make_run):
    run_id = make_run("gone", {"lr": 1})
    client.delete_run(run_id)
    page = read_page(run_id)
    assert page.is_deleted
    assert page.params == [("lr", "1")]


def test_a_run_that_does_not_exist_is_one_sentence(store_uri):
    with pytest.raises(RunNotFoundError, match="No run has the id"):
        read_page("a" * 32)


def test_a_store_that_is_away_is_one_sentence(make_run, monkeypatch):
    import mlflow

    run_id = make_run("forest")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    mlflow.set_tracking_uri("http://127.0.0.1:9")
    with pytest.raises(StoreError, match=r"http://127\.0\.0\.1:9"):
        read_page(run_id)


def test_of_many_folders_the_first_are_listed_and_it_says_how_many_are_not(folder):
    run_id, path = folder()
    for at in range(150):
        write(path, f"many/{at:03}/x.txt", "x")
    page = read_page(run_id)
    assert 0 < len(page.files) < 150
    assert page.left_out == "the files of 52 more folders"


def test_a_run_of_an_http_store_links_to_its_ui_without_a_setting(make_run, monkeypatch):
    from mlmagic.store import tracking_uri

    monkeypatch.setattr(tracking_uri, "current_uri", lambda: "https://user:secret@mlflow.example.org/base/")
    assert tracking_uri.url("r1", "7") == "https://mlflow.example.org/base/#/experiments/7/runs/r1"
