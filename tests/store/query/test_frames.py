"""Runs as a table: which columns it has, and which values they hold."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from light_runs import START_MS, light_run

from mlmagic.store.query.frames import ATTRS, BASE_COLUMNS, column_name, frame_of


def column(values, name="k"):
    """Return the column of a param with these values; None for a run without it."""
    return frame_of([light_run(params={} if value is None else {name: value}) for value in values])[name]


@pytest.mark.parametrize(
    ("values", "dtype", "expected"),
    [
        (["1", "-2", "0"], "int64", [1, -2, 0]),
        (["1", None], "Int64", [1, pd.NA]),
        (["1", "2.5"], "float64", [1.0, 2.5]),
        (["1e-05", "1e+20"], "float64", [1e-05, 1e20]),
        ([str(2**63 - 1), str(-(2**63))], "int64", [2**63 - 1, -(2**63)]),
        ([str(2**63)], "object", [str(2**63)]),
        ([str(-(2**63) - 1)], "object", [str(-(2**63) - 1)]),
        (["9" * 5000], "object", ["9" * 5000]),
        (["007"], "object", ["007"]),
        (["0.10"], "object", ["0.10"]),
        (["1e-5"], "object", ["1e-5"]),
        (["-0"], "object", ["-0"]),
        (["-0.0"], "float64", [-0.0]),
        (["--5"], "object", ["--5"]),
        (["-"], "object", ["-"]),
        (["---"], "object", ["---"]),
        (["+5"], "object", ["+5"]),
        (["1_000"], "object", ["1_000"]),
        (["\uff11"], "object", ["\uff11"]),
        (["\u00b2"], "object", ["\u00b2"]),
        ([" 1"], "object", [" 1"]),
        (["nan"], "object", ["nan"]),
        (["inf"], "object", ["inf"]),
        (["True"], "object", ["True"]),
        (["1", "adam"], "object", ["1", "adam"]),
        (["adam", None], "object", ["adam", None]),
        ([""], "object", [""]),
    ],
)
def test_a_column_of_params_has_numbers_only_where_nothing_is_lost(values, dtype, expected):
    found = column(values)
    assert found.dtype == dtype
    assert [repr(value) for value in found.tolist()] == [repr(value) for value in expected]


@given(
    st.lists(st.text(alphabet="0123456789.-+eE_ nainf", max_size=6) | st.integers().map(str) | st.none(), min_size=1)
)
def test_each_text_can_be_had_back_from_its_column(values):
    if not any(value is not None for value in values):
        return
    found = column(values)
    for value, cell in zip(values, found.tolist(), strict=True):
        if value is None:
            assert cell is None or pd.isna(cell)
        else:
            assert str(cell) == value or float(value) == cell


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=5))
def test_floats_come_back_as_they_were(values):
    assert column([repr(value) for value in values]).tolist() == values


def test_infinite_metrics_and_metrics_that_are_no_number():
    runs = [light_run(metrics={"k": value}) for value in (math.inf, -1.7976931348623157e308, math.nan, 1.5)]
    found = frame_of([*runs, light_run()])["k"]
    assert found.dtype == "float64"
    assert [repr(value) for value in found] == ["inf", "-inf", "nan", "1.5", "nan"]


def test_the_columns_come_params_first_in_the_order_of_the_first_run():
    runs = [
        light_run("new", {"b": 1, "a": 2}, {"z": 1.0}),
        light_run("old", {"a": 1, "c": 2}, {"y": 1.0, "z": 1.0}),
    ]
    assert list(frame_of(runs).columns) == [*BASE_COLUMNS, "b", "a", "c", "z", "y"]


@pytest.mark.parametrize(
    ("params", "metrics", "columns"),
    [
        (["lr"], ["loss"], ["lr", "loss"]),
        (["loss"], ["loss"], ["params.loss", "metrics.loss"]),
        (["name"], ["status"], ["params.name", "metrics.status"]),
        (["run_id", "duration", "started"], [], ["params.run_id", "params.duration", "params.started"]),
        (["loss", "params.loss"], ["loss"], ["params.loss", "params.params.loss", "metrics.loss"]),
        (["loss"], ["loss", "params.loss"], ["params.loss", "metrics.loss", "metrics.params.loss"]),
        (["metrics.loss", "loss"], ["loss"], ["params.metrics.loss", "params.loss", "metrics.loss"]),
        (["params.name", "name"], [], ["params.params.name", "params.name"]),
        (
            ["metrics.x", "params.metrics.x"],
            ["metrics.x"],
            ["params.metrics.x", "params.params.metrics.x", "metrics.metrics.x"],
        ),
    ],
)
def test_no_two_columns_have_one_name(params, metrics, columns):
    run = light_run("run", dict.fromkeys(params, "1"), dict.fromkeys(metrics, 1.0))
    frame = frame_of([run])
    assert list(frame.columns) == [*BASE_COLUMNS, *columns]
    about = frame.attrs[ATTRS]
    assert (about["params"], about["metrics"]) == (columns[: len(params)], columns[len(params) :])


KEYS = st.lists(st.sampled_from(["params.", "metrics."]), max_size=3).flatmap(
    lambda kinds: st.sampled_from(["x", "name", "params"]).map(lambda name: "".join(kinds) + name)
)


@given(st.sets(KEYS, max_size=8), st.sets(KEYS, max_size=8))
def test_each_param_and_metric_has_a_column_of_its_own(params, metrics):
    run = light_run("run", dict.fromkeys(params, "text"), dict.fromkeys(metrics, 1.0))
    frame = frame_of([run])
    assert len(set(frame.columns)) == len(BASE_COLUMNS) + len(params) + len(metrics)
    assert frame.iloc[0].tolist().count("text") == len(params)


def test_column_name():
    assert column_name("lr", "params", {"loss"}) == "lr"
    assert column_name("lr", "params", {"lr"}) == "params.lr"
    assert column_name("metrics.params.lr", "params", {"lr"}) == "params.metrics.params.lr"


@pytest.mark.parametrize(
    ("sort", "column"),
    [
        (None, None),
        (("metric", "loss"), "metrics.loss"),
        (("param", "loss"), "params.loss"),
        (("param", "lr"), "lr"),
        (("attribute", "run_name"), "name"),
        (("attribute", "start_time"), "started"),
        (("attribute", "duration"), "duration"),
        (("attribute", "end_time"), None),
        (("tag", "team"), None),
    ],
)
def test_the_column_that_the_runs_are_ordered_by_is_named(sort, column):
    frame = frame_of([light_run(params={"loss": "hinge", "lr": 1}, metrics={"loss": 1})], sort=sort)
    assert frame.attrs[ATTRS]["sort"] == column


def test_what_else_is_known_of_the_runs():
    continued = light_run("a", run_id="a" * 32, tags={"mlmagic.duration": "2.5"}, end=START_MS + 9000)
    odd = light_run("b", run_id="b" * 32, start=None)
    frame = frame_of([continued, odd], experiment="churn", more=True)
    about = frame.attrs[ATTRS]
    assert about["spans"] == {"a" * 32: 9.0}
    assert about["odd"] == ["b (bbbbbbbb): start time missing"]
    assert (about["experiment"], about["more"]) == ("churn", True)
    assert frame["duration"].tolist()[0] == 2.5
    assert math.isnan(frame["duration"][1])


def test_starts_are_local_time_and_what_is_no_date_is_left_out():
    runs = [light_run(start=start) for start in (START_MS, None, 2**62, -(2**63), 0)]
    found = frame_of(runs)["started"]
    assert found.dt.tz is not None
    assert [pd.isna(one) for one in found] == [False, True, True, True, False]
    assert found[0] == pd.Timestamp(START_MS, unit="ms", tz="UTC")
    assert found[4] == pd.Timestamp(0, unit="ms", tz="UTC")


def test_the_first_columns_say_which_run_it_is():
    runs = [light_run("a", run_id="a" * 32, status="RUNNING", end=None), light_run(None, run_id="b" * 32)]
    frame = frame_of(runs)
    assert frame["run_id"].tolist() == ["a" * 32, "b" * 32]
    assert frame["name"].tolist() == ["a", None]
    assert frame["status"].tolist() == ["RUNNING", "FINISHED"]
    assert [pd.isna(one) for one in frame["duration"]] == [True, False]


def test_no_runs_are_an_empty_table():
    frame = frame_of([])
    assert list(frame.columns) == list(BASE_COLUMNS)
    assert len(frame) == 0
    assert frame["duration"].dtype == np.float64
    assert frame.attrs[ATTRS]["odd"] == []
