"""How metrics, their intervals and the comparison of two models are computed from outcomes."""

import numpy as np
import pytest
from scipy import stats

from mlmagic.evaluation.scoring import Wanted, compare, score, score_slices

RNG = np.random.default_rng(0)
LABELS = np.arange(60) % 2
NOISY = np.where(RNG.random(60) < 0.2, 1 - LABELS, LABELS)
WORSE = np.where(RNG.random(60) < 0.45, 1 - LABELS, LABELS)
SHARES = np.clip(NOISY * 0.6 + RNG.random(60) * 0.4, 0.01, 0.99)


def wanted(metrics=None, *, confidence=0.95, groups=None, resamples=100, is_stratified=False):
    return Wanted(metrics or {}, confidence, groups, resamples, is_stratified)


@pytest.mark.parametrize(
    ("rows", "asked", "resamples"),
    [(60, None, 1000), (20_000, None, 1000), (20_001, None, 500), (200_000, None, 500), (200_001, None, 200), (60, 123, 123)],
)  # fmt: skip
def test_more_rows_are_drawn_less_often(outcome_of, rows, asked, resamples):
    true = np.zeros(rows) + 0.5
    outcome, _ = outcome_of(lambda data: true, true)
    assert wanted(resamples=asked).plan(outcome).resamples == resamples


@pytest.mark.parametrize(
    ("ones", "asked", "strata"),
    [
        pytest.param(10, False, 1, id="ten of a class"),
        pytest.param(9, False, 2, id="nine of a class: resamples might lack it"),
        pytest.param(30, True, 2, id="as asked"),
        pytest.param(0, True, 1, id="one class only"),
    ],
)
def test_rows_are_drawn_within_classes_where_one_is_rare(outcome_of, answering, ones, asked, strata):
    labels = np.repeat([1, 0], [ones, 60 - ones])
    outcome, _ = outcome_of(answering(labels, classes=[0, 1]), labels)
    assert len(wanted(is_stratified=asked).plan(outcome).strata) == strata


def test_numbers_and_several_labels_have_no_classes_to_draw_within(outcome_of):
    for true in (np.linspace(0, 1, 30), np.eye(30, dtype=int)[:, :2]):
        outcome, _ = outcome_of(lambda data, true=true: true, true)
        assert len(wanted(is_stratified=True).plan(outcome).strata) == 1


