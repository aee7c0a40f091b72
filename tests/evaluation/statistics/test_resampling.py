"""How rows are drawn: as many as there are, within strata, in whole groups, and the same ones each time."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlmagic.evaluation.statistics import resampling
from mlmagic.evaluation.statistics.resampling import plan

CODES = st.lists(st.integers(0, 3), min_size=1, max_size=25)


def weights_of(found):
    return np.hstack(list(found.weights()))


@given(CODES)
def test_each_class_keeps_its_number_of_rows(classes):
    classes = np.array(classes)
    weights = weights_of(plan(len(classes), classes=classes, resamples=20))
    assert weights.shape == (len(classes), 20)
    for code in set(classes.tolist()):
        assert (weights[classes == code].sum(axis=0) == (classes == code).sum()).all()


@given(CODES)
def test_rows_of_a_group_are_drawn_together(groups):
    groups = np.array(groups)
    weights = weights_of(plan(len(groups), groups=groups, resamples=20))
    drawn = {code: weights[groups == code] for code in set(groups.tolist())}
    assert all((rows == rows[0]).all() for rows in drawn.values())
    assert (sum(rows[0] for rows in drawn.values()) == len(drawn)).all()  # as many groups as there are


@given(st.integers(1, 40))
def test_as_many_rows_are_drawn_as_there_are(rows):
    weights = weights_of(plan(rows, resamples=20))
    assert (weights.sum(axis=0) == rows).all()
    assert (weights >= 0).all()
    assert (weights == weights.round()).all()


def test_the_seed_decides_what_is_drawn():
    first, again, other = (weights_of(plan(30, resamples=50, seed=seed)) for seed in (1, 1, 2))
    assert (first == again).all()
    assert (first != other).any()


def test_all_rows_are_equally_likely():
    weights = weights_of(plan(10, resamples=4000))
    assert weights.mean(axis=1) == pytest.approx(np.ones(10), abs=0.06)
    assert (weights == 0).mean() == pytest.approx((1 - 1 / 10) ** 10, abs=0.02)


def test_many_rows_are_drawn_in_batches_and_in_another_way(monkeypatch):
    monkeypatch.setattr(resampling, "_LARGEST_BATCH", 70)
    monkeypatch.setattr(resampling, "_MANY_UNITS", 5)
    batches = list(plan(10, resamples=20).weights())
    assert [batch.shape for batch in batches] == [(10, 16), (10, 4)]
    assert (np.hstack(batches).sum(axis=0) == 10).all()
    usual, many = (resampling._times_drawn(np.random.default_rng(3), units, 7) for units in (5, 6))
    assert (usual.sum(axis=0) == 5).all()
    assert (many.sum(axis=0) == 6).all()


def test_both_ways_of_counting_draw_the_same(monkeypatch):
    one = resampling._times_drawn(np.random.default_rng(3), 9, 7)
    monkeypatch.setattr(resampling, "_MANY_UNITS", 8)
    assert (resampling._times_drawn(np.random.default_rng(3), 9, 7) == one).all()


@given(CODES, st.booleans())
def test_each_unit_is_left_out_once_within_its_stratum(codes, are_groups):
    codes = np.array(codes)
    found = plan(len(codes), **{"groups" if are_groups else "classes": codes})
    strata = [np.hstack(list(batches)) for batches in found.left_out(1000)]
    assert len(strata) == (1 if are_groups else len(set(codes.tolist())))
    left_out = sum((1 - weights).sum(axis=1) for weights in strata)
    assert (left_out == 1).all()
    for weights in strata:
        assert (weights.sum(axis=0) < len(codes)).all()  # each leaves something out


def test_of_many_units_blocks_are_left_out_from_all_over_the_data():
    [batches] = plan(100).left_out(20)
    weights = np.hstack(list(batches))
    assert weights.shape == (100, 20)
    assert [np.flatnonzero(column == 0).tolist() for column in weights.T[:2]] == [
        [0, 20, 40, 60, 80],
        [1, 21, 41, 61, 81],
    ]


@pytest.mark.parametrize(("rows", "most", "blocks"), [(5, 500, 5), (100, 30, 30), (100, 3, 10)])
def test_how_many_blocks_are_left_out(rows, most, blocks):
    [batches] = plan(rows).left_out(most)
    assert np.hstack(list(batches)).shape == (rows, blocks)


def test_sums_are_those_of_the_units():
    features = np.array([[1.0, 10.0], [2.0, 20.0], [4.0, 40.0]])
    assert plan(3).units_of(features) is features
    assert plan(3, groups=["b", "a", "b"]).units_of(features).tolist() == [[2.0, 20.0], [5.0, 50.0]]
