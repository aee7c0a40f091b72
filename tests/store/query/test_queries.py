import sqlite3

import pytest

from mlmagic.errors import RunNotFoundError, StoreError, UsageProblem
from mlmagic.store.query import queries, run_list
from mlmagic.store.query.run_list import RunsRequest
from mlmagic.user_settings import settings

BASE = ["run_id", "name", "status", "started", "duration"]


@pytest.fixture
def client(store_uri):
    from mlflow import MlflowClient

    return MlflowClient(store_uri)


@pytest.fixture
def four_runs(make_run):
    """Four runs that differ in everything that filters ask for; the last is the newest."""
    return {
        "first": make_run("first", {"lr": 0.1, "optimizer": "adam", "shuffle": True}, {"accuracy": 0.91}),
        "second": make_run("second", {"lr": 0.01, "optimizer": "sgd"}, {"accuracy": 0.85, "val loss": 0.3}),
        "third": make_run("third", {"lr": "1e-3", "optimizer": "it's"}, {"accuracy": float("nan")}, seconds=90),
        "fourth": make_run("fourth", {"lr": 0.1}, {}, tags={"team": "risk"}, status="FAILED"),
    }


def names(*args, **options):
    return list(run_list.runs(RunsRequest(*args, **options))["name"])


def test_runs_come_newest_first_with_plain_columns(four_runs):
    frame = run_list.runs(RunsRequest())
    assert list(frame["name"]) == ["fourth", "third", "second", "first"]
    assert list(frame.columns) == [*BASE, "lr", "optimizer", "shuffle", "accuracy", "val loss"]
    assert list(frame["run_id"]) == [four_runs[name] for name in frame["name"]]
    assert frame["status"][0] == "FAILED"
    assert frame["duration"][1] == 90
    assert frame["started"].dt.tz is not None
    assert frame["started"].is_monotonic_decreasing


def test_a_store_without_runs_gives_an_empty_frame_with_the_columns(store_uri):
    import pandas as pd

    frame = run_list.runs(RunsRequest("accuracy > 0.9", sort="accuracy"))
    assert isinstance(frame, pd.DataFrame)
    assert (list(frame.columns), len(frame)) == (BASE, 0)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("accuracy > 0.9", ["first"]),
        ("accuracy = nan", ["third"]),
        ("accuracy < inf", ["second", "first"]),
        ("val loss < 0.5", ["second"]),
        ("metrics.`val loss` < 0.5", ["second"]),
        ("accuracy is null", ["fourth"]),
        ("lr = 0.1", ["fourth", "first"]),
        ("lr = 0.10", ["fourth", "first"]),
        ("lr = 0.001", ["third"]),
        ("lr = '0.10'", []),
        ("params.lr = '0.1'", ["fourth", "first"]),
        ("lr <= 0.01", ["third", "second"]),
        ("optimizer = adam", ["first"]),
        ("optimizer != 5", ["third", "second", "first"]),
        ('optimizer = "it\'s"', ["third"]),
        ("optimizer like 'ad%'", ["first"]),
        ("optimizer in (adam, sgd)", ["second", "first"]),
        ("optimizer not in (adam)", ["third", "second"]),
        ("shuffle = true", ["first"]),
        ("team = risk", ["fourth"]),
        ("tags.team = 'risk'", ["fourth"]),
        ("status = failed", ["fourth"]),
        ("status in (FAILED, KILLED)", ["fourth"]),
        ("name = second", ["second"]),
        ("name like '%ir%'", ["third", "first"]),
        ("duration > 60", ["third"]),
        ("started > 2020-01-31 and started < '2100-01-01 10:00'", ["fourth", "third", "second", "first"]),
        ("started < 2020-01-31", []),
        ("run_id = abc", []),
        ("status = FINISHED and lr >= 0.01 and accuracy < 0.9", ["second"]),
        ("datasets.name = train", []),
    ],
)
def test_a_filter_finds_what_it_says(four_runs, text, expected):
    assert names(text) == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("acuracy > 0.9", r"No run has a metric, param or tag 'acuracy'\. Did you mean 'accuracy'\?"),
        ("metrics.acuracy > 0.9", "No run has a metric 'acuracy'. Did you mean 'accuracy'"),
        ("zzzzz > 1", "There are accuracy, val loss, lr, optimizer, shuffle"),
        ("attributes.stats = 'x'", "No run has an attribute 'stats'.* Did you mean 'status'"),
        ("accuracy > high", "'accuracy' is a metric: compare it with a number, not 'high'"),
        ("accuracy like 1", "'accuracy' is a metric: compare it by =, !=, <, <=, >, >=, not like"),
        ("optimizer > adam", "'optimizer' is text: > compares it with a number, not 'adam'"),
        ("status = FINISHEDD", "'FINISHEDD' is not a status. Did you mean 'FINISHED'"),
        ("started > soon", "'started' is compared with a date.*For example: started > 2026-01-31"),
        ("duration > long", "compared with seconds, or 5 min, not 'long'.*For example: duration > 60"),
        ("dataset.size = 3", "No run has a dataset 'size'"),
    ],
)
def test_a_filter_that_cannot_be_meant_says_what_can(four_runs, text, message):
    with pytest.raises(UsageProblem, match=message):
        run_list.runs(RunsRequest(text))


