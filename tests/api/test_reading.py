"""``mlmagic.runs``, ``compare``, ``diff``, ``last_run`` and ``sync``: each argument, right and wrong."""

import math

import pytest
from shared_stores import SharedStore

import mlmagic
from mlmagic.api import has_last_run
from mlmagic.errors import MLMagicError, NoActiveRunError, RunNotFoundError, UsageProblem
from mlmagic.recording import open_runs
from mlmagic.user_settings import settings


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    """Three runs of the default experiment, one of another."""
    made = SharedStore(tmp_path_factory.mktemp("store"))
    for at, name in enumerate(["first", "second", "third"]):
        made.run(name, {"lr": 10.0**-at, "opt": "adam"}, {"accuracy": 0.9 + at / 100, "loss": 1 - at / 10})
    made.run("other", {}, {"accuracy": 0.5}, experiment="churn")
    return made


@pytest.fixture
def four_runs(store, monkeypatch):
    yield from store.used(monkeypatch)


@pytest.mark.parametrize(
    ("arguments", "named", "names"),
    [
        ((), {}, ["third", "second", "first"]),
        (("",), {"n": 2}, ["third", "second"]),
        (("accuracy > 0.905",), {}, ["third", "second"]),
        (("  ",), {"n": 1}, ["third"]),
        ((), {"experiment": "churn"}, ["other"]),
        ((), {"experiment": "0", "n": 1}, ["third"]),
        ((), {"sort": "accuracy"}, ["third", "second", "first"]),
        ((), {"sort": "loss asc"}, ["third", "second", "first"]),
        ((), {"sort": "loss desc", "n": 1}, ["first"]),
        ((), {"sort": "name"}, ["third", "second", "first"]),
        (("lr <= 0.1",), {"sort": "lr", "n": 1}, ["second"]),
        (("elephant",), {}, []),
    ],
)
def test_runs_are_found_and_ordered(four_runs, arguments, named, names):
    assert list(mlmagic.runs(*arguments, **named)["name"]) == names


@pytest.mark.parametrize(
    ("named", "message"),
    [
        ({"n": 0}, r"n is how many runs to show, 1 or more, not 0"),
        ({"n": -1}, r"n is how many runs to show, 1 or more, not -1"),
        ({"n": 2.5}, r"n is how many runs to show, 1 or more, not 2\.5"),
        ({"n": True}, r"n is how many runs to show, 1 or more, not True"),
        ({"n": math.nan}, r"n is how many runs to show, 1 or more, not nan"),
        ({"experiment": "chrun"}, r"There is no experiment 'chrun'\. Did you mean 'churn'\?"),
        ({"experiment": "99"}, r"There is no experiment '99'"),
        ({"sort": "acuracy"}, r"'acuracy'.* Did you mean 'accuracy'\?"),
        ({"sort": ""}, r"Nothing to sort by in ''\. For example: --sort accuracy"),
        ({"filter": "acuracy > 1"}, r"Did you mean 'accuracy'\?"),
        ({"filter": "accuracy >"}, r"A value is missing after >"),
        ({"filter": "accuracy > high"}, r"'accuracy' is a metric: compare it with a number, not 'high'"),
    ],
)
def test_a_wrong_argument_of_runs_is_one_line(four_runs, named, message):
    with pytest.raises(UsageProblem, match=message) as caught:
        mlmagic.runs(**named)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("what", "named", "names"),
    [
        ((), {}, {"first", "second", "third"}),
        (("first", "third"), {}, {"first", "third"}),
        ((["first", "third"],), {}, {"first", "third"}),
        (("accuracy > 0.905",), {}, {"second", "third"}),
        (("churn",), {}, {"other"}),
        (("other",), {"experiment": "churn"}, {"other"}),
        ((), {"experiment": "churn"}, {"other"}),
        (([],), {}, set()),
        ((), {"metric": "loss", "group_by": "opt"}, {"first", "second", "third"}),
    ],
    ids=lambda one: str(sorted(one) if isinstance(one, set) else one),
)
def test_what_is_compared(four_runs, what, named, names):
    assert {*mlmagic.compare(*what, **named).to_dataframe()["name"]} == names


def test_runs_and_their_frames_are_compared_too(four_runs):
    frame = mlmagic.runs("accuracy > 0.905")
    assert {*mlmagic.compare(frame, mlmagic.Run.find("first")).to_dataframe()["name"]} == {"first", "second", "third"}
    assert {*mlmagic.compare(frame.iloc[0]).to_dataframe()["name"]} == {"third"}


