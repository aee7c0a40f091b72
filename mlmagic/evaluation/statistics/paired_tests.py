"""Tests that compare two models: McNemar's on the same rows, and the corrected t-test on the same folds."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mlmagic.errors import UsageProblem

if TYPE_CHECKING:
    from collections.abc import Sequence

_EXACT_BELOW = 25
_FEWEST_SCORES = 2


@dataclass(frozen=True)
class McNemar:
    """McNemar's test on rows that exactly one of two models gets right.

    Attributes
    ----------
    only_first, only_second
        How many rows only the one and only the other model gets right.
    p_value
        Two-sided.
    is_exact
        Whether it is the exact binomial test, as with fewer than 25 such rows, and not chi-squared with continuity
        correction.
    """

    only_first: int
    only_second: int
    p_value: float
    is_exact: bool


def mcnemar(first_is_right: Any, second_is_right: Any) -> McNemar:
    """Return McNemar's test (1947) of whether two models are right equally often on the same rows.

    Examples
    --------
    >>> import numpy as np
    >>> mcnemar(np.arange(8) < 8, np.arange(8) < 3)
    McNemar(only_first=5, only_second=0, p_value=0.0625, is_exact=True)
    """
    import numpy as np
    from scipy.stats import binomtest, chi2

    first, second = np.asarray(first_is_right, dtype=bool), np.asarray(second_is_right, dtype=bool)
    only_first, only_second = int(np.sum(first & ~second)), int(np.sum(second & ~first))
    differing = only_first + only_second
    if not differing:
        return McNemar(0, 0, 1.0, is_exact=True)
    if differing < _EXACT_BELOW:
        p_value = float(binomtest(only_first, differing, 0.5).pvalue)
        return McNemar(only_first, only_second, p_value, is_exact=True)
    statistic = max(abs(only_first - only_second) - 1, 0) ** 2 / differing
    return McNemar(only_first, only_second, float(chi2.sf(statistic, 1)), is_exact=False)


@dataclass(frozen=True)
class CorrectedTest:
    """The corrected resampled t-test of the differences of two models over the same folds.

    Attributes
    ----------
    difference
        The mean difference, first minus second.
    low, high, confidence
        Its interval.
    statistic, degrees, p_value
        Student's t, its degrees of freedom, and the two-sided p-value.
    """

    difference: float
    low: float
    high: float
    confidence: float
    statistic: float
    degrees: int
    p_value: float


def corrected_t_test(
    scores: Sequence[float], others: Sequence[float], *, n_train: int, n_test: int, confidence: float = 0.95
) -> CorrectedTest:
    """Compare two models by their scores on the same folds of a (repeated) cross-validation.

    Folds share training rows, so the plain paired t-test finds differences where there are none. This test multiplies
    the variance by ``1 / k + n_test / n_train`` instead of ``1 / k`` (Nadeau and Bengio 2003, "Inference for the
    Generalization Error").

    Parameters
    ----------
    scores, others
        The scores of the two models, in the same order of the folds.
    n_train, n_test
        The number of rows that a fold trains on, and that it tests on.

    Raises
    ------
    UsageProblem
        There are fewer than two pairs, a score is not a number, or a size is not positive.

    Examples
    --------
    >>> found = corrected_t_test([0.90, 0.92, 0.91, 0.95], [0.88, 0.91, 0.91, 0.92], n_train=75, n_test=25)
    >>> f"{found.difference:.3f} [{found.low:.3f}, {found.high:.3f}], p = {found.p_value:.3f}"
    '0.015 [-0.016, 0.046], p = 0.226'
    """
    import numpy as np
    from scipy.stats import t

    first, second = np.asarray(scores, dtype=float), np.asarray(others, dtype=float)
    if first.ndim != 1 or first.shape != second.shape or len(first) < _FEWEST_SCORES:
        raise UsageProblem(
            f"corrected_t_test takes two scores or more of each model, fold by fold, got {first.size} and {second.size}"
        )
    if not (np.all(np.isfinite(first)) and np.all(np.isfinite(second))):
        raise UsageProblem("corrected_t_test: a score is missing or infinite; leave out that fold of both models")
    if n_train <= 0 or n_test <= 0:
        raise UsageProblem(f"corrected_t_test: n_train and n_test are numbers of rows, got {n_train} and {n_test}")
    differences = first - second
    degrees = len(differences) - 1
    mean = float(differences.mean())
    error = math.sqrt((1 / len(differences) + n_test / n_train) * float(differences.var(ddof=1)))
    if error == 0:
        certain = mean == 0
        statistic = 0.0 if certain else math.copysign(math.inf, mean)
        return CorrectedTest(mean, mean, mean, confidence, statistic, degrees, 1.0 if certain else 0.0)
    half = float(t.ppf((1 + confidence) / 2, degrees)) * error
    p_value = 2 * float(t.sf(abs(mean / error), degrees))
    return CorrectedTest(mean, mean - half, mean + half, confidence, mean / error, degrees, p_value)