def test_whole_groups_are_drawn_of_whatever_classes(outcome_of, answering):
    labels = np.repeat([1, 0], [3, 57])
    outcome, _ = outcome_of(answering(labels, classes=[0, 1]), labels)
    plan = wanted(groups=np.arange(60) // 6).plan(outcome)
    assert [len(stratum) for stratum in plan.strata] == [10]


def test_the_part_of_a_slice_has_the_groups_of_its_rows():
    part = wanted(groups=np.arange(60) // 6, is_stratified=True).of(np.array([0, 59]))
    assert part.groups.tolist() == [0, 9]
    assert not part.is_stratified  # its classes have no fixed numbers of rows
    assert wanted().of(np.array([0])).groups is None


def test_asked_metrics_stand_first_and_are_computed_once(outcome_of, answering):
    probabilities = np.column_stack([1 - SHARES, SHARES])
    outcome, _ = outcome_of(answering(NOISY, classes=[0, 1], probabilities=probabilities), LABELS)
    found = score(outcome, wanted({"f1": "f1", "mse": "neg_mean_squared_error"}), model="net")
    assert list(found.values)[:2] == ["f1", "mse"]
    assert list(found.values).count("f1") == 1
    assert list(found.values)[2:4] == ["accuracy", "balanced_accuracy"]
    assert "f1_micro" not in found.values  # only on request
    assert set(found.intervals) == set(found.values)


def test_a_share_has_its_exact_interval_where_all_resamples_are_alike(outcome_of, answering):
    outcome, _ = outcome_of(answering(LABELS, classes=[0, 1]), LABELS)
    found = score(outcome, wanted(confidence=0.9), model="net").intervals
    exact = stats.binomtest(60, 60).proportion_ci(0.9, method="exact")
    assert (found["accuracy"].low, found["accuracy"].high, found["accuracy"].method) == (exact.low, 1.0, "exact")
    assert found["f1"].method == "none"  # no share of rows
    in_groups = score(outcome, wanted(groups=np.arange(60) // 6), model="net").intervals
    assert in_groups["accuracy"].method == "none"  # the rows are not independent


def test_slices_have_the_metrics_of_their_rows(outcome_of, answering):
    outcome, _ = outcome_of(answering(NOISY, classes=[0, 1]), LABELS)
    site = np.repeat(["north", "south"], [40, 20])
    north, south = score_slices("site", site, outcome, wanted(), model="net", note=pytest.fail)
    assert (north.by, north.value, north.rows, north.warning) == ("site", "north", 40, "")
    assert south.warning == "only 20 rows: too few to tell"
    assert north.metrics["accuracy"] == (NOISY == LABELS)[:40].mean()
    assert south.metrics["accuracy"] == (NOISY == LABELS)[40:].mean()


def compared(outcome_of, answering, first, second, asked=None):
    sides = []
    for name, predicted in (("net", first), ("tree", second)):
        outcome, _ = outcome_of(answering(predicted, classes=[0, 1]), LABELS)
        sides.append((name, outcome, score(outcome, asked or wanted(), model=name)))
    return compare(*sides, asked or wanted())


def test_two_models_are_compared_on_the_same_resamples(outcome_of, answering):
    found = compared(outcome_of, answering, NOISY, WORSE)
    gain = (NOISY == LABELS).mean() - (WORSE == LABELS).mean()
    assert found.values["accuracy"] == pytest.approx(gain)  # not a frame
    assert found.metric == "accuracy"
    assert found.values["accuracy"] in found.intervals["accuracy"]
    swapped = compared(outcome_of, answering, WORSE, NOISY)
    there, back = found.intervals["accuracy"], swapped.intervals["accuracy"]
    assert (back.low, back.high) == pytest.approx((-there.high, -there.low), abs=0.02)
    same = compared(outcome_of, answering, NOISY, NOISY)
    assert set(same.values.values()) == {0.0}
    assert not same.intervals["accuracy"].is_known


def test_mcnemars_test_is_of_independent_rows_of_classes_only(outcome_of, answering):
    found = compared(outcome_of, answering, NOISY, WORSE).mcnemar
    only = [int(((NOISY == LABELS) & (WORSE != LABELS)).sum()), int(((NOISY != LABELS) & (WORSE == LABELS)).sum())]
    assert [found.only_first, found.only_second] == only
    asked = wanted(groups=np.arange(60) // 6)
    assert compared(outcome_of, answering, NOISY, WORSE, asked).mcnemar is None
    numbers, _ = outcome_of(lambda data: LABELS + 0.1, LABELS + 0.25)
    side = "net", numbers, score(numbers, wanted(), model="net")
    assert compare(side, side, wanted()).mcnemar is None


def test_only_metrics_that_both_models_have_are_compared(outcome_of, answering):
    ranked, _ = outcome_of(
        answering(NOISY, classes=[0, 1], probabilities=np.column_stack([1 - SHARES, SHARES])), LABELS
    )
    plain, _ = outcome_of(answering(WORSE, classes=[0, 1]), LABELS)
    sides = [(name, one, score(one, wanted(), model=name)) for name, one in (("net", ranked), ("tree", plain))]
    found = compare(*sides, wanted())
    assert "roc_auc" in sides[0][2].values
    assert "roc_auc" not in found.values
    assert set(found.directions) == set(found.values) == set(found.intervals)


@pytest.mark.parametrize("resamples", [None, 100])
def test_a_slow_function_has_an_interval_only_if_resamples_are_asked_for(outcome_of, answering, monkeypatch, resamples):
    from mlmagic.evaluation.measures import asked

    monkeypatch.setattr(asked, "_SLOW_S", 0.0)  # every function is slow
    outcome, _ = outcome_of(answering(NOISY, classes=[0, 1]), LABELS)
    calls = []

    def cost(y_true, y_pred):
        calls.append(len(y_true))
        return float((y_true != y_pred).sum())

    found = score(outcome, wanted({"cost": cost}, resamples=resamples), model="net")
    assert found.values["cost"] == (NOISY != LABELS).sum()
    if resamples:
        assert found.intervals["cost"].is_known
    else:
        assert calls == [60]
        assert found.intervals["cost"].note == "the function takes long: resamples=200 computes its interval"
