"""What metrics need to know of weighted rows, beside a computation row by row."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlmagic.evaluation.statistics.summaries import ByRows, Each, Ranking, Several, Sorted, Sums

SCORES = [-2.0, 0.0, 0.5, 0.5000001, 3.0]


@st.composite
def weighted(draw):
    rows = draw(st.integers(1, 9))

    def listed(elements):
        return np.array(draw(st.lists(elements, min_size=rows, max_size=rows)))

    positive = listed(st.sampled_from([0.0, 1.0]))
    positive[0] = 1.0
    return positive, listed(st.sampled_from(SCORES)), listed(st.integers(0, 3)).astype(float)[:, None]


@given(weighted())
def test_a_ranking_counts_what_stands_at_and_above_each_positive_score(case):
    positive, scores, weights = case
    found = Ranking(positive, scores).of(weights)
    is_positive, drawn = positive > 0, weights[:, 0]
    levels = sorted(set(scores[is_positive].tolist()), reverse=True)
    assert found.positive[:, 0].tolist() == [drawn[is_positive & (scores == level)].sum() for level in levels]
    assert found.positives[:, 0].tolist() == [drawn[is_positive & (scores >= level)].sum() for level in levels]
    assert found.tied[:, 0].tolist() == [drawn[~is_positive & (scores == level)].sum() for level in levels]
    assert found.negatives[:, 0].tolist() == [drawn[~is_positive & (scores >= level)].sum() for level in levels]
    assert found.total.tolist() == [drawn[~is_positive].sum()]


@given(weighted())
def test_sorted_values_have_the_weights_up_to_each(case):
    _, values, weights = case
    summary = Sorted(values)
    found = summary.of(weights)
    ascending = values[summary.order]
    assert (np.diff(ascending) >= 0).all()
    assert found[-1, 0] == weights.sum()
    for at, value in enumerate(ascending):
        assert weights[values < value].sum() <= found[at, 0] <= weights[values <= value].sum()


def test_sums_are_weighted():
    found = Sums(np.array([[1.0, 5.0], [1.0, 7.0]])).of(np.array([[2.0, 0.0], [1.0, 3.0]]))
    assert found.tolist() == [[3.0, 3.0], [17.0, 21.0]]


def test_a_function_gets_each_row_as_often_as_it_was_drawn():
    seen = []
    summary = ByRows(lambda rows: seen.append(rows.tolist()) or float(len(rows)))
    assert summary.of(np.array([[1.0, 0.0], [0.0, 3.0], [2.0, 0.0]])).tolist() == [3.0, 3.0]
    assert seen == [[0, 2, 2], [1, 1, 1]]


@pytest.mark.parametrize("kind", [Several, lambda parts: Each(parts, lambda one: one)])
def test_several_summaries_leave_out_as_few_blocks_as_their_least(kind):
    sums, order, function = Sums(np.ones((2, 1))), Sorted(np.zeros(2)), ByRows(lambda rows: 0.0)
    assert sums.most_blocks == 0  # single rows, at no cost
    assert kind((sums, order)).most_blocks == order.most_blocks
    assert kind((sums, order, function)).most_blocks == function.most_blocks
    assert kind((sums,)).most_blocks == order.most_blocks


def test_each_and_several_return_one_for_each_part():
    weights = np.array([[2.0], [1.0]])
    parts = (Sums(np.ones((2, 1))), Sums(np.full((2, 1), 2.0)))
    assert [one.tolist() for one in Several(parts).of(weights)] == [[[3.0]], [[6.0]]]
    assert [one.tolist() for one in Each(parts, lambda sums: sums[0] + 1).of(weights)] == [[4.0], [7.0]]
