import itertools
import math
import re
from importlib import resources

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from mlmagic.views.rendering import columns, difference, duration, number, numbers, pad, shorten, web_address
from mlmagic.visible import clean

DASH = "\N{EN DASH}"
FINITE = st.floats(allow_nan=False, allow_infinity=False)


@given(FINITE)
def test_a_number_is_rounded_but_never_lies(value):
    text = number(value)
    assert float(text) == pytest.approx(value, rel=1e-3)
    if value != int(value) and abs(value) < 1e6:
        assert float(text) != int(float(text)), "a fraction must not look exact"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.95614, "0.9561"),
        (0.99999, "0.99999"),
        (1.2e-05, "1.2e-05"),
        (1234567, "1234567"),
        (123456.789, "123456.8"),
        (1e300, "1e+300"),
        (-0.5, "-0.5"),
        (0.0, "0"),
        (math.nan, "nan"),
        (math.inf, "inf"),
    ],
)
def test_numbers_read_as_a_person_writes_them(value, text):
    assert number(value) == text


@given(st.lists(FINITE, max_size=6))
def test_numbers_of_a_column_that_differ_in_seven_digits_look_different(values):
    texts = numbers(values)
    assert len(texts) == len(values)
    least = 2e-6 * max(map(abs, values), default=0.0)
    for (one, text), (other, beside) in itertools.combinations(zip(values, texts, strict=True), 2):
        assert text != beside or abs(one - other) <= least
    assert all(len(text.lstrip("-").replace(".", "").partition("e")[0].lstrip("0")) <= 15 for text in texts)


@given(FINITE, FINITE)
def test_a_change_has_its_sign_and_is_equal_only_when_it_is(value, previous):
    text = difference(value, previous)
    if value == previous:
        assert text == "="
    else:
        assume(math.isfinite(value - previous))
        assert text[0] == ("+" if value > previous else "-")


def test_a_change_from_what_is_no_number_tells_what_was():
    assert difference(math.nan, math.nan) == "="
    assert difference(0.5, math.nan) == "was nan"
    assert difference(math.inf, 0.5) == "was 0.5"
    assert difference(0.3, 0.1) == "+0.2"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.0003, "0.3 ms"),
        (0.004, "4 ms"),
        (0.42, "0.42 s"),
        (9.999, "10.0 s"),
        (59.96, "1 min 0 s"),
        (192, "3 min 12 s"),
        (3600, "1 h 0 min"),
        (90000, "1 d 1 h"),
        (math.nan, DASH),
        (None, DASH),
        (-1, DASH),
    ],
)
def test_durations(seconds, text):
    assert duration(seconds) == text


@given(st.text())
def test_clean_text_stays_on_its_line_and_in_its_direction(text):
    line = clean(text)
    assert len(line.splitlines()) <= 1
    assert not set(line) & set("\x1b\x00\u202e\u2066")


@given(st.text(), st.integers(2, 30))
def test_shortened_text_fits(text, limit):
    assert len(shorten(text, limit)) <= limit


def test_padding_counts_what_a_terminal_shows():
    assert columns("a漢🎉e\u0301") == 6
    assert pad("漢", 3) == "漢 "


@pytest.mark.parametrize(
    ("url", "linked"),
    [
        ("http://127.0.0.1:5000/#/runs/1", True),
        ("https://example.org", True),
        ("javascript:alert(1)", False),
        ("data:text/html,x", False),
        ("file:///etc/passwd", False),
        ("https://user:secret@example.org", False),
        ("http://", False),
        ("http://[", False),
        ("", False),
        (None, False),
    ],
)
def test_only_addresses_of_the_web_are_linked(url, linked):
    assert web_address(url) == (url if linked else None)


@pytest.mark.parametrize(
    "template", sorted((resources.files("mlmagic.views") / "templates").iterdir()), ids=lambda one: one.name
)
def test_a_variable_of_a_front_end_always_has_a_fallback_and_jupyters_comes_last(template):
    text = template.read_text()
    assert re.findall(r"var\(--(?:jp|vscode|colab)-[\w-]+\)", text) == []
    # ipywidgets brings JupyterLab's light colours into VS Code and Colab, in dark themes too.
    assert re.findall(r"var\(--jp-[\w-]+, *var\(--(?:vscode|colab)-", text) == []
