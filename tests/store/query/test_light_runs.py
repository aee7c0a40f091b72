"""Runs as plain data: what a strange value costs, and what is said about it."""

import math
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from light_runs import START_MS
from light_runs import light_run as made_run

from mlmagic.store.query.light_runs import (
    INCOMPLETE,
    LightRun,
    as_moment,
    as_text,
    as_whole,
    light_run,
    oddities,
    put_metric,
    readable,
)

ROW = {
    "run_uuid": "a" * 32,
    "name": "forest",
    "experiment_id": 3,
    "user_id": "ana",
    "status": "FINISHED",
    "start_time": START_MS,
    "end_time": START_MS + 1,
    "artifact_uri": "/store",
    "lifecycle_stage": "active",
}
ANYTHING = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.binary(max_size=5)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        *(("a", "a"), ("", ""), (b"a\xff", "a\ufffd"), ("ü".encode(), "ü"), (None, ""), (0, "0"), (1.5, "1.5")),
        *((False, "False"), (b"", "")),
    ],
)
def test_any_value_has_a_text(value, text):
    assert as_text(value) == text


@pytest.mark.parametrize(
    ("value", "whole"),
    [
        *((5, 5), (-(2**63), -(2**63)), (2**63 - 1, 2**63 - 1), (2**63, None), (-(2**63) - 1, None), (True, None)),
        *((1.0, None), ("5", None), (None, None), (0, 0)),
    ],
)
def test_only_integers_of_64_bits_are_whole(value, whole):
    assert as_whole(value) == whole
    assert type(as_whole(value)) is type(whole)


@pytest.mark.parametrize(
    ("value", "is_moment"),
    [
        *((0, True), (-1, True), (START_MS, True), (253_402_300_799_999, False), (253_402_200_000_000, True)),
        *((-62_135_596_800_000, False), (-62_135_500_000_000, True), (2**63 - 1, False), ("0", False), (None, False)),
    ],
)
def test_a_moment_is_one_that_datetime_knows_in_every_time_zone(value, is_moment):
    assert (as_moment(value) is not None) is is_moment


def test_a_row_becomes_a_run():
    info = light_run(SimpleNamespace(**ROW)).info
    assert (info.run_id, info.run_name, info.experiment_id, info.user_id) == ("a" * 32, "forest", "3", "ana")
    assert (info.status, info.start_time, info.end_time) == ("FINISHED", START_MS, START_MS + 1)
    assert (info.artifact_uri, info.lifecycle_stage) == ("/store", "active")


def test_mlflows_own_info_becomes_a_run():
    about = {**ROW, "run_id": ROW["run_uuid"], "run_name": ROW["name"]}
    del about["run_uuid"], about["name"]
    assert light_run(SimpleNamespace(**about)).info == light_run(SimpleNamespace(**ROW)).info


@pytest.mark.parametrize(
    ("odd", "told"),
    [
        ({"start_time": "soon"}, ["start_time 'soon' is no time"]),
        ({"end_time": 1.5}, ["end_time 1.5 is no time"]),
        ({"start_time": b"a" * 100}, [f"start_time b'{'a' * 58}… is no time"]),
        ({"start_time": None}, []),
        ({"end_time": None, "user_id": None, "status": None, "name": b"\xff"}, []),
    ],
)
def test_a_time_that_is_none_is_named(odd, told):
    run = light_run(SimpleNamespace(**{**ROW, **odd}))
    assert run.odd == told


def test_no_user_is_none_and_another_value_is_its_text():
    assert light_run(SimpleNamespace(**{**ROW, "user_id": None})).info.user_id is None
    assert light_run(SimpleNamespace(**{**ROW, "user_id": b"ana"})).info.user_id == "ana"
    assert light_run(SimpleNamespace(**{**ROW, "status": None})).info.status == ""


@given(st.fixed_dictionaries({}, optional=dict.fromkeys(ROW, ANYTHING)))
def test_a_row_of_any_values_becomes_a_run_of_the_right_types(odd):
    run = light_run(SimpleNamespace(**{**ROW, **odd}))
    texts = (run.info.run_id, run.info.run_name, run.info.experiment_id, run.info.status, run.info.artifact_uri)
    assert all(type(text) is str for text in texts)
    for moment in (run.info.start_time, run.info.end_time):
        assert moment is None or type(moment) is int
    assert all(type(one) is str for one in oddities(run))
    assert readable(run) is run or run.info.start_time is None


