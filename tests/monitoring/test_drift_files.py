"""Drift of files: read by columns, and by the command line with its exit status."""

import json

import numpy as np
import pandas as pd
import pytest

import mlmagic
from mlmagic.cli import main
from mlmagic.monitoring.drift.sources import files


def table(seed, rows=300, shift=0.0):
    rng = np.random.default_rng(seed)
    return pd.DataFrame({
        "x": rng.normal(shift, 1, rows), "count": rng.integers(0, 4, rows), "city": rng.choice(["Rome", "Oslo"], rows),
        "day": pd.Timestamp("2025-01-01") + pd.to_timedelta(rng.integers(0, 90, rows), unit="D"),
    })  # fmt: skip


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name, frame in (("old", table(1)), ("same", table(5)), ("moved", table(3, shift=1.0))):
        frame.to_csv(f"{name}.csv", index=False)
        frame.to_parquet(f"{name}.parquet")
    return tmp_path


@pytest.mark.parametrize(("old", "new"), [("csv", "csv"), ("parquet", "parquet"), ("csv", "parquet")])
def test_files_give_what_tables_give(folder, old, new):
    report = mlmagic.drift(f"old.{old}", folder / f"moved.{new}", multivariate=False)
    plain = mlmagic.drift(table(1), table(3, shift=1.0), multivariate=False)
    assert (report.reference, report.current) == (f"old.{old}", f"moved.{new}")
    assert report.drifted == plain.drifted == ["x"]
    assert not report.schema
    for name, one in report.columns.items():
        assert one.p == pytest.approx(plain.columns[name].p, abs=1e-9)


def test_a_long_csv_file_is_read_by_groups_of_columns(folder, monkeypatch):
    whole = mlmagic.drift("old.csv", "moved.csv", multivariate=False)
    monkeypatch.setattr(files, "_CSV_BYTES_AT_ONCE", 4000)
    read = []
    monkeypatch.setattr(files._CsvGroups, "_read", lambda self, names, read_=files._CsvGroups._read: (
        read.append(names), read_(self, names))[1]
    )  # fmt: skip
    by_groups = mlmagic.drift("old.csv", "moved.csv", multivariate=False)
    assert max(map(len, read)) < 4
    assert {name: one.p for name, one in by_groups.columns.items()} == {
        name: one.p for name, one in whole.columns.items()
    }


def test_a_column_whose_first_rows_mislead(folder):
    rows = 200_000
    late = pd.DataFrame({"n": [*range(rows - 1), 0.5], "t": ["7"] * (rows - 1) + ["seven"]})
    late.to_csv("late.csv", index=False)
    report = mlmagic.drift("late.csv", "late.csv", multivariate=False)
    assert report.columns["n"].kind == "number"
    assert report.columns["t"].kind == "category"


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("twice.csv", "a,a\n1,2\n", "several columns named 'a'"),
        ("ragged.csv", "a,b\n1,2\n1\n", "ragged.csv cannot be read"),
        ("empty.csv", "", "empty.csv is empty"),
        ("header.csv", "x,count\n", "header.csv has no rows"),
        ("text.parquet", "no parquet", "text.parquet cannot be read"),
        ("moved.txt", "a\n1\n", r"drift reads \.csv"),
    ],
)
def test_what_is_wrong_with_a_file_is_one_line(folder, name, content, message):
    (folder / name).write_text(content)
    with pytest.raises(mlmagic.MLMagicError, match=message) as raised:
        mlmagic.drift("old.csv", name)
    assert "\n" not in str(raised.value)


def test_the_exit_status_says_whether_there_is_drift(folder, capsys):
    assert main(["drift", "old.csv", "same.parquet"]) == 0
    assert capsys.readouterr().out.startswith("No drift found: same.parquet (300 rows) against old.csv (300 rows)")
    assert main(["drift", "old.csv", "moved.csv", "--by", "city", "--columns", "x", "count"]) == 3
    assert "city = Rome" in capsys.readouterr().out
    assert main(["drift", "old.csv", "moved.csv", "--columns", "city"]) == 0
    assert main(["drift", "old.csv", "moved.csv", "--budget", "1/month", "--checks", "4"]) == 3
    assert "with 4 checks a month" in capsys.readouterr().out
    assert main(["drift", "old.csv", "moved.csv", "--html", "page.html"]) == 3
    assert "Drift in 1 of 4 columns" in (folder / "page.html").read_text(encoding="utf-8")
    pd.DataFrame({"a": [[1]] * 60}).to_parquet("lists.parquet")
    assert main(["drift", "lists.parquet", "lists.parquet"]) == 1
    assert capsys.readouterr().out.splitlines()[-4].startswith("Nothing was compared")
    wide = pd.DataFrame(np.random.default_rng(0).normal(size=(60, 20)), columns=[f"c{at}" for at in range(20)])
    wide.to_csv("wide.csv", index=False)
    assert main(["drift", "wide.csv", "wide.csv"]) == 0
    assert "15 more without drift: --json has all of them" in capsys.readouterr().out
    assert main(["drift", "old.csv", "movd.csv"]) == 1
    captured = capsys.readouterr()
    assert captured.err == "mlmagic drift: there is no file movd.csv. Did you mean 'moved.csv'?\n"


def test_json_has_all_of_it(folder, capsys):
    assert main(["drift", "old.csv", "moved.csv", "--json", "--no-multivariate", "--target", "count"]) == 3
    found = json.loads(capsys.readouterr().out)
    assert (found["is_drifted"], found["drifted"]) == (True, ["x"])
    assert found["columns"]["count"]["role"] == "target"
    assert found["columns"]["x"]["distance"] > 0.3
    assert found["multivariate"] is None
