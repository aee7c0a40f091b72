"""McNemar's test beside SciPy's, and the corrected t-test beside a computation by hand."""

import math

import numpy as np
import pytest
from scipy import stats

from mlmagic.errors import UsageProblem
from mlmagic.evaluation.statistics.paired_tests import corrected_t_test, mcnemar


def _right(both, first, second):
    return np.array([True] * (both + first) + [False] * second), np.array(
        [True] * both + [False] * first + [True] * second
    )


def test_few_differing_rows_are_tested_exactly():
    found = mcnemar(*_right(50, 9, 2))
    assert (found.only_first, found.only_second, found.is_exact) == (9, 2, True)
    assert found.p_value == pytest.approx(stats.binomtest(9, 11, 0.5).pvalue, abs=1e-12)


def test_many_differing_rows_take_the_corrected_chi_squared():
    found = mcnemar(*_right(100, 40, 20))
    assert not found.is_exact
    assert found.p_value == pytest.approx(stats.chi2.sf((abs(40 - 20) - 1) ** 2 / 60, 1), abs=1e-12)


def test_models_that_agree_on_all_rows_do_not_differ():
    assert mcnemar(*_right(10, 0, 0)).p_value == 1.0


def test_the_corrected_t_test_by_hand():
    first = [0.91, 0.89, 0.94, 0.90, 0.92]
    second = [0.90, 0.86, 0.93, 0.91, 0.89]
    found = corrected_t_test(first, second, n_train=80, n_test=20)
    # differences 0.01, 0.03, 0.01, -0.01, 0.03: mean 0.014, variance 0.00028
    error = math.sqrt((1 / 5 + 20 / 80) * 0.00028)
    assert found.statistic == pytest.approx(0.014 / error, abs=1e-9)
    assert found.degrees == 4
    assert found.p_value == pytest.approx(2 * stats.t.sf(0.014 / error, 4), abs=1e-9)
    half = stats.t.ppf(0.975, 4) * error
    assert (found.low, found.high) == pytest.approx((0.014 - half, 0.014 + half), abs=1e-9)
    plain = stats.ttest_rel(first, second).pvalue
    assert found.p_value > plain


def test_equal_scores_do_not_differ():
    found = corrected_t_test([0.9, 0.8], [0.9, 0.8], n_train=8, n_test=2)
    assert (found.statistic, found.p_value, found.low, found.high) == (0.0, 1.0, 0.0, 0.0)


@pytest.mark.parametrize(
    ("scores", "others", "sizes", "problem"),
    [
        ([0.9], [0.8], (8, 2), "two scores or more"),
        ([0.9, 0.8], [0.8], (8, 2), "got 2 and 1"),
        ([0.9, math.nan], [0.8, 0.7], (8, 2), "missing or infinite"),
        ([0.9, 0.8], [0.8, 0.7], (0, 2), "got 0 and 2"),
    ],
)
def test_bad_input_is_one_line(scores, others, sizes, problem):
    with pytest.raises(UsageProblem, match=problem):
        corrected_t_test(scores, others, n_train=sizes[0], n_test=sizes[1])
