"""What a value in a filter reads as."""

import datetime as dt
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlmagic.store.query.filters.values import like, milliseconds_or_none, number_or_none, seconds_or_none


@pytest.mark.parametrize(
    ("text", "number"),
    [
        *(("1", 1.0), ("-1.5", -1.5), ("+2", 2.0), (".5", 0.5), ("5.", 5.0), ("1e3", 1000.0), ("1E-3", 0.001)),
        *((" 7\n", 7.0), ("\t7\v\f\r", 7.0), ("007", 7.0), ("1e400", math.inf), ("-1e400", -math.inf)),
        *(("inf", math.inf), ("-Infinity", -math.inf), ("1e-400", 0.0)),
    ],
)
def test_numbers(text, number):
    assert number_or_none(text) == number


@pytest.mark.parametrize("text", ["nan", "NaN", "+nan", "-nan", " nan "])
def test_not_a_number_is_a_number(text):
    assert math.isnan(number_or_none(text))


@pytest.mark.parametrize("text", ["", "1_000", "\uff11", "\x1c1", "0x1", "1e", ".", "infin", "--1", "1 2", "1,5"])
def test_what_is_no_number(text):
    assert number_or_none(text) is None


@given(st.floats())
def test_every_float_is_read_as_python_writes_it(number):
    found = number_or_none(repr(number))
    assert found == number or (math.isnan(found) and math.isnan(number))


@given(st.text(alphabet="0123456789.eE+-infa_ \u00a0\u0661", max_size=8))
def test_what_is_read_as_a_number_is_one_to_python_too(text):
    found = number_or_none(text)
    if found is not None:
        assert repr(float(text)) == repr(found)
    elif "_" not in text and text.isascii():
        with pytest.raises(ValueError, match="could not convert"):
            float(text)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        *(("90", 90.0), ("1.5", 1.5), ("-1", -1.0), ("500ms", 0.5), ("500 ms", 0.5), ("2s", 2.0), ("5 min", 300.0)),
        *(("5m", 300.0), ("2 h", 7200.0), ("1 D", 86_400.0), ("1e2 s", 100.0), ("1.s", 1.0), ("1. h", 3600.0)),
        *(("5 MIN", 300.0), ("1  h", 3600.0), ("inf", math.inf)),
    ],
)
def test_durations(text, seconds):
    assert seconds_or_none(text) == seconds


@pytest.mark.parametrize("text", ["", "s", "h 5", "5 weeks", "5 minutes", "5 h 3 min", "x5h", "1_0 s", "5hh", "inf s"])
def test_what_is_no_duration(text):
    assert seconds_or_none(text) is None


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-01-31T00:00Z", "2026-01-31T00:00:00+00:00"),
        ("2026-01-31T02:00+02:00", "2026-01-31T00:00:00+00:00"),
        ("2026-01-31 00:00:00.123Z", "2026-01-31T00:00:00.123000+00:00"),
        ("1969-12-31T23:59:59.999Z", "1969-12-31T23:59:59.999000+00:00"),
        ("0001-01-02T00:00Z", "0001-01-02T00:00:00+00:00"),
    ],
)
def test_dates(text, moment):
    given_ms = milliseconds_or_none(text)
    assert given_ms.is_integer()
    epoch = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
    assert (epoch + dt.timedelta(milliseconds=given_ms)).isoformat() == moment


def test_part_of_a_millisecond_is_dropped_towards_the_past():
    assert milliseconds_or_none("1970-01-01T00:00:00.0019Z") == 1.0
    assert milliseconds_or_none("1969-12-31T23:59:59.9981Z") == -2.0


@given(st.datetimes(min_value=dt.datetime(1970, 1, 3), max_value=dt.datetime(2100, 1, 1)))  # noqa: DTZ001
def test_a_date_without_an_offset_is_local_time(moment):
    assert milliseconds_or_none(moment.isoformat()) == moment.astimezone().timestamp() * 1000 // 1


@given(st.datetimes(timezones=st.timezones()))
def test_any_date_is_read_or_refused_without_an_error(moment):
    found = milliseconds_or_none(moment.isoformat())
    assert found is None or math.isfinite(found)


@pytest.mark.parametrize(
    "text", ["soon", "inf", "nan", "2026-02-30", "2026-13-01", "2026-01-01 25:00", "0000-01-01", "", "2026-01-31 5 pm"]
)
def test_what_is_no_date(text):
    assert milliseconds_or_none(text) is None


@given(st.integers(-(2**53), 2**53))
def test_a_number_is_milliseconds_since_1970(number):
    assert milliseconds_or_none(str(number)) == number


@pytest.mark.parametrize(
    ("pattern", "fitting", "other"),
    [
        ("adam", ["adam"], ["adamw", "Adam", "xadam", ""]),
        ("ad%", ["ad", "adam", "ad\nam"], ["Adam", "bad"]),
        ("%ad", ["ad", "bad"], ["ada"]),
        ("a_c", ["abc", "a\nc", "a🎉c"], ["ac", "abbc"]),
        ("%", ["", "x", "a\nb"], []),
        ("%%", ["", "x"], []),
        ("a%b%c", ["abc", "aXbYc", "abbcc"], ["acb", "ab"]),
        ("a%a", ["aa", "aba"], ["a"]),
        ("%aa%aa", ["aaaa", "aabaa", "xaaaa"], ["aaa"]),
        ("50.0", ["50.0"], ["5010"]),
        ("[x]", ["[x]"], ["x"]),
        ("a\\%", ["a\\", "a\\b"], ["a%"]),
    ],
)
def test_patterns_of_sql(pattern, fitting, other):
    fits = like(pattern)
    assert [text for text in [*fitting, *other] if fits(text)] == fitting


@given(st.text("ab%_", max_size=6), st.text("ab\n", max_size=8))
def test_sqlite_finds_the_same(pattern, text):
    import sqlite3

    with sqlite3.connect(":memory:") as database:
        database.execute("pragma case_sensitive_like = on")
        expected = bool(database.execute("select ? like ?", (text, pattern)).fetchone()[0])
    database.close()
    assert like(pattern)(text) is expected
