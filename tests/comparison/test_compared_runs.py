"""The runs of a comparison: which metric matters, which run is best, and what stands below what."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from light_runs import numbered_run

from mlmagic.comparison import wire
from mlmagic.comparison.columns import columns_of
from mlmagic.comparison.compared_runs import Comparison, ComparisonNotice
from mlmagic.store.query.direction import direction_of
from mlmagic.store.query.shown_tags import TOLD_TAGS

PARENT = "mlflow.parentRunId"


@pytest.mark.parametrize(
    ("metrics", "named", "main"),
    [
        ([{}], None, None),
        ([{"size": 1}, {"size": 1}], None, "size"),
        ([{"size": 1, "loss": 1}, {"size": 1, "loss": 1}], None, "loss"),
        ([{"size": 1, "loss": 1}, {"size": 2, "loss": 1}], None, "size"),
        ([{"size": 1, "loss": 1}, {"size": 2, "loss": 2}], None, "loss"),
        ([{"size": 1, "loss": 1}], "size", "size"),
        ([{"loss": 1}, {"size": 1}], "size", "size"),
    ],
)
def test_the_main_metric_is_the_named_one_or_one_that_differs_and_has_a_direction(metrics, named, main):
    made = Comparison([numbered_run(at, None, {}, one) for at, one in enumerate(metrics)], "t", metric=named)
    assert (made.main_metric.label if made.main_metric else None) == main


VALUES = st.lists(
    st.none() | st.floats(-10, 10) | st.sampled_from([math.nan, math.inf, -math.inf]), min_size=1, max_size=12
)


@given(VALUES, st.sampled_from(["loss", "accuracy"]))
def test_the_best_run_is_first_as_pandas_sorts(values, metric):
    runs = [numbered_run(at, None, {}, {} if value is None else {metric: value}) for at, value in enumerate(values)]
    found = Comparison(runs, "t").best_first()
    series = pd.Series([math.nan if value is None else value for value in values], dtype=float)
    expected = series.sort_values(ascending=metric == "loss", kind="stable", na_position="last").index.tolist()
    if series.notna().any():
        assert series.iloc[found].tolist() == pytest.approx(series.iloc[expected].tolist(), nan_ok=True)
    assert sorted(found) == list(range(len(values)))


def test_a_direction_that_is_given_counts_before_that_of_the_name():
    runs = [numbered_run(at, None, {}, {"score": value}) for at, value in enumerate([0.2, 0.1, 0.3])]
    assert Comparison(runs, "t", metric="score", goal="min").best_first() == [1, 0, 2]
    assert Comparison(runs, "t", metric="score", goal="max").best_first() == [2, 0, 1]
    assert Comparison(runs, "t", metric="score", goal="min").main_metric.goal == "min"


def test_failed_and_killed_runs_come_after_the_others_and_before_those_without_a_value():
    runs = [numbered_run(at, None, {}, {"loss": value}) for at, value in enumerate([0.1, math.nan, 0.2, 0.4, 0.3])]
    runs[0].info.status, runs[2].info.status = "FAILED", "KILLED"
    assert Comparison(runs, "t").best_first() == [4, 3, 0, 2, 1]


PARENTS = st.integers(1, 10).flatmap(
    lambda count: st.lists(st.integers(-2, count - 1), min_size=count, max_size=count).map(
        lambda parents: (parents, count)
    )
)


@given(PARENTS)
def test_the_parents_of_runs_whatever_the_tags_say(given):
    parents, _ = given
    runs = [
        numbered_run(at, None, {}, {"loss": float(at)}, tags={PARENT: f"{parent:032x}" if parent >= 0 else "gone"})
        for at, parent in enumerate(parents)
    ]
    assert Comparison(runs, "t").parents == [parent if parent >= 0 else -1 for parent in parents]


def test_a_run_whose_parent_is_not_among_the_runs_stands_alone():
    runs = [numbered_run(0, tags={PARENT: "f" * 32}), numbered_run(1)]
    assert Comparison(runs, "t").parents == [-1, -1]


def test_the_columns_stand_in_the_order_of_the_table():
    runs = [numbered_run(0, "a", {"lr": "1"}, {"loss": 1.0, "acc": 1.0}, tags={"team": "red", "mlflow.user": "me"})]
    found = columns_of(runs, metric="acc")
    assert [column.id for column in found] == [
        "run:name", "metric:acc", "metric:loss", "param:lr", "run:status", "run:duration", "run:started", "tag:team", "tag:mlflow.user",
    ]  # fmt: skip
    assert {column.id: column.label for column in found}["tag:mlflow.user"] == TOLD_TAGS["mlflow.user"]
    assert [column.id for column in found if not column.shown] == ["tag:mlflow.user"]


def test_what_differs_stands_first_and_what_all_runs_share_is_folded_away():
    runs = [
        numbered_run(at, None, {"depth": "3", "lr": lr}, {"loss": 1.0}, tags={"team": "red"})
        for at, lr in enumerate("12")
    ]
    found = columns_of(runs)
    assert [column.id for column in found][:4] == ["run:name", "metric:loss", "param:lr", "param:depth"]
    assert [column.id for column in found if not column.shown] == ["param:depth"]


def test_a_direction_that_is_given_is_that_of_the_named_metric_only():
    runs = [numbered_run(0, None, {}, {"score": 1.0, "loss": 1.0})]
    goals = {column.id: column.goal for column in columns_of(runs, metric="score", goal="min")}
    assert (goals["metric:score"], goals["metric:loss"]) == ("min", "min")
    goals = {column.id: column.goal for column in columns_of(runs, metric="loss", goal="max")}
    assert (goals["metric:score"], goals["metric:loss"]) == (direction_of("score"), "max")


def test_experiments_are_a_column_where_there_are_several():
    runs = [numbered_run(0, experiment="1"), numbered_run(1, experiment="2"), numbered_run(2, experiment="3")]
    found = {column.id: column for column in columns_of(runs, experiments={"1": "churn", "2": "fraud"})}
    column = found["run:experiment"]
    assert [column.words[code] for code in column.codes] == ["churn", "fraud", "3"]
    assert "run:experiment" not in {column.id for column in columns_of(runs[:1], experiments={"1": "churn"})}


def test_durations_of_continued_runs_have_the_span_beside_them():
    runs = [numbered_run(0), numbered_run(1, tags={"mlmagic.duration": "0.250"})]
    runs[0].info.end_time = None
    found = {column.id: column for column in columns_of(runs)}
    assert found["run:duration"].missing.tolist() == [1, 0]
    assert found["run:duration"].numbers[1] == 0.25
    assert found["run:span"].numbers[1] == 0.5
    assert found["run:span"].missing.tolist() == [1, 0]


@pytest.mark.parametrize(
    ("words", "form"),
    [
        (["1", "0.10", "-1e-3", "inf", "nan"], "number"),
        (["1", "adam"], "text"),
        ([""], "text"),
        (["1", ""], "text"),
        (["0x10"], "text"),
        (["1_000"], "text"),
        (["\N{ARABIC-INDIC DIGIT ONE}"], "text"),
        ([" 1 "], "number"),
        (["True"], "text"),
    ],
)
def test_a_param_is_a_number_where_every_word_is_one(words, form):
    runs = [numbered_run(at, None, {"p": word}) for at, word in enumerate(words)]
    column = next(one for one in columns_of(runs) if one.id == "param:p")
    assert column.format == form
    assert [column.words[code] for code in column.codes] == words


CELLS = st.lists(
    st.tuples(st.dictionaries(st.sampled_from("abc"), st.sampled_from(["1", "2", "x", ""]), max_size=3),
              st.dictionaries(st.sampled_from(["loss", "acc"]), st.floats(-1e9, 1e9), max_size=2)),
    min_size=1, max_size=10,
)  # fmt: skip


@given(CELLS)
def test_a_column_differs_where_pandas_sees_several_values(cells):
    runs = [numbered_run(at, None, params, metrics) for at, (params, metrics) in enumerate(cells)]
    for column in columns_of(runs):
        if column.kind not in {"param", "metric"}:
            continue
        name = column.label
        values = pd.Series(
            [(params if column.kind == "param" else metrics).get(name) for params, metrics in cells], dtype=object
        )
        assert column.differs == (len(cells) > 1 and len(values.value_counts(dropna=False)) > 1)


@given(CELLS)
def test_the_browser_gets_the_same_values_as_bytes(cells):
    runs = [numbered_run(at, None, params, metrics) for at, (params, metrics) in enumerate(cells)]
    made = Comparison(runs, "t")
    sent = wire.table_of(made, "http://127.0.0.1:5000")
    assert sent["ids"] == [f"{at:032x}" for at in range(len(cells))]
    assert np.frombuffer(sent["parents"], np.int32).tolist() == made.parents
    assert np.frombuffer(sent["configurations"], np.int32).tolist() == made.configurations
    for column, one in zip(made.columns, sent["columns"], strict=True):
        assert one["id"] == column.id
        if column.numbers is not None:
            np.testing.assert_array_equal(np.frombuffer(one["numbers"]), column.numbers)
            assert ("missing" in one) == (column.missing is not None)
        if column.codes is not None:
            np.testing.assert_array_equal(np.frombuffer(one["codes"], np.int32), column.codes)
            assert one["words"] == list(column.words)


def test_what_else_travels_to_the_browser():
    made = Comparison([numbered_run(0, experiment="7")], "title", total=9, notice=ComparisonNotice("a", "b"))
    sent = wire.table_of(made, "http://ui")
    assert (sent["title"], sent["total"], sent["notice"]) == ("title", 9, {"text": "a", "hint": "b"})
    assert (sent["experiments"], sent["ui"]) == (["7"], "http://ui")
    without = wire.table_of(Comparison([numbered_run(0, experiment="7")], "t"), None)
    assert (without["experiments"], without["ui"], without["notice"], without["total"]) == ([], None, None, None)


def test_an_error_names_the_request_that_it_answers():
    assert wire.error(7, "text", "hint") == {"kind": "error", "request": 7, "text": "text", "hint": "hint"}
    assert wire.error(None, "text")["hint"] == ""


def test_no_runs_are_an_empty_table():
    made = Comparison([], "nothing")
    assert made.main_metric is None
    assert (made.best_first(), made.parents, made.configurations) == ([], [], [])
    assert wire.table_of(made, None)["ids"] == []
    assert list(made.to_dataframe().columns[:2]) == ["run_id", "name"]
