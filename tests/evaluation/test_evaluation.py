"""What an evaluation says of itself: the sentence about a difference, the frame, and what is recorded as what."""

import json
import math

import numpy as np
import pytest

from mlmagic.evaluation.evaluation import EvaluatedSlice, Evaluation, ModelDifference, Note
from mlmagic.evaluation.evaluation_notes import EvaluationNotes, note_few, note_left_out
from mlmagic.evaluation.recording import _evaluations_in, _prefix, as_json, metrics_of
from mlmagic.evaluation.scoring import Wanted, score
from mlmagic.evaluation.statistics.intervals import Interval
from mlmagic.evaluation.statistics.paired_tests import McNemar

UNKNOWN = Interval(math.nan, math.nan, 0.95, "none", "3 of 4 resamples have no value")
SILENT = Interval(math.nan, math.nan, 0.95, "none")


def between(low, high):
    return Interval(low, high, 0.95, "BCa")


def difference(value, interval, direction="max", *, metric="score", rows=1234):
    return ModelDifference("net", "tree", rows, metric, {metric: value}, {metric: interval}, {metric: direction})


ON = "in score on the same 1,234 rows"


@pytest.mark.parametrize(
    ("value", "interval", "direction", "sentence"),
    [
        (0.02, between(0.01, 0.03), "max", f"net is better by 0.020 [0.010, 0.030] {ON}"),
        (-0.02, between(-0.03, -0.01), "max", f"tree is better by 0.020 [0.010, 0.030] {ON}"),
        (-0.02, between(-0.03, -0.01), "min", f"net is better by 0.020 [0.010, 0.030] {ON}"),
        (0.02, between(0.01, 0.03), "min", f"tree is better by 0.020 [0.010, 0.030] {ON}"),
        (0.02, between(0.01, 0.03), None, f"net is higher by 0.020 [0.010, 0.030] {ON}"),
        (-0.02, between(-0.03, -0.01), None, f"tree is higher by 0.020 [0.010, 0.030] {ON}"),
        (0.02, between(-0.01, 0.03), "max", f"no difference can be told: net - tree is +0.020 [-0.010, +0.030] {ON}"),
        (-0.02, between(-0.03, 0.0), "max", f"no difference can be told: net - tree is -0.020 [-0.030, 0.000] {ON}"),
        (0.02, between(0.0, 0.03), "min", f"no difference can be told: net - tree is +0.020 [0.000, +0.030] {ON}"),
        (0.0, UNKNOWN, "max", f"no difference can be told: net and tree have the same value {ON}"),
        (0.1, UNKNOWN, "max", f"no difference can be told: +0.100 {ON}, and 3 of 4 resamples have no value"),
        (0.1, SILENT, "max", f"no difference can be told: +0.100 {ON}, and no interval is known"),
        (2e-5, between(1e-5, 3e-5), "max", f"net is better by 2e-05 [1e-05, 3e-05] {ON}"),
        (12345.6, between(100, 23456), "min", f"tree is better by 1.23e+04 [100, 2.35e+04] {ON}"),
    ],
)
def test_the_answer_is_one_sentence(value, interval, direction, sentence):
    assert difference(value, interval, direction).sentence() == sentence


def test_another_metric_has_a_sentence_too():
    both = ModelDifference(
        "net", "tree", 9, "f1", {"f1": 0.2, "loss": -0.5}, {"f1": between(0.1, 0.3), "loss": between(-0.6, -0.4)},
        {"f1": "max", "loss": "min"},
    )  # fmt: skip
    assert both.sentence("loss") == "net is better by 0.500 [0.400, 0.600] in loss on the same 9 rows"


EVALUATION = Evaluation(
    model="net",
    data="X_test",
    task="binary",
    rows=50,
    confidence=0.95,
    how="1,000 resamples of rows",
    metrics={"accuracy": 0.9, "cost": math.inf, "roc_auc": 0.8},
    intervals={"accuracy": between(0.8, 0.95), "cost": UNKNOWN, "roc_auc": UNKNOWN},
    directions={"accuracy": "max", "cost": "min", "roc_auc": "max"},
    classes=("no", "yes"),
    positive="yes",
    slices=(
        EvaluatedSlice("city", "São Paulo / centre", 20, {"accuracy": 0.7}, {"accuracy": between(0.6, 0.8)}, "few rows"),
        EvaluatedSlice("city", "///", 30, {"accuracy": 1.0}, {"accuracy": UNKNOWN}),
    ),
    difference=ModelDifference(
        "net", "old tree", 50, "accuracy", {"accuracy": 0.1}, {"accuracy": between(0.05, 0.2)}, {"accuracy": "max"},
        McNemar(3, 1, 0.6, is_exact=True),
    ),
    importance={"age": (0.2, 0.01)},
    figures={"roc": b"png"},
    fingerprint={"X_test": {"digest": "ab", "shape": [50, 3]}},
    notes=(Note("some columns were not given"),),
)  # fmt: skip


def test_the_metrics_that_a_run_gets():
    assert metrics_of(EVALUATION, "net.") == {
        "net.accuracy": 0.9,
        "net.accuracy_low": 0.8,
        "net.accuracy_high": 0.95,
        "net.roc_auc": 0.8,
        "net.slices/city/São_Paulo_centre/accuracy": 0.7,
        "net.slices/city/unnamed/accuracy": 1.0,
        "net.minus_old_tree/accuracy": 0.1,
        "net.minus_old_tree/accuracy_low": 0.05,
        "net.minus_old_tree/accuracy_high": 0.2,
    }


