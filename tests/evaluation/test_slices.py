"""The parts that a column divides the rows into: each row is in one, in order, and small parts are marked."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlmagic.evaluation.slices import divide, warning_of

NUMBERS = st.one_of(st.floats(allow_nan=True, allow_infinity=True), st.sampled_from([0.0, 1.0, np.inf, -np.inf]))
COLUMNS = st.one_of(
    st.lists(NUMBERS, min_size=1, max_size=60).map(lambda one: np.array(one, dtype=float)),
    st.lists(st.integers(-30, 30), min_size=1, max_size=60).map(np.array),
    st.lists(st.booleans(), min_size=1, max_size=9).map(np.array),
    st.lists(st.one_of(st.text(max_size=3), st.none()), min_size=1, max_size=40).map(lambda one: np.array(one, dtype=object)),
)  # fmt: skip


@given(COLUMNS)
def test_each_row_is_in_one_part_and_no_part_is_empty(values):
    notes = []
    parts = divide("column", values, notes.append)
    rows = [row for part in parts for row in part.rows.tolist()]
    assert len(rows) == len(set(rows))
    assert all(len(part.rows) for part in parts)
    if not any("are evaluated" in note for note in notes):
        assert sorted(rows) == list(range(len(values)))


@pytest.mark.parametrize(
    ("values", "parts"),
    [
        pytest.param(["b", "a", "b"], {"a": [1], "b": [0, 2]}, id="texts"),
        pytest.param([10, 9, 10], {"9": [1], "10": [0, 2]}, id="numbers in their order, not that of texts"),
        pytest.param([0.5, 0.25, 0.5], {"0.25": [1], "0.5": [0, 2]}, id="fractions"),
        pytest.param([True, False], {"False": [1], "True": [0]}, id="truth values"),
        pytest.param(["a", None], {"a": [0], "missing": [1]}, id="a value is missing"),
        pytest.param([1.0, np.nan, 2.0], {"1.0": [0], "2.0": [2], "missing": [1]}, id="a number is missing"),
        pytest.param(["nan", None], {"nan": [0], "missing": [1]}, id="a text that only looks missing"),
        pytest.param([None, None], {"missing": [0, 1]}, id="all are missing"),
        pytest.param(np.array([0.1, 0.2], dtype="float32"), {"0.1": [0], "0.2": [1]}, id="short floats"),
        pytest.param(["1", 1], {"1": [0, 1]}, id="a number and its text"),
    ],
)
def test_the_parts_of_few_values(values, parts):
    array = np.asarray(values) if not isinstance(values, list) else np.asarray(pd.Series(values))
    found = divide("column", array, pytest.fail)
    assert {part.value: part.rows.tolist() for part in found} == parts
    assert [part.value for part in found] == list(parts)


@pytest.mark.parametrize(
    ("values", "parts"),
    [
        pytest.param(range(100), [("0 to 24.75", 25), ("24.75 to 49.5", 25), ("49.5 to 74.25", 25), ("74.25 to 99", 25)], id="a range"),
        pytest.param([0] * 90 + [*range(1, 14)], [("0 to 13", 103)], id="most are one number"),
        pytest.param([0] * 60 + [*range(1, 41)], [("0 to 15.25", 75), ("15.25 to 40", 25)], id="many are one number"),
        pytest.param([*range(13), *[np.inf] * 13], [("0 to 6.25", 7), ("6.25 to inf", 19)], id="half are infinite"),
        pytest.param([*[-np.inf] * 40, *range(13)], [("-inf to 12", 53)], id="most are infinite"),
    ],
)  # fmt: skip
def test_many_numbers_are_divided_into_quarters(values, parts):
    notes = []
    found = divide("age", np.array([*values], dtype=float), notes.append)
    assert [(part.value, len(part.rows)) for part in found] == parts
    [note] = notes
    assert note.startswith("by age: its ")
    assert note.endswith(" numbers are divided into quarters of the rows")


def test_twelve_numbers_are_values_and_thirteen_are_quarters():
    assert len(divide("n", np.arange(12), pytest.fail)) == 12
    assert len(divide("n", np.arange(13), lambda _: None)) == 4


def test_of_many_values_the_largest_parts_are_taken_in_order():
    values = np.array([f"user {at:03}" for at in range(40) for _ in range(1 if at % 4 else 3)])
    notes = []
    found = divide("user", values, notes.append)
    assert notes == ["by user: of 40 values the 30 with the most rows are evaluated"]
    names = [part.value for part in found]
    assert len(names) == 30
    assert names == sorted(names)
    assert {f"user {at:03}" for at in range(0, 40, 4)} <= set(names)


@pytest.mark.parametrize(
    ("labels", "warning"),
    [
        pytest.param([0, 1] * 15, "", id="enough"),
        pytest.param([0, 1] * 14 + [0], "only 29 rows: too few to tell", id="too few"),
        pytest.param([0], "only 1 row: too few to tell", id="one"),
        pytest.param([1] * 30, "all rows have the class '1'", id="one class"),
        pytest.param([0] * 30 + [1] * 4, "only 4 rows of the class '1'", id="a rare class"),
        pytest.param([0] * 30 + [1] * 5, "", id="not quite rare"),
    ],
)
def test_a_part_that_tells_little_is_marked(outcome_of, answering, labels, warning):
    found, _ = outcome_of(answering(np.array(labels), classes=[0, 1]), labels)
    assert warning_of(found) == warning


@pytest.mark.parametrize(("rows", "warning"), [(30, ""), (29, "only 29 rows: too few to tell")])
def test_numbers_have_no_classes_to_be_rare(outcome_of, rows, warning):
    targets = np.linspace(0.1, 1, rows)
    found, _ = outcome_of(lambda data: targets, targets)
    assert warning_of(found) == warning
