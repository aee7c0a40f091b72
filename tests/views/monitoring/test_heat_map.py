"""Drift by column and day: the worst column first, and what is not known is no drift of 0."""

from __future__ import annotations

import math

import pytest

from mlmagic.monitoring.report import Day
from mlmagic.views.monitoring.heat_map import heat_rows, worst_first


def cells(day):
    return dict(heat_rows([day], 20))


def test_the_column_that_drifted_most_often_is_first():
    days = [Day(f"2026-05-0{at}", 9, distances={"a": 0.01, "b": 0.3 + at / 10}, drifted=("b",)) for at in (1, 2)]
    (name, row), _ = heat_rows(days, 20)
    assert name == "b"
    assert [one.title for one in row] == [
        "2026-05-01: distance 0.400, drifted",
        "2026-05-02: distance 0.500, drifted",
    ]
    assert len(heat_rows(days, 1)) == 1


@pytest.mark.parametrize(("distance", "step"), [(0.0, 0), (0.049, 0), (0.05, 1), (0.1, 2), (0.39, 3), (1.0, 4)])
def test_the_shade_follows_the_distance(distance, step):
    assert cells(Day("2026-05-01", 9, distances={"a": distance}))["a"][0].step == step


def test_a_distance_that_is_not_known_keeps_its_mark_and_the_order():
    day = Day("2026-05-01", 9, distances={"n": math.nan, "far": 0.5, "inf": math.inf, "near": 0.1}, drifted=("inf",))
    assert worst_first([day]) == ["inf", "far", "near", "n"]
    found = cells(day)
    assert found["inf"][0].title == "2026-05-01: distance not known, drifted"
    assert (found["inf"][0].drifted, found["inf"][0].is_known) == (True, False)
    assert not found["n"][0].is_known


def test_a_day_without_predictions_says_so():
    days = [Day("2026-05-01", 9, distances={"a": 0.1}), Day("2026-05-02", 0)]
    assert heat_rows(days, 20)[0][1][1].title == "2026-05-02: no predictions"