def test_slices_whose_names_differ_in_signs_only_have_metrics_of_their_own():
    slices = tuple(EvaluatedSlice("income", value, 9, {"f1": f1}, {}) for value, f1 in (("<50K", 0.1), (">50K", 0.9)))
    one = Evaluation("net", "X", "binary", 9, 0.95, "", {}, {}, {}, slices=slices)
    assert metrics_of(one) == {"slices/income/50K/f1": 0.1, "slices/income/50K_2/f1": 0.9}


def test_of_many_slices_a_run_gets_the_first_two_hundred_metrics():
    slices = tuple(EvaluatedSlice("user", str(at), 9, {"f1": 1.0, "mcc": 0.5}, {}) for at in range(150))
    many = Evaluation("net", "X", "binary", 9, 0.95, "", {"f1": 1.0}, {"f1": UNKNOWN}, {"f1": "max"}, slices=slices)
    found = metrics_of(many)
    assert len(found) == 201
    assert "slices/user/99/mcc" in found
    assert "slices/user/100/f1" not in found


def test_the_json_holds_all_but_the_pictures_and_no_nan():
    text = json.dumps(as_json(EVALUATION, "net."), allow_nan=False)
    content = json.loads(text)
    assert content["metrics"] == {"accuracy": 0.9, "cost": None, "roc_auc": 0.8}
    assert content["intervals"]["accuracy"] == {"low": 0.8, "high": 0.95, "method": "BCa", "note": ""}
    assert content["intervals"]["cost"]["low"] is None
    assert content["slices"][0]["warning"] == "few rows"
    assert content["difference"]["mcnemar"] == {"only_first": 3, "only_second": 1, "p_value": 0.6, "is_exact": True}
    assert content["difference"]["sentence"] == EVALUATION.difference.sentence()
    assert (content["prefix"], content["positive"], content["figures"]) == ("net.", "yes", ["roc"])
    assert content["importance"] == {"age": [0.2, 0.01]}
    assert content["notes"] == ["some columns were not given"]


def test_the_frame_has_a_row_for_each_metric_of_each_part():
    frame = EVALUATION.to_dataframe()
    assert frame[["slice", "metric", "rows"]].values.tolist() == [
        ["all", "accuracy", 50],
        ["all", "cost", 50],
        ["all", "roc_auc", 50],
        ["city = São Paulo / centre", "accuracy", 20],
        ["city = ///", "accuracy", 30],
    ]
    assert frame.loc[0, ["value", "low", "high"]].tolist() == [0.9, 0.8, 0.95]
    assert math.isnan(frame.loc[2, "low"])


def test_an_evaluation_is_shown_with_its_first_metrics():
    assert repr(EVALUATION) == "<Evaluation of net on 50 rows: accuracy 0.9, cost inf, roc_auc 0.8>"


@pytest.mark.parametrize(
    ("name", "earlier", "prefix"),
    [
        ("rf", [], ""),
        ("rf", [{"model": "rf", "prefix": ""}], ""),
        ("svm", [{"model": "rf", "prefix": ""}], "svm."),
        ("svm", [{"model": "rf", "prefix": ""}, {"model": "svm", "prefix": "svm."}], "svm."),
        ("rf", [{"model": "svm", "prefix": ""}, {"model": "rf"}], ""),
    ],
)
def test_what_stands_before_the_metrics_of_a_model(name, earlier, prefix):
    assert _prefix(name, earlier) == prefix


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "3", "null", '{"evaluations": 3}', '{"evaluations": [3, null, {}, {"metrics": []}]}']
)
def test_a_file_of_evaluations_that_is_none_of_ours_holds_none(text):
    assert _evaluations_in(text) == []


def test_of_a_damaged_file_the_sound_evaluations_are_kept():
    sound = {"model": "rf", "metrics": {"f1": 1.0}}
    assert _evaluations_in(json.dumps({"evaluations": [sound, {"metrics": 3}]})) == [sound]


def scored(outcome_of, rows, *, right=None):
    true = np.arange(rows) % 2
    predicted = true.copy()
    predicted[: rows - (rows if right is None else right)] ^= 1
    outcome, _ = outcome_of(lambda data: predicted, true)
    return outcome, score(outcome, Wanted({}, 0.95, None, 100), model="net")


@pytest.mark.parametrize(
    ("rows", "note"),
    [
        (1, "1 row only: a gross error shows, a difference between models does not; accuracy may lie from 0.03 to 1.00. "),
        (10, "10 rows only: a gross error shows, a difference between models does not; accuracy may lie from 0.69 to 1.00. "),
        (29, "29 rows only: "),
        (30, None),
    ],
)  # fmt: skip
def test_few_rows_are_noted(outcome_of, rows, note):
    notes = EvaluationNotes()
    note_few(*scored(outcome_of, rows), notes)
    if note is None:
        assert notes.found == {}
        return
    [found] = notes.found.values()
    assert found.text.startswith(note)
    assert found.text.endswith("Bootstrap intervals of so few rows are too narrow")
    assert found.level == "warning"


def test_what_was_left_out_for_one_reason_is_told_together(outcome_of):
    _, found = scored(outcome_of, 40)
    notes = EvaluationNotes()
    note_left_out(found, notes)
    assert list(notes.found) == [
        "roc_auc, average_precision were left out: the model has neither predict_proba nor decision_function",
        "log_loss, brier were left out: the model has no predict_proba",
    ]


def test_each_note_is_kept_once_and_a_warning_wins():
    notes = EvaluationNotes()
    notes.info("one")
    notes.info("one")
    notes.warn("two")
    notes.info("two")
    notes.warn("one")
    assert list(notes.found.values()) == [Note("one", "warning"), Note("two", "warning")]