@pytest.mark.parametrize(
    ("value", "kept", "told"),
    [
        (0.5, 0.5, []),
        (3, 3.0, []),
        (True, 1.0, []),
        (math.inf, math.inf, []),
        ("abc", None, ["metric 'loss' has 'abc', which is no number"]),
        (None, None, ["metric 'loss' has None, which is no number"]),
        (b"1", None, ["metric 'loss' has b'1', which is no number"]),
        ("x" * 100, None, [f"metric 'loss' has '{'x' * 59}…, which is no number"]),
    ],
)
def test_a_metric_that_is_no_number_is_left_out_and_named(value, kept, told):
    run = made_run()
    put_metric(run, "loss", value)
    assert run.data.metrics.get("loss") == kept
    assert run.odd == told


def test_a_metric_has_a_text_as_its_key():
    run = made_run()
    put_metric(run, b"loss", 1)
    assert run.data.metrics == {"loss": 1.0}


def mlflow_run(**odd):
    """Return a run as MLflow's client gives it, with a value replaced in each of its parts."""
    info = {**ROW, "run_id": ROW["run_uuid"], "run_name": ROW["name"]} | odd.get("info", {})
    del info["run_uuid"], info["name"]
    data = {"params": {"lr": "1"}, "metrics": {"loss": 0.5}, "tags": {"team": "x"}} | odd.get("data", {})
    dataset = {"name": "train", "digest": "9f", "profile": None} | odd.get("dataset", {})
    inputs = SimpleNamespace(dataset_inputs=[SimpleNamespace(dataset=SimpleNamespace(**dataset), tags=[])])
    return SimpleNamespace(info=SimpleNamespace(**info), data=SimpleNamespace(**data), inputs=inputs)


def test_a_usual_run_stays_as_it_is():
    for usual in (
        mlflow_run(),
        mlflow_run(info={"end_time": None, "run_name": None}),
        mlflow_run(data={"metrics": {"a": 1}}),
    ):
        assert readable(usual) is usual


@pytest.mark.parametrize(
    "odd",
    [
        {"info": {"start_time": None}},
        {"info": {"start_time": "soon"}},
        {"info": {"end_time": 1.5}},
        {"info": {"run_id": b"a"}},
        {"info": {"status": None}},
        {"info": {"run_name": b"x"}},
        {"info": {"artifact_uri": None}},
        {"data": {"metrics": {"loss": "x"}}},
        {"data": {"metrics": {"loss": True}}},
        {"data": {"params": {"lr": 1}}},
        {"data": {"tags": {"team": None}}},
        {"data": {"params": {b"lr": "1"}}},
        {"data": {"tags": {None: "1"}}},
        {"dataset": {"name": None}},
        {"dataset": {"digest": b"9f"}},
    ],
)
def test_one_strange_value_is_repaired_and_the_others_are_kept(odd):
    found = readable(mlflow_run(**odd))
    assert isinstance(found, LightRun)
    assert all(type(text) is str for pair in {**found.data.params, **found.data.tags}.items() for text in pair)
    assert all(type(value) is float for value in found.data.metrics.values())
    assert all(type(one.dataset.name) is str is type(one.dataset.digest) for one in found.inputs.dataset_inputs)
    if "info" in odd:
        assert (found.data.params, found.data.metrics, found.data.tags) == ({"lr": "1"}, {"loss": 0.5}, {"team": "x"})
        assert [(one.dataset.name, one.dataset.digest) for one in found.inputs.dataset_inputs] == [("train", "9f")]
    else:
        assert (found.info.run_id, found.info.status) == ("a" * 32, "FINISHED")


def test_a_strange_run_without_inputs():
    run = mlflow_run(info={"start_time": None})
    run.inputs = None
    assert readable(run).inputs.dataset_inputs == []


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({}, []),
        ({"start": None}, ["start time missing"]),
        ({"start": 2**62}, [f"start time {2**62} is no date"]),
        ({"status": ""}, ["status missing"]),
        ({"tags": {INCOMPLETE: "a file waits"}}, ["incomplete, a file waits"]),
        ({"start": None, "status": ""}, ["start time missing", "status missing"]),
    ],
)
def test_what_a_run_lacks_is_told(change, told):
    assert oddities(made_run(**change)) == told


def test_a_start_that_is_no_time_is_told_once():
    run = light_run(SimpleNamespace(**{**ROW, "start_time": "soon"}))
    assert oddities(run) == ["start_time 'soon' is no time"]
    run.odd = ["metric 'a' has 'b', which is no number"]
    assert oddities(run) == [*run.odd, "start time missing"]
