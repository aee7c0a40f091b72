"""What tables, arrays and files hold beside their values: stray text, an index, odd encodings."""

import datetime as dt
import decimal
import warnings

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import mlmagic
from mlmagic.errors import UsageProblem


def table(seed=0, rows=300):
    rng = np.random.default_rng(seed)
    return pd.DataFrame({
        "x": rng.normal(size=rows), "n": rng.integers(0, 99, rows), "is_new": rng.random(rows) < 0.3,
        "at": pd.Timestamp("2025-01-01") + pd.to_timedelta(rng.integers(0, 900, rows), unit="h"),
    })  # fmt: skip


def columns_only(reference, current, **options):
    return mlmagic.drift(reference, current, multivariate=False, **options)


def with_text(frame, name, text, rows=1):
    frame = frame.astype({name: object})
    frame.loc[: rows - 1, name] = text
    return frame


@pytest.mark.parametrize("text", ["41", "abc", b"abc", ""])
@pytest.mark.parametrize("name", ["x", "n", "is_new", "at"])
@pytest.mark.parametrize("of_file", [False, True])
def test_a_value_of_text_does_not_hide_the_other_values(tmp_path, name, text, of_file):
    frame, current = table(1), table(2)
    current["x"] += 1
    reference, mixed = frame, with_text(current, name, text)
    if of_file:
        if isinstance(text, bytes):
            text = text.decode()
            mixed = with_text(current, name, text)
        for one, file in ((frame, "old.csv"), (mixed, "new.csv")):
            one.to_csv(tmp_path / file, index=False)
        reference, mixed = tmp_path / "old.csv", tmp_path / "new.csv"
    report = columns_only(reference, mixed)
    assert report.drifted == ["x"]
    assert set(report.columns) == set(frame)
    assert not report.schema
    plain = columns_only(frame, current).columns[name]
    assert report.columns[name].distance == pytest.approx(plain.distance, abs=0.01)
    if text == "abc" or (text and not of_file):
        shown = "'abc'" if text != "41" else "'41'"
        assert any(note.text.startswith(f"{name}: 1 of 300 values is text, such as {shown}") for note in report.notes)


def test_both_sides_with_text_are_compared_as_numbers(tmp_path):
    for seed in (1, 2):
        with_text(table(seed), "x", "abc", rows=4).to_csv(tmp_path / f"{seed}.csv", index=False)
    report = columns_only(tmp_path / "1.csv", tmp_path / "2.csv")
    assert report.columns["x"].kind == "number"
    assert sum("4 of 300 values are text" in note.text for note in report.notes) == 2


def test_much_text_is_another_kind():
    report = columns_only(table(1), with_text(table(2), "x", "abc", rows=30))
    assert [one.name for one in report.schema.retyped] == ["x"]
    assert report.is_drifted


@pytest.mark.parametrize("suffix", ["parquet", "arrow"])
def test_an_index_that_pandas_stored_is_no_column(tmp_path, suffix):
    def stored(frame, name):
        if suffix == "arrow":
            return pa.Table.from_pandas(frame)
        frame.to_parquet(tmp_path / name)
        return tmp_path / name

    first, second = table(1), table(2)
    shuffled = stored(first.sample(frac=1, random_state=0), "a.parquet")
    named = stored(second.set_index(pd.Index(np.arange(len(second)) + 10_000, name="id")), "b.parquet")
    report = columns_only(shuffled, named)
    assert set(report.columns) == set(first)
    assert not report.schema
    assert not report.is_drifted


def dates(seed, rows=1500):
    rng = np.random.default_rng(seed)
    return pd.Timestamp("2025-01-01") + pd.to_timedelta(rng.integers(0, 40, rows), unit="D")


@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize(
    "column",
    [
        dates,
        lambda seed: dates(seed).tz_localize("UTC"),
        lambda seed: [one.date() for one in dates(seed)],
        lambda seed: np.random.default_rng(seed).normal(size=1500).astype("float16") * 1e4,
        lambda seed: np.where(np.arange(1500) % 9 == seed, np.inf, 1e308 * (np.arange(1500) / 1500)),
        lambda seed: [dt.datetime(9999, 1, 1 + at % 20, tzinfo=dt.UTC) for at in range(1500)],
        lambda seed: ["1", 1, 2.5] * 500,
        lambda seed: [decimal.Decimal(at) for at in range(1500)],
        lambda seed: np.full(1500, 7.0 + seed),
        lambda seed: [None] * 1499 + [seed],
        lambda seed: ["2020-01-01", dt.datetime(2020, 1, 1, tzinfo=dt.UTC)] * 750,
        lambda seed: [1e300 * (-1) ** at for at in range(1500)],
    ],
)
def test_no_warning_of_a_library_is_shown(column):
    first, second = (
        pd.DataFrame({"c": column(seed), "x": np.random.default_rng(seed).random(1500)}) for seed in (1, 2)
    )
    with warnings.catch_warnings(record=True) as shown:
        warnings.simplefilter("always")
        mlmagic.drift(first, second)
        mlmagic.drift(first, second[:997], budget="1/month", checks=10)
        mlmagic.drift(pl.from_pandas(first[["x"]]), second[["x"]], min_effect=0)
    assert [str(one.message) for one in shown] == []


def test_a_report_prints_what_a_notebook_shows_and_is_written_as_a_page(tmp_path):
    current = table(2)
    current["x"] += 1
    report = mlmagic.drift(table(1), current)
    assert str(report).startswith("Drift in 1 of 4 columns: current (300 rows) against ")
    assert "\n  ! x " in str(report)
    assert repr(report) == "<DriftReport of current against reference: 1 of 4 columns drifted>"
    report.save_html(tmp_path / "drift.html")
    page = (tmp_path / "drift.html").read_text(encoding="utf-8")
    assert page.startswith("<!doctype html>")
    assert "Drift in 1 of 4 columns" in page
    with pytest.raises(UsageProblem, match="cannot be written: No such file"):
        report.save_html(tmp_path / "gone" / "drift.html")


@pytest.mark.parametrize("multivariate", [True, False])
def test_shared_rows_are_said(multivariate):
    frame = table(1)

    def said(first, second):
        found = mlmagic.drift(first, second, multivariate=multivariate)
        return next((one.text for one in found.notes if "share rows" in one.text), "")

    assert "300 of the 300 rows" in said(frame, frame)
    first, second = frame[:200], frame[100:]
    assert "the two sides share rows: 100 of the 200 rows of second are in first too" in said(first, second)
    assert "20 of the 300 rows" in said(frame, pd.concat([frame[:20], table(2)[20:]]))
    assert "40 of the 40 rows" in said(frame, frame.sample(40, random_state=0))
    few = frame[["is_new"]]
    assert "300 of the 300 rows" in said(few, few)
    assert said(frame, table(2)) == ""
    for columns in (["is_new"], ["n", "is_new"], ["n"]):
        assert said(frame[columns], table(2)[columns]) == said(frame[columns], table(3, 40)[columns]) == ""