def test_a_name_that_is_a_metric_and_a_param_gets_its_kind_in_front(make_run):
    make_run("clash", {"loss": "hinge", "name": "x", "depth": 3}, {"loss": 0.5, "depth": 4})
    frame = run_list.runs(RunsRequest())
    assert list(frame.columns) == [*BASE, "params.loss", "params.name", "params.depth", "metrics.loss", "metrics.depth"]
    assert names("loss = hinge") == ["clash"]
    assert names("metrics.loss = 0.5 and params.depth = 3") == ["clash"]
    with pytest.raises(UsageProblem, match=r"'loss' is a metric and a param: write metrics\.loss or params\.loss"):
        run_list.runs(RunsRequest("loss = 0.5"))


def test_a_section_of_a_config_may_be_called_run(make_run):
    make_run("config", {"run.lr": 0.1, "model.depth": 3})
    assert names("run.lr = 0.1 and model.depth > 2") == ["config"]


def test_params_are_numbers_only_where_nothing_is_lost(make_run):
    import pandas as pd

    make_run("a", {"depth": 3, "lr": 0.1, "zip": "007", "flag": True, "huge": 10**30, "odd": "nan"})
    make_run("b", {"lr": 2})
    frame = run_list.runs(RunsRequest())
    assert frame["depth"].tolist() == [pd.NA, 3]
    assert frame["lr"].tolist() == [2.0, 0.1]
    assert frame["zip"].tolist() == [None, "007"]
    assert frame["flag"].tolist() == [None, "True"]
    assert frame["huge"].tolist() == [None, str(10**30)]
    assert frame["odd"].tolist() == [None, "nan"]


@pytest.mark.parametrize(
    ("sort", "expected"),
    [
        ("accuracy", ["first", "second"]),
        ("accuracy asc", ["second", "first"]),
        ("metrics.accuracy desc", ["first", "second"]),
        ("lr", ["fourth", "first"]),
        ("lr asc", ["third", "second"]),
        ("duration", ["third", "fourth"]),
        ("optimizer asc", ["first", "third"]),
        ("name asc", ["first", "fourth"]),
        ("started asc", ["first", "second"]),
    ],
)
def test_sort_puts_the_highest_first_unless_told(four_runs, sort, expected):
    assert names(sort=sort, n=2) == expected


def test_runs_without_a_value_come_last(four_runs):
    assert names(sort="val loss") == ["second", "fourth", "third", "first"]
    assert names(sort="optimizer")[-1] == "fourth"


def test_sort_by_what_no_run_has_is_refused(four_runs):
    with pytest.raises(UsageProblem, match=r"No run has a metric, param or tag 'acuracy'.*Did you mean 'accuracy'"):
        run_list.runs(RunsRequest(sort="acuracy"))
    with pytest.raises(UsageProblem, match=r"Nothing to sort by in ''.*--sort loss asc"):
        run_list.runs(RunsRequest(sort=""))


@pytest.mark.parametrize("n", [0, -1, 2.0, True])
def test_n_is_a_positive_number(store_uri, n):
    with pytest.raises(UsageProblem, match=r"n is how many runs to show, 1 or more, not .*: %runs -n 20"):
        run_list.runs(RunsRequest(n=n))


