"""The charts of a model in service: what is said of its predictions."""

from __future__ import annotations

import math

from mlmagic.monitoring.report import Day
from mlmagic.views.monitoring.day_charts import prediction_charts


def charts(*predicted):
    days = [Day(f"2026-05-{at:02}", 10, predicted=one) for at, one in enumerate(predicted, 1)]
    return {one.title: one for one in prediction_charts(days, "day")}


def test_two_classes_are_the_share_of_one():
    found = charts({"no": 0.75, "yes": 0.25}, {"no": 1.0})["predicted yes"]
    assert (found.top, found.bottom) == ("25 %", "0 %")
    assert "<title>2026-05-01: 25 %</title>" in found.svg


def test_several_classes_are_stacked_the_most_frequent_one_below():
    found = charts({"a": 0.2, "b": 0.5, "c": 0.3}, {"b": 0.6, "c": 0.4})["predicted classes"]
    assert found.parts == ("b", "c", "a")
    assert "<title>2026-05-01: b 50 %</title>" in found.svg
    assert "<title>2026-05-02: a 0 %</title>" in found.svg


def test_classes_that_are_not_named_are_the_others():
    found = charts({f"c{at}": 0.1 for at in range(7)})["predicted classes"]
    assert found.parts == ("c0", "c1", "c2", "c3", "c4", "others")
    assert "others 50 %" in found.svg


def test_a_mean_that_is_not_known_hides_no_other():
    found = charts(1.0, math.nan, 3.0)["mean prediction"]
    assert (found.top, found.bottom) == ("3", "1")
    assert found.svg.count("<circle") == 2
    assert "mean prediction" not in charts(math.nan)


def test_a_constant_has_one_end():
    found = charts(2.0, 2.0)["mean prediction"]
    assert (found.top, found.bottom) == ("2", "")


def test_one_class_is_always_predicted():
    assert charts({"a": 1.0})["predicted a"].top == "100 %"
