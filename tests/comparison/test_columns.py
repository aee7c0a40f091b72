"""Runs as columns: nothing is lost, mixed up or made up."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from light_runs import numbered_run

from mlmagic.comparison import wire
from mlmagic.comparison.columns import columns_of
from mlmagic.comparison.compared_runs import Comparison
from mlmagic.store.query.direction import direction_of


class Light:
    """What a column is read from, as an MLflow run has it."""

    class info:  # noqa: N801
        run_name, status, experiment_id, start_time, end_time, run_id = "a", "FINISHED", "0", 1000, 3500, "f" * 32

    inputs = None

    def __init__(self, metrics=(), params=(), tags=()):
        self.data = type("Data", (), {"metrics": dict(metrics), "params": dict(params), "tags": dict(tags)})


def column(runs, column_id):
    return next(one for one in columns_of(runs) if one.id == column_id)


LARGEST = 1.7976931348623157e308
values = st.one_of(st.none(), st.floats(allow_nan=True).filter(lambda value: abs(value) != LARGEST))
words = st.one_of(st.none(), st.text(max_size=5))


@given(st.lists(st.tuples(values, words), min_size=1, max_size=30))
def test_every_value_is_where_it_was(cells):
    runs = [Light({} if value is None else {"m": value}, {} if text is None else {"p": text}) for value, text in cells]
    found = {one.id: one for one in columns_of(runs)}
    for row, (value, text) in enumerate(cells):
        if "metric:m" in found:
            missing = found["metric:m"].missing
            assert bool(missing is not None and missing[row]) == (value is None)
            if value is not None:
                np.testing.assert_equal(found["metric:m"].numbers[row], value)
        if "param:p" in found:
            code = found["param:p"].codes[row]
            assert (None if code < 0 else found["param:p"].words[code]) == text
    assert ("metric:m" in found) == any(value is not None for value, _ in cells)


def test_what_mlflow_keeps_of_an_infinity_is_one_again():
    runs = [Light({"m": value}) for value in (LARGEST, -LARGEST, 1.0)]
    assert column(runs, "metric:m").numbers.tolist() == [math.inf, -math.inf, 1.0]


@pytest.mark.parametrize(
    ("cells", "differs"),
    [([1.0, 1.0], False), ([1.0, 2.0], True), ([1.0, None], True), ([1.0], False), ([math.nan, math.nan], False)],
)
def test_a_column_differs_when_a_run_has_another_value_or_none(cells, differs):
    runs = [Light({} if value is None else {"m": value}) for value in cells]
    assert column(runs, "metric:m").differs is differs


def test_params_stay_as_they_were_logged():
    runs = [Light(params={"lr": text, "opt": "adam"}) for text in ("1e-3", "0.10", "007")]
    assert column(runs, "param:lr").words == ["1e-3", "0.10", "007"]
    assert column(runs, "param:lr").format == "number"
    assert column(runs, "param:opt").format == "text"


def test_tags_of_machinery_are_left_out_and_useful_ones_hidden_at_first():
    runs = [Light(tags={"mlflow.log-model.history": "x", "mlmagic.id": "y", "mlflow.user": "me", "stage": "draft"})]
    found = {one.id: one.shown for one in columns_of(runs) if one.kind == "tag"}
    assert found == {"tag:mlflow.user": False, "tag:stage": True}


def test_a_name_that_is_param_and_metric_is_two_columns():
    runs = [Light({"x": 1.0}, {"x": "1"}, {"x": "t"})]
    found = [one.id for one in columns_of(runs)]
    assert (found[1:3], found[-1]) == (["metric:x", "param:x"], "tag:x")


def test_words_of_many_megabytes_are_cut_on_the_way_not_in_the_frame():
    runs = [Light(params={"p": f"{at:06}" + "x" * 5000}) for at in range(300)]
    comparison = Comparison(runs, "many")
    sent = wire.table_of(comparison, None)
    column = next(one for one in sent["columns"] if one["id"] == "param:p")
    assert max(map(len, column["words"])) == 201
    assert len(set(column["words"])) == 300
    assert len(comparison.to_dataframe()["p"].iloc[0]) == 5006


def test_a_long_value_among_few_travels_whole():
    runs = [Light(params={"p": "x" * 5000})]
    sent = wire.table_of(Comparison(runs, "one"), None)
    assert next(one for one in sent["columns"] if one["id"] == "param:p")["words"] == ["x" * 5000]


@pytest.mark.parametrize(
    ("name", "direction"),
    [
        ("loss", "min"), ("val_loss", "min"), ("train/loss", "min"), ("accuracy_loss", "min"), ("rmse_test", "min"),
        ("neg_log_loss", "max"), ("test_neg_mean_absolute_error", "max"), ("R2", "max"), ("ROC-AUC", "max"),
        ("top5Accuracy", "max"), ("mAP@50", "max"), ("epochs", None), ("n_features", None), ("", None), ("漢字", None),
        ("best_epoch", None), ("fit_time", "min"),
    ],
)  # fmt: skip
def test_the_direction_of_a_metric(name, direction):
    assert direction_of(name) == direction


def test_runs_without_params_are_in_no_configuration():
    runs = [Light(), Light(params={"seed": "1"}), Light(params={"lr": "1", "model.random_state": "2"})]
    assert Comparison(runs, "t").configurations == [-1, -1, 0]


def test_what_few_runs_have_stands_behind_what_many_have():
    runs = [
        numbered_run(at, params={"lr": str(at), f"own.{at}": "1"}, metrics={f"best.{at}": at, "loss": at})
        for at in range(6)
    ]
    labels = [column.label for column in columns_of(runs)]
    assert labels.index("loss") < labels.index("best.0") < labels.index("lr") < labels.index("own.0")
    labels = [column.label for column in columns_of(runs, metric="best.3")]
    assert labels[1:3] == ["best.3", "loss"]


def test_a_metric_with_two_bounds_has_an_interval_and_a_bound_is_not_the_main_metric():
    metrics = {"accuracy_low": 0.8, "accuracy_high": 0.9, "accuracy": 0.85, "day_low": 3.0}
    runs = [numbered_run(at, None, {}, {key: value + at / 100 for key, value in metrics.items()}) for at in range(2)]
    made = Comparison(runs, "t")
    ends = {column.label: column.ends for column in made.columns if column.kind == "metric"}
    assert ends["accuracy"] == ("metric:accuracy_low", "metric:accuracy_high")
    assert {label for label, pair in ends.items() if pair is None} == {"accuracy_low", "accuracy_high", "day_low"}
    assert made.main_metric.label == "accuracy"
    assert Comparison(runs, "t", metric="accuracy_low").main_metric.label == "accuracy_low"
    sent = {column["id"]: column.get("ends") for column in wire.table_of(made, None)["columns"]}
    assert sent["metric:accuracy"] == ["metric:accuracy_low", "metric:accuracy_high"]
    assert sent["metric:day_low"] is None
