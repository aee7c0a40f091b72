"""The order of runs."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from light_runs import START_MS, light_run

from mlmagic.errors import UsageProblem
from mlmagic.store.query.filters.names import Keys
from mlmagic.store.query.ordering import NEWEST_FIRST, Order, SortSpec, parse

KEYS = Keys(
    metrics=frozenset({"loss", "twin", "val loss", "desc"}),
    params=frozenset({"lr", "twin"}),
    tags=frozenset({"team"}),
    datasets=frozenset({"train"}),
    complete=True,
)


@pytest.mark.parametrize(
    ("text", "name", "ascending"),
    [
        *(("loss", "loss", None), ("loss asc", "loss", True), ("loss desc", "loss", False)),
        *(("loss ASC", "loss", True), ("loss Ascending", "loss", True), ("loss descending", "loss", False)),
        *(("  loss   asc  ", "loss", True), ("val loss asc", "val loss", True), ("val loss", "val loss", None)),
        *(("asc", "asc", None), ("desc", "desc", None), ("desc asc", "desc", True), ("lossasc", "lossasc", None)),
        *(("`val loss` asc", "`val loss`", True), ("metrics.loss\tdesc", "metrics.loss", False)),
    ],
)
def test_an_order_is_a_name_and_a_direction(text, name, ascending):
    assert parse(text) == SortSpec(name, ascending)


def test_no_order_is_the_newest_first():
    assert parse(None) == SortSpec()
    assert SortSpec().among(KEYS) == Order()
    assert Order().server == [NEWEST_FIRST]
    assert SortSpec().needs_keys is False


@pytest.mark.parametrize("text", ["", "  ", "\n", "a\nb"])
def test_an_order_by_nothing_is_refused(text):
    with pytest.raises(UsageProblem, match=r"Nothing to sort by in .* For example: --sort accuracy, --sort loss asc"):
        parse(text)


@pytest.mark.parametrize(
    ("text", "order"),
    [
        ("loss", Order("metric", "loss", ascending=True, goal="min")),
        ("loss desc", Order("metric", "loss", goal="min")),
        ("metrics.loss asc", Order("metric", "loss", ascending=True, goal="min")),
        ("val loss", Order("metric", "val loss", ascending=True, goal="min")),
        ("`val loss`", Order("metric", "val loss", ascending=True, goal="min")),
        ("metrics.twin", Order("metric", "twin")),
        ("metrics.twin desc", Order("metric", "twin", goal="max")),
        ("metrics.twin asc", Order("metric", "twin", ascending=True, goal="min")),
        ("lr", Order("param", "lr")),
        ("team", Order("tag", "team")),
        ("train", Order("data", "train")),
        ("started asc", Order("attribute", "start_time", ascending=True)),
        ("duration", Order("attribute", "duration")),
        ("name", Order("attribute", "run_name")),
        ("params.twin", Order("param", "twin")),
    ],
)
def test_what_an_order_means(text, order):
    assert parse(text).among(KEYS) == order


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("twin", r"'twin' is a metric and a param: write metrics\.twin or params\.twin"),
        ("los", "No run has a metric, param or tag 'los'. Did you mean 'loss'"),
        ("metrics.lr", "No run has a metric 'lr'"),
    ],
)
def test_an_order_by_what_cannot_be_meant_is_refused(text, message):
    with pytest.raises(UsageProblem, match=message):
        parse(text).among(KEYS)


@pytest.mark.parametrize(
    ("text", "expected"), [("loss", True), ("started", False), ("name asc", False), ("metrics.status", True)]
)
def test_only_names_of_metrics_and_params_must_be_looked_up(text, expected):
    assert parse(text).needs_keys is expected


@pytest.mark.parametrize(
    ("order", "server"),
    [
        (Order("metric", "loss"), ["metrics.`loss` DESC", NEWEST_FIRST]),
        (Order("metric", "loss", ascending=True), ["metrics.`loss` ASC", NEWEST_FIRST]),
        (Order("metric", "start_time"), ["metrics.`start_time` DESC", NEWEST_FIRST]),
        (Order("attribute", "start_time", ascending=True), ["attributes.`start_time` ASC"]),
        (Order("attribute", "end_time"), ["attributes.`end_time` DESC", NEWEST_FIRST]),
        (Order("attribute", "duration"), [NEWEST_FIRST]),
        (Order("param", "lr"), [NEWEST_FIRST]),
        (Order("tag", "team"), [NEWEST_FIRST]),
        (Order("data", "train"), [NEWEST_FIRST]),
    ],
)
def test_what_the_store_is_asked_for(order, server):
    assert order.server == server
    assert order.by_store is (server != [NEWEST_FIRST])


def named(runs):
    return [run.info.run_name for run in runs]


def runs_with(values, entity="params"):
    """Return runs with these values of ``k``, the oldest first; None for a run without one."""
    return [
        light_run(f"{at}", **{entity: {} if value is None else {"k": value}}, start=START_MS + at)
        for at, value in enumerate(values)
    ]


@pytest.mark.parametrize(
    ("values", "ascending", "expected"),
    [
        (["2", "10", "1"], True, "201"),
        (["2", "10", "1"], False, "102"),
        (["1", "1.0", "1e0"], True, "210"),  # the newest first
        (["1", "1.0", "1e0"], False, "210"),
        (["adam", "5", None, "sgd"], True, "1032"),
        (["adam", "5", None, "sgd"], False, "1302"),
        (["nan", "5", "inf", "-inf"], True, "3120"),
        (["nan", "5", "inf", "-inf"], False, "2130"),
        ([None, None], True, "10"),
        (["", None], True, "01"),
    ],
)
def test_params_are_ordered_as_numbers_then_as_words_then_without_a_value(values, ascending, expected):
    assert named(Order("param", "k", ascending).sorted(runs_with(values))) == list(expected)


@pytest.mark.parametrize(
    ("ascending", "expected"), [(True, ["b", "d", "a", "nan", "none"]), (False, ["a", "d", "b", "nan", "none"])]
)
def test_metrics_that_are_no_number_come_after_the_numbers(ascending, expected):
    values = {"a": math.inf, "nan": math.nan, "b": -1.0, "d": 3.0}
    runs = [light_run(name, metrics={"k": value}) for name, value in values.items()]
    assert named(Order("metric", "k", ascending).sorted([light_run("none"), *runs])) == expected


@pytest.mark.parametrize(("ascending", "expected"), [(True, ["10", "9", "a"]), (False, ["a", "9", "10"])])
def test_names_are_ordered_as_texts_as_the_store_does(ascending, expected):
    runs = [light_run(name) for name in ("9", "a", "10")]
    assert named(Order("attribute", "run_name", ascending).sorted(runs)) == expected


def test_a_param_called_like_an_attribute_is_ordered_as_a_param():
    runs = [light_run(value, {"run_name": value}) for value in ("9", "a", "10")]
    assert named(Order("param", "run_name", ascending=True).sorted(runs)) == ["9", "10", "a"]


def test_runs_without_a_start_come_last():
    runs = [light_run("none", start=None), light_run("old", start=1), light_run("new", start=2)]
    assert named(Order().sorted(runs)) == ["new", "old", "none"]
    assert named(Order("attribute", "start_time", ascending=True).sorted(runs)) == ["old", "new", "none"]


def test_the_first_runs_of_the_stores_order_are_taken_as_they_come():
    read = []

    def stream():
        for name in "abcde":
            read.append(name)
            yield light_run(name, metrics={"k": ord(name)})

    assert named(Order("metric", "k").first(stream(), 2)) == ["a", "b"]
    assert read == ["a", "b"]
    assert named(Order("param", "k").first(stream(), 2)) == ["a", "b"]
    assert read == [*"ab", *"abcde"]


def test_the_first_runs_of_another_order_are_found_among_all():
    runs = runs_with(["1", "3", "2"])
    assert named(Order("param", "k").first(iter(runs), 2)) == ["1", "2"]


VALUES = st.lists(st.none() | st.floats().map(repr) | st.sampled_from(["adam", "sgd", ""]), max_size=8)


@given(VALUES, st.booleans())
def test_an_order_loses_no_run_and_puts_numbers_first(values, ascending):
    found = Order("param", "k", ascending).sorted(runs_with(values))
    assert sorted(named(found)) == sorted(str(at) for at in range(len(values)))
    kinds = []
    numbers = []
    for run in found:
        value = run.data.params.get("k")
        is_number = value not in {None, "adam", "sgd", "", "nan"}
        kinds.append(0 if is_number else 1 if value is not None else 2)
        if is_number:
            numbers.append(float(value))
    assert kinds == sorted(kinds)
    assert numbers == sorted(numbers, reverse=not ascending)