@pytest.mark.parametrize(
    ("what", "named", "error", "message"),
    [
        (("frist",), {}, RunNotFoundError, r"No run has the name or id 'frist'.*There is no experiment 'frist'"),
        (("frist",), {"experiment": "Default"}, RunNotFoundError, r"No run .*'frist'"),
        (("first", "churn"), {}, UsageProblem, r"'churn' is an experiment, the others are runs: compare one kind at a time"),
        (("first", "accuracy > 0.9"), {}, UsageProblem, r"If it is a filter, it stands alone"),
        (("accuracy > ",), {}, UsageProblem, r"A value is missing after >"),
        ((), {"metric": "acuracy"}, UsageProblem, r"No run here has the metric 'acuracy'\. Did you mean 'accuracy'\?"),
        ((), {"metric": 5}, UsageProblem, r"metric is one name, such as 'val_loss' or 'score max', not 5"),
        ((), {"metric": ["loss"]}, UsageProblem, r"metric is one name, .*, not \['loss'\]"),
        ((), {"group_by": "op"}, UsageProblem, r"No run here has the param, tag or column 'op'\. Did you mean 'opt'\?"),
        ((), {"experiment": "chrun"}, UsageProblem, r"Did you mean 'churn'\?"),
    ],
)  # fmt: skip
def test_a_wrong_argument_of_compare_is_one_line(four_runs, what, named, error, message):
    with pytest.raises(error, match=message) as caught:
        mlmagic.compare(*what, **named)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("runs", "error", "message"),
    [
        ((), UsageProblem, r"Two or more runs are compared, none was given"),
        (("first",), UsageProblem, r"Two or more runs are compared, only 'first' was given"),
        (("first", "first"), UsageProblem, r"'first' is given twice"),
        (("first", "nope"), RunNotFoundError, r"No run has the name or id 'nope'"),
        (("first", 5), UsageProblem, r"not by 5 \(int\)"),
        (("first", None), UsageProblem, r"not by None"),
        (({"a": 1}, "first"), UsageProblem, r"not by \{'a': 1\} \(dict\)"),
    ],
)
def test_a_wrong_argument_of_diff_is_one_line(four_runs, runs, error, message):
    with pytest.raises(error, match=message) as caught:
        mlmagic.diff(*runs)
    assert "\n" not in str(caught.value)


def test_an_infinite_metric_is_infinite_wherever_it_is_read(make_run):
    make_run("high", {}, {"loss": math.inf, "low": -math.inf})
    make_run("usual", {}, {"loss": 0.5, "low": 0.5})
    run = mlmagic.Run.find("high")
    assert run.metrics == {"loss": math.inf, "low": -math.inf}
    assert run.history("loss") == [(0, math.inf)]
    assert "'loss': inf" in repr(run)
    assert list(mlmagic.runs()["loss"]) == [0.5, math.inf]
    assert list(mlmagic.runs("loss = inf")["name"]) == ["high"]
    assert [one["values"] for one in mlmagic.diff("high", "usual").to_json()["metrics"]] == [
        ["Infinity", 0.5], ["-Infinity", 0.5],
    ]  # fmt: skip


def test_the_last_run_is_the_one_that_ended_last(record, store_uri):
    open_runs._last.clear()
    assert not has_last_run()
    with pytest.raises(NoActiveRunError, match=r"no run has ended in this session yet\. %runs lists earlier ones"):
        _ = mlmagic.last_run
    record(name="first")
    run = record(name="second")
    assert has_last_run()
    assert (mlmagic.last_run.id, mlmagic.last_run.name) == (run.stored.info.run_id, "second")


def test_nothing_is_delivered_where_nothing_waits(store_uri):
    report = mlmagic.sync()
    assert (report.runs, report.waiting, report.problems) == ([], 0, [])
    assert mlmagic.foreign_journals() == []


def test_offline_is_said_not_ignored(store_uri, monkeypatch):
    monkeypatch.setattr(settings, "offline", True)
    with pytest.raises(UsageProblem, match="offline"):
        mlmagic.sync()


def test_offline_runs_wait_and_are_delivered_once(record, store_uri):
    import mlflow

    settings.offline = True
    try:
        with mlmagic.track("away", quiet=True):
            mlmagic.log(loss=0.5)
    finally:
        settings.offline = False
    assert mlflow.search_runs(output_format="list") == []
    assert [run.name for run in mlmagic.sync().runs] == ["away"]
    assert mlmagic.sync().runs == []
    assert len(mlflow.search_runs(output_format="list")) == 1


def test_each_error_of_reading_is_one_class(store_uri):
    for call in (lambda: mlmagic.runs("a >"), mlmagic.diff, lambda: mlmagic.compare("nope")):
        with pytest.raises(MLMagicError, match=r"."):
            call()
