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
    (retyped,) = report.schema.retyped
    assert (retyped.name, retyped.note) == ("x", "30 of 300 values are no numbers, such as 'abc'")
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
    report.save(tmp_path / "drift.html")
    page = (tmp_path / "drift.html").read_text(encoding="utf-8")
    assert page.startswith("<!doctype html>")
    assert "Drift in 1 of 4 columns" in page
    with pytest.raises(UsageProblem, match="cannot be written: No such file"):
        report.save(tmp_path / "gone" / "drift.html")


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


def test_single_columns_are_compared_whatever_they_are_called():
    rng = np.random.default_rng(0)
    p, q = rng.normal(size=200), rng.normal(1, 1, 200)
    for first, second in ((p, q), (pd.Series(p, name="old"), pd.Series(q, name="new")), (p, pd.DataFrame({"new": q}))):
        report = columns_only(first, second)
        assert len(report.drifted) == 1
        assert not report.schema
        assert any("each is the only column" in note.text for note in report.notes)


def test_an_array_is_compared_with_a_table_by_position():
    frame, array = table(1)[["x", "n"]], table(2).assign(x=lambda one: one["x"] + 1)[["x", "n"]].to_numpy()
    for first, second in ((frame, array), (array, frame)):
        report = columns_only(first, second)
        assert report.drifted == ["x"]
        assert not report.schema
        assert any("compared by position" in note.text for note in report.notes)
    with pytest.raises(
        UsageProblem, match=r"current has 2 columns without names, and reference 4 columns with names: give"
    ):
        columns_only(table(1), array)


@pytest.mark.parametrize("shift", [0, 1])
def test_nothing_compared_is_the_headline(shift):
    frame = pd.DataFrame({"a": [{"x": 1}] * 60})
    report = mlmagic.drift(frame, frame.rename(columns={"a": "b"}) if shift else frame)
    assert str(report).startswith("Nothing was compared" + ", but the schema changed" * shift + ": ")
    with pytest.raises(UsageProblem, match="columns is an empty list"):
        mlmagic.drift(frame, frame, columns=[])


def test_a_change_of_the_schema_alone_says_so():
    assert str(columns_only(table(1), table(2).drop(columns="n"))).startswith("Drift of the schema only: ")


def test_groups_that_are_too_small_are_one_line():
    rng = np.random.default_rng(0)
    first, second = (
        pd.DataFrame({"k": rng.integers(0, 5000, 6000).astype(str), "x": rng.normal(size=6000)}) for _ in range(2)
    )
    text = str(columns_only(first, second, by="k"))
    assert text.count("fewer than 30 rows") == 1
    assert "20 values of k" in text


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"a;b\n1,5;2,5\n", r"new.csv has ';' between its columns, not ',': write it with ',', or"),
        (b"a\tb\n1\t2\n", r"has '\\t' between its columns"),
        ("a,b\n\xe4,1\n".encode("latin-1"), "new.csv is not UTF-8 in the column 'a': convert it, or read it first"),
        ("\xe4,b\n1,1\n".encode("latin-1"), "new.csv is not UTF-8: convert it"),
        ("a,b\nx,1\n".encode("utf-16"), "new.csv is not UTF-8: convert it"),
        (b"a,b\n" + b"ok,1\n" * 300_000 + "\xe4,1\n".encode("latin-1"), "is not UTF-8 in the column 'a'"),
    ],
)
def test_another_form_of_csv_is_one_line(tmp_path, content, message):
    (tmp_path / "old.csv").write_text("a,b\n1,2\n")
    (tmp_path / "new.csv").write_bytes(content)
    with pytest.raises(UsageProblem, match=message) as raised:
        mlmagic.drift(tmp_path / "old.csv", tmp_path / "new.csv")
    assert "\n" not in str(raised.value)


def test_the_index_in_a_csv_file_is_left_out(tmp_path):
    table(1).to_csv(tmp_path / "old.csv")
    table(2, 90).to_csv(tmp_path / "new.csv")
    report = columns_only(tmp_path / "old.csv", tmp_path / "new.csv")
    assert set(report.columns) == set(table())
    assert any("the first column of old.csv has no name and is left out" in note.text for note in report.notes)
    (tmp_path / "gap.csv").write_text("x,,n\n1,2,3\n")
    assert "new: (no name)" in str(columns_only(tmp_path / "old.csv", tmp_path / "gap.csv"))


def test_a_folder_is_no_file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for folder in (tmp_path, ".", ".."):
        with pytest.raises(UsageProblem, match="is a folder: drift reads"):
            mlmagic.drift(table(), folder)


def test_a_wrong_value_is_named_once():
    with pytest.raises(UsageProblem, match=r"^reference is 3 \(int\): drift compares"):
        mlmagic.drift(3, table())
