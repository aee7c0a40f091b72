"""Whether parsed values fit the fields of a record."""

from dataclasses import astuple
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlmagic.journal import records
from mlmagic.journal.records import Began, Closed, Copy, Ended, File, Metric, Param, Tag, UserKeys
from mlmagic.journal.schema import fits, storable, storable_text

BEGAN = [
    "u",
    False,
    "",
    "name",
    "store",
    "exp",
    "",
    "",
    5,
    {"a": "b"},
    {"pid": 1, "host": "h", "x": None, "locks": True},
]


@pytest.mark.parametrize(
    ("kind", "values", "expected"),
    [
        (Tag, ["a", "b"], True),
        (Tag, ["a"], False),
        (Tag, ["a", "b", "c"], False),
        (Tag, [], False),
        (Tag, ["a", None], False),
        (Tag, ["a", b"b"], False),
        (Tag, ["a", "größe 🎉"], True),
        (Tag, ["a", "\ud800"], False),
        (Param, ["a", "b"], True),
        (Param, ["a", "b", True], True),
        (Param, ["a", "b", 1], False),
        (Metric, ["a", 1.0, 5, 0], True),
        (Metric, ["a", 1, 5, 0], True),
        (Metric, ["a", float("nan"), 5, 0], True),
        (Metric, ["a", True, 5, 0], False),
        (Metric, ["a", 2**63, 5, 0], False),
        (Metric, ["a", 1.0, 5.0, 0], False),
        (Metric, ["a", 1.0, 5, True], False),
        (Metric, ["a", 1.0, 2**63 - 1, -(2**63)], True),
        (Metric, ["a", 1.0, 2**63, 0], False),
        (Metric, ["a", 1.0, 0, -(2**63) - 1], False),
        (Ended, ["KILLED", 5], True),
        (File, ["a"], True),
        (File, ["a", 1, 2, None, "", "s"], True),
        (File, ["a", 1, 2, "\n", "", "s"], True),
        (File, ["a", 1, 2, 3], False),
        (File, ["a", None], False),
        (Copy, ["a", "signature"], True),
        (UserKeys, [["a"], []], True),
        (UserKeys, [["a", 1], []], False),
        (UserKeys, ["ab", []], False),
        (UserKeys, [[], ["\udfff"]], False),
        (Closed, [], True),
        (Closed, [1], False),
        (Began, BEGAN, True),
        (Began, [*BEGAN, "signature"], True),
        (Began, [*BEGAN[:9], {"a": 1}, BEGAN[10]], False),
        (Began, [*BEGAN[:9], {"\ud800": "x"}, BEGAN[10]], False),
        (Began, [*BEGAN[:10], {"\ud800": 1}], False),
        (Began, [*BEGAN[:10], {"pid": 1.5}], False),
        (Began, [*BEGAN[:10], {"pid": [1]}], False),
        (Began, [*BEGAN[:9], [["a", "b"]], BEGAN[10]], False),
        (Began, ["u", 0, *BEGAN[2:]], False),
    ],
)
def test_what_fits(kind, values, expected):
    assert fits(kind, values) is expected


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3) | st.just("\ud800"),
    lambda inner: (
        st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=2) | st.just("\udfff"), inner, max_size=2)
    ),
    max_leaves=4,
)


@given(st.sampled_from(get_args(records.Record)), st.lists(JSON, max_size=6))
def test_whatever_fits_makes_a_record_that_fits_again(kind, values):
    if fits(kind, values):
        made = astuple(kind(*values))
        assert fits(kind, list(made))
        repr(made).encode()  # no half of a character


@pytest.mark.parametrize(
    "record", [Tag("größe", "🎉"), UserKeys(["a"], ["b"]), Metric("loss", float("nan"), 1, 0), File("a"), Closed()]
)
def test_a_record_that_can_be_stored_stays_the_same_object(record):
    assert storable(record) is record


@given(st.text(st.characters(exclude_categories=[])))
def test_any_text_becomes_one_that_can_be_written(text):
    clean = storable_text(text)
    clean.encode()
    assert len(clean) == len(text)
    assert all(now in {then, "?"} for now, then in zip(clean, text, strict=True))
    assert storable_text(clean) is clean