def test_n_cuts_and_says_that_there_are_more(four_runs):
    assert run_list.runs(RunsRequest(n=3)).attrs["mlmagic"]["more"] is True
    assert run_list.runs(RunsRequest(n=4)).attrs["mlmagic"]["more"] is False


def test_the_experiment_is_found_by_name_and_id(client, make_run):
    make_run("here", experiment="churn")
    experiment = client.get_experiment_by_name("churn")
    assert names(experiment="churn") == names(experiment=experiment.experiment_id) == ["here"]
    with pytest.raises(UsageProblem, match=r"There is no experiment 'chrun'. Did you mean 'churn'"):
        run_list.runs(RunsRequest(experiment="chrun"))


def test_a_deleted_experiment_says_how_to_restore_it(client, make_run):
    make_run("here", experiment="churn")
    experiment_id = client.get_experiment_by_name("churn").experiment_id
    client.delete_experiment(experiment_id)
    message = f"'churn' was deleted. Restore it with !mlflow experiments restore --experiment-id {experiment_id}"
    with pytest.raises(UsageProblem, match=message):
        run_list.runs(RunsRequest(experiment="churn"))


def test_the_default_experiment_is_the_setting_then_mlflows_then_the_environments(make_run, monkeypatch):
    import mlflow

    for experiment in ("Default", "by-environment", "by-mlflow", "by-setting"):
        make_run(f"in {experiment}", experiment=experiment)
    assert names() == ["in Default"]
    monkeypatch.setenv("MLFLOW_EXPERIMENT_NAME", "by-environment")
    assert names() == ["in by-environment"]
    monkeypatch.delenv("MLFLOW_EXPERIMENT_NAME")
    mlflow.set_experiment("by-mlflow")
    assert names() == ["in by-mlflow"]
    monkeypatch.setattr(settings, "experiment", "by-setting")
    assert names() == ["in by-setting"]


def test_asking_creates_no_experiment(client, monkeypatch):
    monkeypatch.setenv("MLFLOW_EXPERIMENT_NAME", "not-there-yet")
    frame = run_list.runs(RunsRequest())
    assert (len(frame), frame.attrs["mlmagic"]["experiment"]) == (0, "not-there-yet")
    assert client.get_experiment_by_name("not-there-yet") is None


def test_deleted_runs_are_left_out(client, four_runs):
    client.delete_run(four_runs["second"])
    assert names() == ["fourth", "third", "first"]


def test_more_runs_than_a_page_of_the_store(make_run, monkeypatch):
    monkeypatch.setattr(queries, "PAGE", 3)
    for at in range(8):
        make_run(f"run-{at}", {"depth": at})
    assert names("depth < 2") == ["run-1", "run-0"]
    assert names(n=7)[-1] == "run-1"
    assert names(sort="depth asc", n=1) == ["run-0"]


def test_a_name_beyond_the_runs_looked_at_may_be_asked_for_with_its_kind(make_run, monkeypatch):
    monkeypatch.setattr(queries, "PAGE", 2)
    make_run("old", metrics={"auc": 0.9})
    for at in range(3):
        make_run(f"new-{at}", metrics={"accuracy": 0.9})
    assert names("metrics.auc > 0.5") == ["old"]
    with pytest.raises(
        UsageProblem, match=r"None of the last 2 runs of experiment 'Default' has a metric, param or tag 'auc'"
    ):
        run_list.runs(RunsRequest("auc > 0.5"))


def test_a_tracking_uri_that_mlflow_does_not_know_is_one_line(store_uri):
    import mlflow

    mlflow.set_tracking_uri("sqlit:///x.db")
    with pytest.raises(StoreError, match=r"sqlit:///x.db"):
        run_list.runs(RunsRequest())


def test_find_run_by_id_name_and_prefix(four_runs):
    run_id = four_runs["second"]
    assert queries.find_run(run_id).info.run_id == run_id
    assert queries.find_run("second").info.run_id == run_id
    assert queries.find_run(f" {run_id[:12].upper()} ").info.run_id == run_id


def test_find_run_takes_the_newest_of_a_name(make_run):
    make_run("same")
    newest = make_run("same")
    assert queries.find_run("same").info.run_id == newest


