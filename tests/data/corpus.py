"""Datasets that are the same under every release of every library, by name: their digests are in golden.json."""

# ruff: noqa: DTZ001 - times without a zone are content too
from __future__ import annotations

import datetime as dt
import decimal
import math
from typing import Any

import numpy as np
import pandas as pd

DAYS = [dt.datetime(2020, 1, 1), None, dt.datetime(1969, 7, 20, 20, 17, 40, 123456)]


def numbers() -> dict[str, Any]:
    whole = np.arange(-5, 995, dtype=np.int64)
    real = np.array([math.sqrt(value) for value in range(1000)])
    real[3:6] = [math.nan, -0.0, math.inf]
    kinds = ("int8", "int16", "int32", "uint8", "uint64", "float16", "float32", "complex64", "complex128", "bool")
    found: dict[str, Any] = {f"array {kind}": (whole % 100).astype(kind) for kind in kinds}
    return found | {
        "array int64": whole,
        "array float64": real,
        "array of rows": real.reshape(50, 20),
        "array of wide rows": real.reshape(10, 100),
        "array of images": (whole % 251).astype(np.uint8).reshape(10, 10, 10),
        "array of days": whole.astype("datetime64[D]"),
        "array of text": np.array(["a", "bc", "", "é"] * 3),
        "array of bytes": np.array([b"a", b"bc", b""] * 3),
        "masked array": np.ma.masked_less(whole, 3),
        "structured array": np.array([(1, 2.5, "x"), (3, math.nan, "y")], [("a", "<i4"), ("b", "<f8"), ("c", "<U3")]),
    }


def frames() -> dict[str, Any]:
    mixed = pd.DataFrame({
        "whole": [1, 2, 3],
        "real": [0.5, math.nan, -0.0],
        "flag": [True, False, True],
        "text": ["a", None, "ü" * 300],
        "day": pd.to_datetime(pd.Series(DAYS)),
        "zone": pd.to_datetime(pd.Series(DAYS)).dt.tz_localize("UTC").dt.tz_convert("Europe/Berlin"),
        "span": pd.to_timedelta([1, None, -3], unit="s"),
        "kind": pd.Categorical(["x", None, "y"], categories=["z", "y", "x"]),
        "grade": pd.Categorical(["lo", "hi", "lo"], categories=["lo", "mid", "hi"], ordered=True),
        "nullable": pd.array([1, None, 3], dtype="Int64"),
        "maybe": pd.array([True, None, False], dtype="boolean"),
        "binary": [b"a", None, b"\0"],
        "date": [dt.date(2020, 2, 29), None, dt.date(9999, 12, 31)],
        "list": [[1, 2.5], [], [None, {"a": (1, "b")}]],
        "any": [1, "one", decimal.Decimal("1.50")],
        "empty": [None, None, None],
    })  # fmt: skip
    return {
        "mixed frame": mixed,
        "rows with labels": mixed.iloc[[2, 0]],
        "named index": mixed.set_index("text")[["real"]],
        "multi index": mixed.set_index(["whole", "text"])[["real"]],
        "time index": pd.DataFrame({"v": [1.0, 2.0]}, index=pd.date_range("2020-01-01", periods=2, freq="D")),
        "range from 5": pd.DataFrame({"v": [1.0, 2.0]}, index=range(5, 7)),
        "names twice": pd.DataFrame([[1, 2.0, "a"]], columns=["a", "a", 0]),
        "names on two levels": pd.DataFrame([[1, 2]], columns=pd.MultiIndex.from_tuples([("a", 1), ("b", 2)])),
        "no rows": mixed.iloc[:0],
        "no columns": mixed[[]],
        "cut into intervals": pd.DataFrame({"bin": pd.cut(pd.Series([1.0, 5.0, 9.0]), [0, 4, 10])}),
        "months": pd.DataFrame({"m": pd.period_range("2020-01", periods=3, freq="M")}),
        "series": mixed["text"],
        "series of numbers": pd.Series([1, 2, 3], name="n", dtype="int32"),
    }
