"""Parameters and metrics side by side."""

import math

import pytest

from mlmagic.comparison.diffs.value_diff import metric_rows, value_rows

NAN, INF = math.nan, math.inf


def test_a_value_that_only_some_runs_have_differs():
    [row] = value_rows([{"lr": "0.1"}, {}, {"lr": "0.1"}])
    assert row.values == ("0.1", None, "0.1")
    assert row.differs


def test_a_run_of_which_nothing_is_recorded_differs_from_none():
    assert [row.differs for row in value_rows([{"a": "1"}, None, {"a": "1"}])] == [False]


def test_names_come_in_the_order_of_the_base_and_those_of_the_machine_last():
    rows = metric_rows([{"system/cpu": 1.0, "loss": 1.0}, {"auc": 0.5}])
    assert [row.name for row in rows] == ["loss", "auc", "system/cpu"]


@pytest.mark.parametrize(
    ("name", "values", "best"),
    [
        ("val_loss", (0.3, 0.1, 0.2), (1,)),
        ("accuracy", (0.9, 0.95, 0.95), (1, 2)),
        ("accuracy", (0.9, NAN, None), ()),
        ("accuracy", (0.9, NAN, 0.8), (0,)),
        ("loss", (INF, 2.0, -INF), (2,)),
        ("epochs", (1.0, 2.0, 3.0), ()),
        ("loss", (0.5, 0.5, 0.5), ()),
    ],
)
def test_the_best_value_by_the_metrics_direction(name, values, best):
    runs = [{} if value is None else {name: value} for value in values]
    assert metric_rows(runs)[0].best == best


@pytest.mark.parametrize(
    ("base", "other", "change", "relative"),
    [
        (0.1, 0.3, 0.2, 2.0),
        (-2.0, -1.0, 1.0, 0.5),
        (0.0, 1.0, 1.0, None),
        (NAN, 1.0, None, None),
        (1.0, INF, None, None),
        (1e308, -1e308, None, None),
        (1e-320, 1.0, 1.0, None),
    ],
)
def test_the_difference_to_the_base(base, other, change, relative):
    [row] = metric_rows([{"m": base}, {"m": other}])
    assert (row.changes, row.relative) == ((None, change), (None, pytest.approx(relative)))
    assert row.differs


def test_nan_is_equal_to_nan():
    assert not metric_rows([{"m": NAN}, {"m": float("nan")}])[0].differs
