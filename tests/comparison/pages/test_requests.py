"""What the browser asks the widget for: pages, figures, and changes of runs, with the table as it is afterwards."""

from pathlib import Path

import numpy as np
import pytest

import mlmagic
from mlmagic.comparison.selecting import select
from mlmagic.comparison.widget import CompareWidget
from mlmagic.registry import registry_store

PNG = b"\x89PNG\r\n\x1a\n not really"


class Browser:
    """The browser's end of a widget: asks, and returns the answer with its buffers."""

    def __init__(self, *what):
        self.widget = CompareWidget(select(what))
        self.sent = []
        self.widget.send = lambda message, buffers=None: self.sent.append((message, buffers))

    def ask(self, kind, **content):
        self.widget._receive(self.widget, {"kind": kind, "request": 1, **content}, [])
        return self.sent.pop()

    def change(self, action, *runs, **content):
        answer, _ = self.ask("edit", action=action, runs=list(runs), **content)
        return answer

    def column(self, name):
        column = next(one for one in self.widget.table["columns"] if one["id"] == name)
        codes = np.frombuffer(column["codes"], dtype=np.int32)
        return [column["words"][code] if code >= 0 else None for code in codes]


@pytest.fixture
def two(make_run):
    """Two runs, the newest first."""
    return make_run("second"), make_run("first")


@pytest.fixture
def browser(two):
    return Browser(*two)


def files_of(run_id):
    from mlflow import MlflowClient

    path = Path(MlflowClient().get_run(run_id).info.artifact_uri.removeprefix("file://"))
    (path / "figures").mkdir(parents=True, exist_ok=True)
    return path


def test_a_page_comes_with_the_last_values_as_bytes(make_run):
    run_id = make_run("forest", {"lr": 1}, {"loss": float("nan"), "size": 2})
    answer, buffers = Browser(run_id).ask("run", run=run_id)
    assert answer["page"]["name"] == "forest"
    assert "values" not in answer["page"]
    values = np.frombuffer(buffers[0])
    assert np.isnan(values[0])
    assert values[1] == 2


def test_a_page_of_a_run_that_is_not_in_the_table_is_refused(browser):
    answer, _ = browser.ask("run", run="a" * 32)
    assert (answer["kind"], answer["text"][:43]) == ("error", "No run of this table has the id 'aaaaaaaaaa"[:43])


def test_figures_of_the_runs_are_rows_by_name(browser, two):
    for run_id in two:
        for name in ("roc.png", "loss.png", "loss_2.png"):
            (files_of(run_id) / "figures" / name).write_bytes(PNG)
    answer, _ = browser.ask("figures", runs=list(two))
    assert {one["name"]: one["unit"] for one in answer["figures"]} == {"roc.png": "", "loss.png": "number"}
    assert answer["problems"] == []
    _, buffers = browser.ask("picture", run=two[0], path="figures/roc.png")
    assert buffers == [PNG]


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("figures/gone.png", "'figures/gone.png' is not in the store any more."),
        ("nowhere/gone.png", "'nowhere/gone.png' is not in the store any more."),
        ("../x.png", "'../x.png' is no path of a run's file"),
        ("/etc/x.png", "is no path of a run's file"),
        ("mlmagic/cell.py", "'mlmagic/cell.py' is no figure by its name."),
        ("figures/link.png", "is a link, which is not followed"),
        ("figures/large.png", "it has 5 MB"),
    ],
)
def test_a_picture_that_cannot_be_had_is_one_sentence(browser, two, path, text):
    folder = files_of(two[0])
    (folder / "figures/link.png").symlink_to("/etc/hostname")
    (folder / "figures/large.png").write_bytes(b"x" * 5_000_000)
    answer, _ = browser.ask("picture", run=two[0], path=path)
    assert answer["kind"] == "error"
    assert text in answer["text"]


def test_a_note_is_saved_and_stands_in_the_table(browser, two):
    answer = browser.change("note", two[0], text="the baseline")
    assert answer["told"] == "The note is saved."
    assert answer["hide"] == ["tag:mlflow.note.content"]
    assert browser.column("tag:mlflow.note.content") == ["the baseline", None]
    assert mlmagic.Run(two[0]).note == "the baseline"


def test_tags_of_several_runs_are_changed_at_once(browser, two):
    assert browser.change("tags", *two, tags={"team": "vision"})["told"] == "The tags are saved."
    assert browser.column("tag:team") == ["vision", "vision"]
    browser.change("tags", two[1], tags={"team": None, "stage": "<b>$5</b>"})
    assert browser.column("tag:team") == ["vision", None]
    assert browser.column("tag:stage") == [None, "<b>$5</b>"]


def test_secrets_are_redacted_and_it_says_so(browser, two):
    answer = browser.change("note", two[0], text="key ghp_" + "a1B2" * 9)
    assert answer["told"] == "The note is saved. 1 secret redacted."
    assert "ghp_" not in browser.column("tag:mlflow.note.content")[0]


@pytest.mark.parametrize("action", ["star", "archive"])
def test_a_star_and_the_archive_are_columns_that_are_hidden_at_first(browser, two, action):
    tag = {"star": "tag:mlmagic.star", "archive": "tag:mlmagic.archived"}[action]
    assert browser.change(action, two[1], on=True)["hide"] == [tag]
    assert browser.column(tag) == [None, "true"]
    assert browser.change(action, two[1], on=False)["hide"] == []
    assert tag not in [one["id"] for one in browser.widget.table["columns"]]


