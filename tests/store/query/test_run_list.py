"""The lists of ``%runs``: which runs are folded below others, and by which value a metric ranks."""

import itertools
import math
import statistics

import pytest
from hypothesis import given
from hypothesis import strategies as st
from light_runs import light_run
from mlflow.entities import Metric
from servers import Server

import mlmagic
from mlmagic.errors import UsageProblem
from mlmagic.store import connection
from mlmagic.store.query import bulk, queries, run_list
from mlmagic.store.query.families import best_point, fold
from mlmagic.store.query.histories import extremes

PARENT = "mlflow.parentRunId"


def log(run_id, **curves):
    logged = [Metric(key, value, 1, step) for key, values in curves.items() for step, value in enumerate(values)]
    connection.connect().log_batch(run_id, logged)


@pytest.fixture
def sweep(make_run):
    """Two runs, and a sweep of three points with two seeds each whose best single run is not of the best point."""
    early, late = make_run("early"), make_run("late")
    log(early, loss=[0.9, 0.3, 0.6], score=[0.2, 0.8, 0.4], steps=[1, 2, 3])
    log(late, loss=[0.9, 0.8, 0.5], score=[0.1, 0.2, 0.7], steps=[1, 2, 3])
    parent = make_run("sweep", {"n": 6})
    for lr, seed in itertools.product((1, 2, 3), (0, 1)):
        trial = make_run(f"lr={lr} seed={seed}", {"lr": lr, "seed": seed}, tags={PARENT: parent})
        # Best values by point: 0.10 and 0.50 (mean 0.30), 0.20 and 0.24 (mean 0.22), 0.40 and 0.40.
        lowest = {(1, 0): 0.10, (1, 1): 0.50, (2, 0): 0.20, (2, 1): 0.24}.get((lr, seed), 0.40)
        log(trial, loss=[0.9, lowest, 0.7])
    return parent


def listed(*words, **asked):
    frame = mlmagic.runs(*words, **asked)
    return frame, list(frame["name"])


@pytest.fixture(params=["database", "server"])
def store(request, sweep, store_uri, tmp_path, monkeypatch):
    """The same runs, read from the database and asked of a server."""
    if request.param == "server":
        import mlflow

        server = Server(tmp_path, store=store_uri)
        monkeypatch.setenv("MLFLOW_TRACKING_URI", server.uri)
        mlflow.set_tracking_uri(server.uri)
        yield request.param
        server.kill()
    else:
        yield request.param


def test_a_sweep_is_one_row_that_ranks_by_the_mean_of_its_best_point(store, sweep, monkeypatch):
    frame, names = listed()
    assert names == ["sweep", "late", "early"]
    assert frame.attrs["mlmagic"]["below"] == {sweep: 6}
    assert "6 runs are below these: --nested lists them" in repr(frame)
    frame, names = listed(sort="loss")
    assert names == ["sweep", "early", "late"]
    assert frame["loss (best)"].tolist() == pytest.approx([0.22, 0.3, 0.5])
    assert frame["loss (best step)"].tolist()[1:] == [1, 2]
    assert math.isnan(frame["loss"][0])  # the sweep itself logged none
    assert frame["loss"].tolist()[1:] == [0.6, 0.5]  # the last one, as MLflow has it
    assert "sweep + 6 runs" in repr(frame)
    assert "0.3000 @ 1" in repr(frame)
    frame, names = listed(sort="loss", nested=True, n=3)
    assert names == ["lr=1 seed=0", "lr=2 seed=0", "lr=2 seed=1"]
    frame, names = listed(sort="loss", value="last")
    assert names == ["late", "early", "sweep"]
    assert frame["loss (last)"].tolist() == pytest.approx([0.5, 0.6, 0.7])
    monkeypatch.setattr(queries, "PAGE", 4)
    frame, names = listed(n=2)
    assert (names, frame.attrs["mlmagic"]["more"]) == (["sweep", "late"], True)
    assert listed(n=3)[0].attrs["mlmagic"]["more"] is False
    of_a_page = "ranked among the 4 runs whose last loss is best"  # a server is not asked for more
    assert (of_a_page in repr(mlmagic.runs(sort="loss"))) is (store == "server")


@pytest.mark.parametrize(
    ("sort", "names"),
    [
        ("score", ["early", "late", "sweep"]),  # 0.8 at step 1, 0.7 at last
        ("score asc", ["late", "early", "sweep"]),
        ("loss desc", ["late", "sweep", "early"]),  # each by its best value, the worst of them first
        ("steps", ["late", "early", "sweep"]),  # more may be better or worse: the last value, the newest first
        ("lr asc", ["lr=1 seed=1", "lr=1 seed=0", "lr=2 seed=1"]),  # a parameter is a trial's
        ("started asc", ["early", "late", "sweep"]),
    ],
)
def test_which_run_comes_first(sweep, sort, names):
    assert listed(sort=sort, n=3)[1] == names


