"""`mlmagic.log`, `log_params` and `tag` within a run: odd values, steps and names cost a line, never the user's code."""

from __future__ import annotations

import collections
import datetime as dt
import decimal
import enum
import fractions
import json
import math
import os
import pathlib
import subprocess
import sys
import threading
import types
from typing import NamedTuple

import numpy as np
import pandas as pd
import polars as pl
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from recorded import Recorded

import mlmagic
from mlmagic.errors import NoActiveRunError, UsageProblem
from mlmagic.recording import open_runs
from mlmagic.store.keys import is_valid


@pytest.fixture
def run():
    """A run of the calling thread."""
    made = Recorded()
    context = made.context()
    open_runs.enter(context)
    yield made
    open_runs.leave(context)


class Kind(enum.Enum):
    A = 1


class Level(enum.IntEnum):
    HIGH = 3


class Pair(NamedTuple):
    a: float
    b: float


class Raises:
    def __getattr__(self, name):
        raise RuntimeError(name)

    def __str__(self):
        raise RuntimeError


NUMBERS = {
    "a float": (0.5, [0.5]),
    "an integer": (3, [3.0]),
    "a flag": (True, [1.0]),
    "minus zero": (-0.0, [-0.0]),
    "an enum of integers": (Level.HIGH, [3.0]),
    "a decimal": (decimal.Decimal("0.1"), [0.1]),
    "a decimal that is no number": (decimal.Decimal("NaN"), [math.nan]),
    "a fraction": (fractions.Fraction(1, 3), [1 / 3]),
    "float16": (np.float16(0.5), [0.5]),
    "longdouble": (np.longdouble(0.5), [0.5]),
    "uint64": (np.uint64(2**63), [2.0**63]),
    "a flag of NumPy": (np.bool_(True), [1.0]),
    "an array without axes": (np.array(0.5), [0.5]),
    "an array of one value": (np.array([[0.5]]), [0.5]),
    "a masked value": (np.ma.masked, None),
    "a masked value in an array": (np.ma.array([0.5], mask=[True]), None),
    "an array that is not masked": (np.ma.array([0.5], mask=[False]), [0.5]),
    "an array with a masked value": (np.ma.array([0.5, 1.0], mask=[False, True]), None),
    "an array": (np.array([0.5, 1.0]), [0.5, 1.0]),
    "an array of integers": (np.arange(3), [0.0, 1.0, 2.0]),
    "an empty array": (np.zeros(0), None),
    "a table": (np.zeros((2, 2)), None),
    "a tensor": (torch.tensor(0.5), [0.5]),
    "a tensor with a gradient": (torch.tensor(0.5, requires_grad=True), [0.5]),
    "a tensor of bfloat16": (torch.tensor(0.5, dtype=torch.bfloat16), [0.5]),
    "tensors": (torch.arange(3.0), [0.0, 1.0, 2.0]),
    "tensors with gradients": (torch.ones(2, requires_grad=True), [1.0, 1.0]),
    "a tensor without data": (torch.zeros((), device="meta"), None),
    "a series": (pd.Series([0.5, 1.0]), [0.5, 1.0]),
    "a series of one": (pd.Series([0.5]), [0.5]),
    "a column of polars": (pl.Series([0.5, 1.0]), None),
    "a missing value of pandas": (pd.NA, None),
    "a list": ([0.5, 1], [0.5, 1.0]),
    "a tuple": ((0.5, True), [0.5, 1.0]),
    "a list of tensors": ([torch.tensor(0.5), np.float32(1)], [0.5, 1.0]),
    "a list with a text": ([0.5, "x"], None),
    "a list with None": ([0.5, None], None),
    "a list of lists": ([[0.5]], None),
    "an empty list": ([], None),
    "a named tuple": (Pair(0.5, 1.0), [0.5, 1.0]),
    "a set": ({0.5}, None),
    "a generator": ((x for x in [0.5]), None),
    "a range": (range(3), None),
    "a deque": (collections.deque([0.5]), None),
    "None": (None, None),
    "a text of a number": ("0.5", None),
    "bytes": (b"0.5", None),
    "complex": (0.5 + 0j, None),
    "a date": (dt.date(2020, 1, 1), None),
    "a time span": (dt.timedelta(seconds=1), None),
    "a span of NumPy": (np.timedelta64(1, "s"), None),
    "a path": (pathlib.Path("a"), None),
    "an enum": (Kind.A, None),
    "a function": (len, None),
    "a class": (int, None),
    "a module": (math, None),
    "an object that raises": (Raises(), None),
    "beyond all floats": (10**400, [math.inf]),
    "beyond all floats, negative": (-(10**400), [-math.inf]),
}  # fmt: skip


@pytest.mark.parametrize("name", NUMBERS)
def test_a_value_is_a_number_or_a_curve_or_a_line_in_the_summary(name, run):
    value, expected = NUMBERS[name]
    mlmagic.log(m=value)
    assert [one for _, one, _ in run.points] == pytest.approx(expected or [], nan_ok=True)
    assert all(type(one) is float for _, one, _ in run.points)
    refused = [line for line in run.lines if "was not recorded" in line]
    assert len(refused) == (expected is None)
    assert all(line.startswith("metric 'm' is ") for line in run.lines)