def test_a_deleted_run_stays_in_the_table_until_it_is_restored(browser, two):
    assert browser.change("delete", two[0])["told"] == "1 run deleted."
    assert browser.widget.table["ids"] == list(two)
    assert browser.widget.table["deleted"] == [two[0]]
    assert list(mlmagic.runs()["name"]) == ["first"]
    browser.change("restore", two[0])
    assert browser.widget.table["deleted"] == []
    assert len(mlmagic.runs()) == 2


def test_a_run_that_another_process_deleted_is_told_and_shown_as_deleted(browser, two):
    mlmagic.Run(two[0]).delete()
    answer = browser.change("star", *two)
    assert answer["kind"] == "error"
    assert "was deleted meanwhile: restore it, then change it." in answer["text"]
    assert browser.widget.table["deleted"] == [two[0]]


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ({"action": "tags", "tags": {"mlflow.user": "me"}}, "'mlflow.user' is reserved"),
        ({"action": "note", "text": "x" * 9000}, "The note has 9,000 characters"),
        ({"action": "explode"}, "There is no change 'explode' of runs."),
        ({}, "There is no change None of runs."),
        ({"action": "note"}, "KeyError: 'text'"),
    ],
    ids=str,
)
def test_what_is_refused_is_one_sentence_and_the_table_stays(browser, two, content, text):
    before = browser.widget.table
    answer, _ = browser.ask("edit", runs=[two[0]], **content)
    assert answer["kind"] == "error"
    assert text in answer["text"]
    assert browser.widget.table["ids"] == before["ids"]


def test_a_store_that_is_away_is_one_sentence(browser, two, monkeypatch):
    import mlflow

    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    mlflow.set_tracking_uri("http://127.0.0.1:9")
    answer = browser.change("note", two[0], text="x")
    assert answer["kind"] == "error"
    assert "http://127.0.0.1:9" in answer["text"]
    assert "\n" not in answer["text"]


def test_what_is_selected_and_looked_at_stays_after_a_change(browser, two):
    browser.widget.selected = [two[1]]
    view = browser.widget.view
    browser.change("star", two[0])
    assert browser.widget.selected == [two[1]]
    assert browser.widget.view == view


def test_runs_that_are_named_are_shown_though_they_are_archived(make_run):
    run_id = make_run("old", tags={"mlmagic.archived": "true"})
    assert Browser(run_id).widget.view["archived"]
    assert "archived" not in Browser().widget.view


def test_the_table_says_which_experiment_and_filter_found_it(make_run):
    make_run("forest", {"lr": 1}, experiment="my churn")
    found = CompareWidget(select(["lr > 0"], experiment="my churn")).table["query"]
    assert found == {"experiment": "my churn", "filter": "lr > 0"}
    assert CompareWidget(select([], experiment="my churn")).table["query"] == {"experiment": "my churn", "filter": ""}
    assert CompareWidget(select(["forest"])).table["query"] is None


def test_aliases_of_registered_models_are_told_by_run(make_run, store_uri):
    from mlflow import MlflowClient

    run_id, other = make_run("forest"), make_run("other")
    browser = Browser(run_id, other)
    assert browser.ask("aliases")[0]["aliases"] == {}
    client = MlflowClient(store_uri)
    client.create_registered_model("churn")
    for at, alias in ((run_id, "champion"), (run_id, "a"), (other, None)):
        version = client.create_model_version("churn", "s3://bucket/model", at).version
        if alias:
            client.set_registered_model_alias("churn", alias, version)
    assert browser.ask("aliases")[0]["aliases"] == {run_id: ["churn@a", "churn@champion"]}


def test_a_store_without_a_registry_has_no_aliases_and_no_error(make_run, monkeypatch):
    browser = Browser(make_run("forest"))
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    monkeypatch.setenv("MLFLOW_REGISTRY_URI", "http://127.0.0.1:9")
    assert registry_store.uri() == "http://127.0.0.1:9"
    assert browser.ask("aliases")[0]["aliases"] == {}


def test_what_is_known_of_runs_has_its_columns(make_run):
    tags = {"mlmagic.order": "in order", "mlmagic.checklist": "passed", "mlmagic.reproduction": "same"}
    browser = Browser(make_run("forest", tags=tags), make_run("other"))
    labels = {column["id"]: column["label"] for column in browser.widget.table["columns"]}
    assert labels["tag:mlmagic.checklist"] == "checklist"
    assert browser.column("tag:mlmagic.order") == ["in order", None]
    assert browser.column("tag:mlmagic.reproduction") == ["same", None]


def test_the_frame_has_the_runs_of_the_table_without_deleted_and_hidden_ones(make_run):
    ids = [make_run(name) for name in ("gone", "old", "kept")]
    browser = Browser()
    browser.change("delete", ids[0])
    browser.change("archive", ids[1])
    names = lambda: list(browser.widget.to_dataframe()["name"])  # noqa: E731
    assert names() == ["kept"]
    browser.widget.selected = ids
    assert names() == ["old", "kept"]
    browser.widget.selected = []
    browser.widget.view = {**browser.widget.view, "archived": True}
    assert names() == ["kept", "old"]