def test_runs_below_others_are_listed_when_they_are_looked_for(sweep):
    assert listed("lr = 2")[1] == ["lr=2 seed=1", "lr=2 seed=0"]
    assert len(listed(nested=True)[1]) == 9
    assert mlmagic.runs(nested=True).attrs["mlmagic"]["below"] == {}


def test_a_run_whose_parent_is_gone_or_elsewhere_is_listed(sweep, make_run):
    elsewhere = make_run("elsewhere", experiment="churn")
    make_run("of another experiment", tags={PARENT: elsewhere})
    make_run("of none", tags={PARENT: "f" * 32})
    make_run("of itself", tags={PARENT: "x"})
    connection.connect().set_tag(make_run("its own parent"), "x", "y")
    own = mlmagic.runs()["run_id"][0]
    connection.connect().set_tag(own, PARENT, own)
    assert listed()[1][:4] == ["its own parent", "of itself", "of none", "of another experiment"]
    connection.connect().delete_run(sweep)
    assert len(listed()[1]) == 4 + 6 + 2


def test_a_fold_whose_start_is_unknown_is_below_the_run_of_its_cell(store_uri, make_run):
    run = make_run("cell")
    client = connection.connect()
    began = client.get_run(run).info.start_time
    fold = client.create_run("0", start_time=began - 1, run_name="fold_0", tags={PARENT: run})
    client.set_terminated(fold.info.run_id)
    assert listed()[1] == ["cell"]
    assert listed(nested=True)[1] == ["cell", "fold_0"]


def test_runs_that_name_each_other_as_parents_are_not_both_hidden(store_uri, make_run):
    first = make_run("first")
    second = make_run("second", tags={PARENT: first})
    connection.connect().set_tag(first, PARENT, second)
    assert listed()[1] == ["first"]
    assert listed(nested=True)[1] == ["second", "first"]


def test_all_metrics_with_steps_get_the_value_asked_for(sweep, make_run):
    make_run("single", metrics={"loss": 0.45})
    frame = mlmagic.runs(value="max")
    assert frame["loss (max)"].tolist()[0] == 0.45
    assert frame["score (max)"].tolist()[2:] == [0.7, 0.8]
    assert frame["score (max step)"].tolist()[2:] == [2, 1]
    assert frame["steps (max)"].tolist()[2:] == [3.0, 3.0]
    assert [name for name in mlmagic.runs().columns if "(" in name] == []


def test_a_value_that_there_is_not_is_refused(store_uri):
    with pytest.raises(UsageProblem, match=r"value is one of last, best, min, max, not 'bst'.*Did you mean 'best'"):
        mlmagic.runs(value="bst")


def test_no_column_is_added_where_each_best_value_is_the_last(make_run):
    log(make_run("falls"), loss=[0.9, 0.5, 0.2])
    make_run("single", metrics={"loss": 0.3})
    frame = mlmagic.runs(sort="loss")
    assert [name for name in frame.columns if "loss" in name] == ["loss"]
    assert "2 runs, lowest loss first" in repr(frame)


VALUES = st.floats(-10, 10) | st.just(math.nan)


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 2), VALUES), max_size=12), st.booleans())
def test_the_best_point_is_that_of_the_best_mean(trials, lowest):
    runs = [light_run(run_id=f"{at:032x}", params={"lr": lr, "seed": seed}) for at, (lr, seed, _) in enumerate(trials)]
    values = {run.info.run_id: value for run, (_, _, value) in zip(runs, trials, strict=True)}
    by_point: dict[int, list[float]] = {}
    for lr, _, value in trials:
        if not math.isnan(value):
            by_point.setdefault(lr, []).append(value)
    means = [statistics.fmean(of_point) for of_point in by_point.values()]
    assert best_point(runs, values, lowest=lowest) == ((min if lowest else max)(means) if means else None)


@pytest.mark.parametrize("params", [{}, {"seed": 1}, {"fold": 1, "lr": 0.1}, {"model.random_state": 1, "cv.repeat": 2}])
def test_folds_and_seeds_are_one_point(params):
    runs = [
        light_run(run_id=f"{at:032x}", params={**params, **{key: at for key in params if key != "lr"}}) for at in (0, 1)
    ]
    assert best_point(runs, {runs[0].info.run_id: 0.1, runs[1].info.run_id: 0.5}, lowest=True) == pytest.approx(0.3)


