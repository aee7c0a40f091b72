"""Frames of runs and of versions that the user has changed are still shown, as a page and as text."""

import math

import numpy as np
import pandas as pd
import pytest
from pages import Page

from mlmagic.store.query.bulk import LightRun, RunData, RunInfo
from mlmagic.store.query.frames import ATTRS, frame_of
from mlmagic.views.tables.cells import is_missing, minute
from mlmagic.views.tables.models_frame import ModelsFrame
from mlmagic.views.tables.runs_frame import RunsFrame


def run(at):
    info = RunInfo(f"{at:032x}", f"run {at}", "0", "me", "FINISHED", 1_750_000_000_000 + at, None, "", "active")
    info.end_time = info.start_time + 1500 + at
    return LightRun(info, RunData({"lr": f"0.{at + 1}"}, {"loss": 0.5 / (at + 1)}))


def runs():
    found = frame_of([run(0), run(1), run(2)], sort=("metric", "loss"), experiment="churn")
    frame = RunsFrame(found)
    frame.attrs = found.attrs
    return frame


def versions():
    frame = ModelsFrame(
        {
            "name": ["churn"] * 3, "version": [3, 2, 1], "aliases": ["champion", "", ""], "accuracy": [0.9, 0.8, np.nan],
            "accuracy_low": [0.8, np.nan, np.nan], "accuracy_high": [0.95, 0.9, np.nan], "run": "forest", "run_id": "a1b2",
            "data": ["iris 0123abcd", None, ""], "split": None, "registered": pd.Timestamp("2026-01-31 14:05"), "by": "ana",
            "description": "", "note": ["a", None, "c"],
        }
    )  # fmt: skip
    frame.attrs[ATTRS] = {
        "kind": "versions", "name": "churn", "filter": "", "metrics": ["accuracy", "accuracy_low", "accuracy_high"],
        "tags": ["note"], "notes": (), "urls": {},
    }  # fmt: skip
    return frame


def history():
    when = pd.Timestamp("2026-01-31 14:05")
    frame = ModelsFrame(
        {
            "when": [when, when], "what": ["promoted", "refused"], "alias": "champion", "version": [2, 3],
            "before": [1, None], "by": "ana", "gate": ["accuracy > 0.5", ""], "reason": "",
        }
    )  # fmt: skip
    frame.attrs[ATTRS] = {"kind": "history", "name": "churn"}
    return frame


def shown(frame):
    """Return what a reader sees on the page, and the text."""
    page = Page(frame._repr_html_())
    assert page.problems == []
    return page.text, repr(frame)


CELLS = {
    "text": "abc",
    "a list": [1, 2],
    "an array": np.array([1.0, np.nan]),
    "a dict": {"a": None},
    "none": None,
    "nan": math.nan,
    "NaT": pd.NaT,
    "NA": pd.NA,
    "a number": 7,
    "infinity": math.inf,
    "a flag": True,
    "a moment": pd.Timestamp("2026-02-01"),
    "an object": object,
    "bytes": b"x",
    "a duration": pd.Timedelta("1h"),
    "complex": 1 + 2j,
}


@pytest.mark.parametrize("value", CELLS.values(), ids=CELLS.keys())
@pytest.mark.parametrize("make", [runs, versions, history])
def test_any_value_in_any_column_is_shown(make, value):
    for column in make().columns:
        frame = make()
        frame[column] = pd.Series([value] * len(frame), dtype=object)
        html, text = shown(frame)
        assert html
        assert text


@pytest.mark.parametrize("make", [runs, versions, history])
def test_any_column_may_be_gone(make):
    for column in make().columns:
        frame = make()
        del frame[column]
        html, text = shown(frame)
        assert html
        assert text


@pytest.mark.parametrize("make", [runs, versions, history])
def test_a_frame_without_rows_or_in_another_order_is_shown(make):
    for changed in (make().iloc[:0], make().iloc[::-1], make().iloc[[0, 0, 0]]):
        frame = type(make())(changed)
        frame.attrs = make().attrs
        html, text = shown(frame)
        assert html
        assert text


def test_columns_that_are_gone_are_not_headings():
    frame = runs()
    del frame["status"], frame["duration"]
    html, _ = shown(frame)
    heading = html.partition("run 0")[0]
    assert "status" not in heading
    assert "duration" not in heading
    assert "started" in heading
    del frame["name"], frame["started"]
    html, _ = shown(frame)
    assert html.startswith("3 runs, highest loss first · experiment churn loss lr")


def test_moments_and_durations_that_the_user_has_written_are_shown_as_written():
    frame = runs()
    frame["started"] = ["yesterday", "today", None]
    frame["duration"] = ["long", "short", math.nan]
    html, _ = shown(frame)
    for word in ("yesterday", "today", "long", "short"):
        assert word in html


def test_a_metric_that_became_text_is_shown_as_text():
    frame = runs()
    frame["loss"] = ["50 %", "25 %", None]
    assert "50 %" in shown(frame)[0]
    table = versions()
    table["accuracy"] = ["90 %", None, "80 %"]
    for seen in shown(table):
        assert "90 %" in seen
        assert "80 %" in seen


def test_intervals_stand_beside_their_metric_only_with_both_ends():
    html, text = shown(versions())
    for seen in (html, text):
        assert "[0.8000, 0.9500]" in seen
        assert seen.count("[") == 1
        assert "accuracy_low" not in seen


def test_the_best_of_the_sorted_metric_is_marked():
    frame = runs()
    page = frame._repr_html_()
    assert page.count(' best"') == 1
    assert page.index('best" align="right" title="0.5">') > 0
    frame.attrs[ATTRS]["ascending"] = True
    assert "lowest loss first" in frame._repr_html_()
    assert f'best" align="right" title="{0.5 / 3!r}">' in frame._repr_html_()


def test_odd_runs_are_named_and_the_rest_counted():
    frame = runs()
    frame.attrs[ATTRS]["odd"] = [f"run {at}: start time missing" for at in range(8)]
    for seen in shown(frame):
        assert "run 4: start time missing" in seen
        assert "run 5: start" not in seen
        assert "and 3 more runs" in seen


@pytest.mark.parametrize(
    ("value", "missing"),
    [
        (None, True),
        (math.nan, True),
        (np.float32("nan"), True),
        (pd.NA, True),
        (pd.NaT, True),
        (np.datetime64("NaT"), True),
        (0, False),
        ("", False),
        (False, False),
        ([], False),
        ([None], False),
        (np.array([math.nan]), False),
        ({}, False),
        (pd.Series([math.nan]), False),
    ],
    ids=repr,
)
def test_what_is_missing(value, missing):
    assert is_missing(value) is missing


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (pd.Timestamp("2026-01-31 14:05:59"), "2026-01-31 14:05"),
        (pd.Timestamp("2026-01-31 14:05", tz="Europe/Berlin"), "2026-01-31 14:05"),
        (pd.NaT, ""),
        (None, ""),
        (5, "5"),
        ("two\nlines", "two lines"),
        ("x" * 100, "x" * 39 + "…"),
    ],
    ids=repr,
)
def test_a_moment_to_the_minute(value, text):
    assert minute(value) == text