@pytest.mark.parametrize(
    "kind", [dict, collections.OrderedDict, types.MappingProxyType, collections.ChainMap, pd.Series]
)
def test_a_mapping_is_a_metric_for_each_leaf(kind, run):
    mlmagic.log(val=kind({"a": 0.5, "b": 1.5}))
    expected = [("val", 0.5, 0), ("val", 1.5, 1)] if kind is pd.Series else [("val.a", 0.5, 0), ("val.b", 1.5, 0)]
    assert run.points == expected


def test_a_mapping_within_itself_ends(run):
    value = {"a": 0.5}
    value["self"] = value
    mlmagic.log(m=value)
    assert run.points == [("m.a", 0.5, 0)]
    assert len(run.lines) == 1


@pytest.mark.parametrize("metrics", [{}, None])
def test_nothing_is_nothing(metrics, run):
    mlmagic.log(metrics)
    mlmagic.log_params(metrics)
    mlmagic.tag(metrics)
    assert (run.sink.records, run.lines) == ([], [])


def test_a_name_in_the_mapping_and_as_a_keyword_is_the_keywords(run):
    mlmagic.log({"a": 1.0, "b": 2.0}, a=3.0)
    assert run.points == [("a", 3.0, 0), ("b", 2.0, 0)]


def test_a_metric_may_be_called_as_the_parameters_of_the_function_are(run):
    mlmagic.log({"step": 1.0, "metrics": 2.0}, more=3.0)
    mlmagic.log_params({"params": 1}, more=2)
    mlmagic.tag({"tags": 1}, more=2)
    assert [name for name, *_ in run.points] == ["step", "metrics", "more"]
    assert (run.params, run.tags) == ({"params": "1", "more": "2"}, {"tags": "1", "more": "2"})


@pytest.mark.parametrize("call", [mlmagic.log, mlmagic.log_params, mlmagic.tag])
@pytest.mark.parametrize("wrong", [0.5, "loss", ["loss"], [("loss", 0.5)], object()], ids=lambda wrong: str(wrong)[:9])
def test_what_is_no_mapping_is_refused_in_one_line(call, wrong, run):
    with pytest.raises(UsageProblem, match=rf"mlmagic\.{call.__name__}") as raised:
        call(wrong)
    assert "\n" not in str(raised.value)
    assert run.sink.records == []


STEPS = {
    "none": ([None, None, None], [0, 1, 2]),
    "given": ([5, 6, 7], [5, 6, 7]),
    "given, then none": ([5, None, None], [5, 6, 7]),
    "backwards": ([5, 3, None], [5, 3, 4]),
    "the same": ([5, 5, None], [5, 5, 6]),
    "negative": ([-1, None, None], [-1, 0, 1]),
    "floats": ([1.0, 2.0, 3.9], [1, 2, 3]),
    "NumPy's and torch's": ([np.int32(1), torch.tensor(2), np.array([3])], [1, 2, 3]),
    "flags": ([True, False, None], [1, 0, 1]),
    "the largest": ([2**62, None, 0], [2**62, 2**62 + 1, 0]),
    "too large": ([2**63, 2**80, -(2**70)], [0, 1, 2]),
    "not a number": ([math.nan, math.inf, -math.inf], [0, 1, 2]),
    "texts": (["1", "two", b"3"], [0, 1, 2]),
    "nothing of the kind": ([[1], {}, object()], [0, 1, 2]),
}


@pytest.mark.parametrize("name", STEPS)
def test_a_step_is_a_64_bit_integer_or_the_next_one(name, run):
    steps, expected = STEPS[name]
    for step in steps:
        mlmagic.log(m=0.5, step=step)
    assert [(step, type(step)) for _, _, step in run.points] == [(step, int) for step in expected]
    odd = name in {"too large", "not a number", "texts", "nothing of the kind"}
    assert any("is not a 64-bit integer" in line for line in run.lines) == odd
    assert any("no whole numbers" in line for line in run.lines) == (name == "floats")


def test_a_curve_at_a_step_goes_on_from_it(run):
    mlmagic.log(m=[0.1, 0.2], step=10)
    mlmagic.log(m=0.3)
    assert [step for *_, step in run.points] == [10, 11, 12]


def test_of_a_metric_the_value_of_the_highest_step_is_shown(run):
    for step, value in ((5, 0.5), (9, 0.9), (7, 0.7), (9, 0.95)):
        mlmagic.log(m=value, step=step)
    line = run.recorder.metrics["m"]
    assert (line.value, line.steps) == (0.95, 4)