def test_a_parent_with_a_value_of_its_own_ranks_by_it(make_run):
    parent = make_run("folds", metrics={"loss": 0.4})
    for at, loss in enumerate((0.1, 0.7)):
        make_run(f"fold {at}", {"fold": at}, {"loss": loss}, tags={PARENT: parent})
    make_run("single", metrics={"loss": 0.3})
    frame, names = listed(sort="loss")
    assert names == ["single", "folds"]
    assert frame["loss"].tolist() == [0.3, 0.4]


def test_that_a_filter_takes_the_last_value_is_said_where_another_one_ranks(sweep):
    assert "the filter compares the last loss, and its best value ranks" in repr(mlmagic.runs("loss < 1", sort="loss"))
    assert "the filter compares" not in repr(mlmagic.runs("score > 0", sort="loss"))
    assert "the filter compares" not in repr(mlmagic.runs("loss < 1", sort="loss", value="last"))


@given(st.lists(st.none() | st.integers(0, 9), max_size=10))
def test_every_run_is_listed_or_below_a_listed_one(parents):
    runs = [
        light_run(run_id=f"{at:032x}", tags={} if parent is None else {PARENT: f"{parent:032x}"})
        for at, parent in enumerate(parents)
    ]
    top, below = fold(runs)
    counted = [*top, *(run for found in below.values() for run in found)]
    assert sorted(run.info.run_id for run in counted) == sorted(run.info.run_id for run in runs)
    assert set(below) <= {run.info.run_id for run in top}
    assert bool(top) == bool(runs)


def test_the_database_and_a_look_at_each_run_fold_the_same(sweep):
    client = connection.connect()
    chosen, below, hidden, total = bulk.newest_top_runs(client, "0", 100)
    top, under = fold(bulk.newest_runs(client, ["0"]).runs)
    assert [run.info.run_id for run in chosen] == [run.info.run_id for run in top]
    assert (below, hidden) == ({run_id: len(found) for run_id, found in under.items()}, 0)
    assert total == len(top)
    assert bulk.newest_top_runs(client, "0", 1).total == len(top)


@pytest.mark.parametrize(
    ("words", "asked", "total", "of_server"),
    [
        ([], {}, 3, 3),
        ([], {"n": 2}, 3, None),
        ([], {"sort": "loss", "n": 1}, 3, 3),
        (["lr < 3"], {"n": 2}, 4, None),
        (["lr < 3"], {}, 4, 4),
        ([], {"nested": True, "n": 8}, 9, None),
        (["lr > 7"], {}, 0, 0),
    ],
)
def test_the_runs_that_match_are_counted_and_those_below_them_are_not(store, words, asked, total, of_server):
    about = mlmagic.runs(*words, **asked).attrs["mlmagic"]
    assert about["total"] == (total if store == "database" else of_server)
    assert about["more"] is (len(mlmagic.runs(*words, **asked)) < total)


def test_all_runs_are_returned_and_the_table_says_how_many_it_shows(make_run, monkeypatch):
    for at in range(23):
        make_run(f"run {at}", {"at": at})
    frame = mlmagic.runs()
    assert len(frame) == 23
    for shown in (repr(frame), frame._repr_html_()):
        assert "20 of 23 runs, newest first" in shown
        assert "the DataFrame has all 23" in shown
        assert "run 3" in shown
        assert "run 2<" not in shown
    assert "run 2 " not in repr(frame)
    monkeypatch.setattr(run_list, "MOST_RUNS", 21)
    frame = mlmagic.runs()
    assert len(frame) == 21
    assert "20 of 23 runs, newest first · the DataFrame has the first 21" in repr(frame)
    assert repr(mlmagic.runs(n=5)).startswith("5 of 23 runs, newest first · more with -n 25")
    assert repr(mlmagic.runs("at < 3", n=2)).startswith("2 of 3 runs, newest first · more with -n 10")


def test_that_a_server_is_asked_for_too_many_histories_is_said(store, monkeypatch):
    monkeypatch.setattr(extremes, "_MOST_ASKED", 1)
    is_said = store == "server"
    told = "metrics have their last values: a server is asked for the history of each run, too many here"
    assert (told in repr(mlmagic.runs(value="best"))) is is_said
    html = mlmagic.runs(sort="loss")._repr_html_()
    assert ("ranked by the last loss" in html) is is_said
    assert ('<a href="http://127.0.0.1:' in html) is is_said  # to the server's own UI
