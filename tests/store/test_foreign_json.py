"""Untrusted JSON: a value of the wanted kind, or none."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlmagic.store.foreign_json import read_json


def nested(depth, kind):
    return "[" * depth + "]" * depth if kind is list else '{"a":' * (depth - 1) + "{}" + "}" * (depth - 1)


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ('{"a": 1}', dict, {"a": 1}),
        ("[1, 2]", list, [1, 2]),
        ('"x"', str, "x"),
        ("3", int, 3),
        ("[1]", dict, None),
        ("{}", list, None),
        ("3.5", int, None),
        ("null", dict, None),
        ("", dict, None),
        ("{", dict, None),
        (None, dict, None),
        ('{"a": 1} x', dict, None),
        ("[" + "1" * 5000 + "]", list, None),  # a number of more digits than Python reads
    ],
)
def test_only_a_value_of_the_kind_is_read(text, kind, value):
    assert read_json(text, kind) == value


@pytest.mark.parametrize("kind", [list, dict])
@pytest.mark.parametrize(("depth", "is_read"), [(1, True), (50, True), (51, False), (60, False), (5000, False)])
def test_a_value_that_is_nested_too_deeply_is_none(kind, depth, is_read):
    assert (read_json(nested(depth, kind), object) is not None) is is_read


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=12,
)


@given(JSON)
def test_what_is_written_is_read_back(value):
    assert read_json(json.dumps(value), type(value)) == value


@given(st.text())
def test_any_text_is_read_or_none(text):
    assert isinstance(read_json(text, dict), dict | None)