@given(st.lists(st.tuples(st.integers(-3, 3) | st.none(), st.floats(allow_nan=False)), min_size=1))
def test_the_shown_value_is_the_last_one_of_the_highest_step(logged):
    made = Recorded()
    for step, value in logged:
        made.recorder.metric("m", value, step)
    highest = max(step for *_, step in made.points)
    assert made.recorder.metrics["m"].value == [value for _, value, step in made.points if step == highest][-1]
    assert made.recorder.last_steps() == {"m": made.points[-1][2]}


NAMES = st.one_of(
    st.text(max_size=30), st.integers(), st.none(), st.booleans(), st.tuples(st.integers()), st.binary(max_size=3)
)


@given(st.lists(NAMES, min_size=1, max_size=6))
def test_any_name_is_a_key_that_mlflow_takes_and_no_two_names_share_one(names):
    made = Recorded()
    context = made.context()
    open_runs.enter(context)
    try:
        mlmagic.log(dict.fromkeys(names, 0.5))
        mlmagic.log_params(dict.fromkeys(names, "x"))
        mlmagic.tag(dict.fromkeys(names, "x"))
    finally:
        open_runs.leave(context)
    texts = {str(name) for name in dict.fromkeys(names)}
    for found in ({name for name, *_ in made.points}, set(made.params), set(made.tags)):
        assert all(map(is_valid, found))
        assert len(found) == len(texts)


PARAMS = {
    "a float": (0.1, "0.1"),
    "an integer": (3, "3"),
    "a flag": (True, "True"),
    "None": (None, "None"),
    "a text": ("adam", "adam"),
    "an empty text": ("", ""),
    "several lines": ("a\nb", "a\nb"),
    "a list": ([64, 0.5, "x"], '[64, 0.5, "x"]'),
    "a tuple": ((64, 32), "[64, 32]"),
    "an empty list": ([], "[]"),
    "a list with a scalar of NumPy": ([np.int64(3)], "[3]"),
    "a list that is no JSON": ([Kind.A], "[<Kind.A: 1>]"),
    "a range": (range(3), "range(0, 3)"),
    "a set": ({1}, "{1}"),
    "a scalar of NumPy": (np.float32(0.5), "0.5"),
    "an enum": (Kind.A, "Kind.A"),
    "an enum of integers": (Level.HIGH, "3"),
    "a path": (pathlib.PurePosixPath("a/b"), "a/b"),
    "a date": (dt.date(2020, 1, 2), "2020-01-02"),
    "a class": (collections.OrderedDict, "<class 'collections.OrderedDict'>"),
    "bytes": (b"ab", "b'ab'"),
    "an object that raises": (Raises(), "<Raises: RuntimeError when shown>"),
    "an empty dict": ({}, "{}"),
}


@pytest.mark.parametrize("name", PARAMS)
def test_a_parameter_is_text(name, run):
    value, expected = PARAMS[name]
    mlmagic.log_params(p=value)
    mlmagic.tag(t=value)
    assert run.params == {"p": expected}
    assert run.tags == {"t": expected}
    assert run.lines == []


def test_a_later_tag_replaces_an_earlier_one_and_a_later_parameter_does_not(run):
    mlmagic.tag(stage="draft")
    mlmagic.tag(stage="final")
    mlmagic.log_params(lr=0.1)
    mlmagic.log_params(lr=0.2)
    assert (run.tags, run.params) == ({"stage": "final"}, {"lr": "0.1"})
    assert run.lines == ["parameter 'lr' is '0.1' in this run and stays so; '0.2' was not recorded"]


def test_the_same_parameter_in_another_type_is_the_same(run):
    for value in (0.5, "0.5", np.float64(0.5), decimal.Decimal("0.5")):
        mlmagic.log_params(lr=value)
    assert (run.params, run.lines) == ({"lr": "0.5"}, [])


@pytest.mark.parametrize("call", [lambda: mlmagic.log(a=1), lambda: mlmagic.log_params(a=1), lambda: mlmagic.tag(a=1)])
def test_without_a_run_the_way_to_one_is_told(call):
    with pytest.raises(NoActiveRunError, match=r"Put %%track on the first line of the cell"):
        call()


def test_a_worker_thread_logs_to_the_latest_run_and_counts_its_steps(run):
    threads = [threading.Thread(target=lambda: [mlmagic.log(m=1.0) for _ in range(50)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(step for *_, step in run.points) == list(range(200))


def test_another_process_is_told_that_nothing_would_arrive(run):
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        try:
            mlmagic.log(m=1.0)
        except NoActiveRunError as error:
            os.write(writing, str(error).encode())
        finally:
            os._exit(0)
    os.close(writing)
    os.waitpid(child, 0)
    with os.fdopen(reading) as said:
        assert "in another process than the run's" in said.read()
    assert run.points == []


def test_values_are_read_alike_in_a_process_without_the_libraries():
    code = (
        "import json, sys; from mlmagic.scalars import as_number; from mlmagic.store.values import as_curve, as_text\n"
        "print(json.dumps([as_number(0.5), as_curve([1, 2]), as_text([1, 'a']), sorted({'numpy', 'torch', 'pandas'} & set(sys.modules))]))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == [0.5, [1.0, 2.0], '[1, "a"]', []]
