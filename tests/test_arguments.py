"""What is said of an argument of a wrong type: its value, its type, and a call that is right."""

import os

import numpy as np
import pandas as pd
import pytest

from mlmagic.arguments import described, require_mapping, require_text, require_text_or_none
from mlmagic.errors import UsageProblem


class Odd:
    """An object whose every word raises."""

    def __repr__(self):
        raise SystemExit("no text")

    __str__ = __float__ = __bool__ = __repr__


@pytest.mark.parametrize("value", ["", "x", "two\nlines", type("Text", (str,), {})("x")])
def test_text_is_text(value):
    require_text("f", "f('x')", a=value)
    require_text_or_none("f", "f('x')", a=value, b=None)


@pytest.mark.parametrize("value", [5, None, b"x", ["x"], object, Odd(), np.str_, 0.5, ("x",)])
def test_what_is_no_text_is_named_with_its_value_its_type_and_an_example(value):
    with pytest.raises(UsageProblem, match=r"^f: second is text, not .*\. For example: f\('x'\)$"):
        require_text("f", "f('x')", first="x", second=value)


@pytest.mark.parametrize("value", [None, {}, {"a": 1}, pd.Series({"a": 1}), pd.DataFrame({"a": [1]}), os.environ])
def test_what_has_keys_is_a_mapping(value):
    require_mapping("f", "f(a=1)", value)


@pytest.mark.parametrize("value", [5, "a", [1], {1}, Odd(), np.ones(2)], ids=lambda one: type(one).__name__)
def test_what_has_no_keys_is_no_mapping(value):
    with pytest.raises(
        UsageProblem, match=r"^f takes keywords or a mapping of names to values, not .*For example: f\(a=1\)"
    ):
        require_mapping("f", "f(a=1)", value)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (5, "5 (int)"),
        (None, "None"),
        (True, "True (bool)"),
        ("a\nb", r"'a\nb' (str)"),
        (Odd(), "a value of type Odd"),
        (np.float64(0.5), "np.float64(0.5) (float64)"),
    ],
    ids=lambda one: type(one).__name__,
)
def test_a_value_is_described_in_one_short_line(value, text):
    assert described(value) == text


def deep(levels):
    """Return lists in dicts in lists, with long texts."""
    return {"k" * 50 + str(at): [deep(levels - 1), "x" * 100] for at in range(5)} if levels else "a\nb" * 50


@pytest.mark.parametrize("value", [deep(1), deep(3), "x" * 10_000, list(range(1000)), 10**300, b"\x00" * 500], ids=lambda one: type(one).__name__)  # fmt: skip
def test_a_large_value_is_described_in_one_short_line(value):
    shown = described(value)
    assert "\n" not in shown
    assert len(shown) < 230
    assert shown.endswith(f" ({type(value).__name__})")