def test_find_run_prefers_the_default_experiment_and_then_looks_everywhere(make_run):
    here = make_run("twice")
    make_run("twice", experiment="other")
    there = make_run("once", experiment="other")
    assert queries.find_run("twice").info.run_id == here
    assert queries.find_run("once").info.run_id == there
    assert queries.find_run(there[:10]).info.run_id == there
    with pytest.raises(RunNotFoundError, match=r"No run has the name or id 'once'"):
        queries.find_run("once", experiment="Default")
    with pytest.raises(RunNotFoundError, match=r"No run has the name or id"):
        queries.find_run(there, experiment="Default")


def test_find_run_says_what_is_near(four_runs):
    with pytest.raises(RunNotFoundError, match=r"'secondo'. Did you mean 'second'. The last runs: %runs"):
        queries.find_run("secondo")
    with pytest.raises(RunNotFoundError, match=r"No run has the name or id"):
        queries.find_run("0" * 32)
    with pytest.raises(UsageProblem, match=r"Name a run"):
        queries.find_run("  ")


def test_find_run_lists_the_candidates_of_an_ambiguous_prefix(four_runs, store_uri):
    first, second = four_runs["first"], four_runs["second"]
    twin = first[:-1] + ("0" if first[-1] != "0" else "1")  # ids are random: make two begin alike
    with sqlite3.connect(store_uri.removeprefix("sqlite:///")) as database:
        database.execute("pragma foreign_keys = off")
        for table in ("runs", "params", "metrics", "latest_metrics", "tags"):
            database.execute(f"update {table} set run_uuid = ? where run_uuid = ?", (twin, second))
    database.close()
    with pytest.raises(RunNotFoundError, match=f"Several runs begin with '{first[:8]}': .*\\(first\\)") as caught:
        queries.find_run(first[:8])
    assert f"{twin} (second)" in str(caught.value)
    assert queries.find_run(twin).info.run_name == "second"


def test_find_run_says_that_a_run_was_deleted(client, four_runs):
    run_id = four_runs["second"]
    client.delete_run(run_id)
    for reference in (run_id, run_id[:8], "second"):
        with pytest.raises(RunNotFoundError, match=f"was deleted.*mlflow runs restore --run-id {run_id}"):
            queries.find_run(reference)


def test_names_are_never_taken_for_syntax(make_run):
    for name in ("o'clock", 'say "x"', "both ' and \"", "back\\slash", "100%", "a_b", "x' or '1'='1"):
        run_id = make_run(name)
        assert queries.find_run(name).info.run_id == run_id


def test_an_infinite_metric_is_infinite_again(make_run):
    make_run("diverged", metrics={"loss": float("inf"), "gain": float("-inf")})
    frame = run_list.runs(RunsRequest())
    assert (frame["loss"].iloc[0], frame["gain"].iloc[0]) == (float("inf"), float("-inf"))


@pytest.fixture
def two_archived(make_run):
    for name, tags in {"a": {}, "b": {"mlmagic.archived": "true"}, "c": {"mlmagic.archived": "true"}, "d": {}}.items():
        make_run(name, {"lr": 0.1}, tags=tags)


def test_archived_runs_are_hidden_and_counted(two_archived):
    frame = run_list.runs(RunsRequest())
    assert list(frame["name"]) == ["d", "a"]
    assert frame.attrs["mlmagic"]["archived"] == 2


def test_archived_runs_are_listed_when_one_asks_for_them(two_archived):
    assert names(archived=True) == ["d", "c", "b", "a"]
    assert names("archived = true") == ["c", "b"]
    assert names("archived is missing and lr = 0.1") == ["d", "a"]
    assert names("tags.`mlmagic.archived` = 'true'") == ["c", "b"]


def test_archived_runs_do_not_take_the_place_of_others(two_archived):
    frame = run_list.runs(RunsRequest("lr = 0.1", n=2))
    assert list(frame["name"]) == ["d", "a"]
    assert not frame.attrs["mlmagic"]["more"]


def test_runs_with_a_star_are_found(make_run):
    make_run("plain")
    make_run("starred", tags={"mlmagic.star": "true"})
    assert names("star = true") == ["starred"]
