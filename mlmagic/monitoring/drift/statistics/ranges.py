"""Test values against a range that is known, while the values that it comes from are not."""

from __future__ import annotations

import math


def beyond_range(below: int, above: int, reference: int, current: int) -> float:
    """Return the p-value of *below* and *above* of the *current* values lying beyond the range of *reference* values.

    If nothing drifted, the k largest of all values are all current with the probability
    m! (n + m - k)! / ((m - k)! (n + m)!), where n and m are the numbers of reference and current values. Equal values
    only make the test careful.

    >>> round(beyond_range(0, 3, 100, 50), 3), beyond_range(0, 0, 100, 50)
    (0.071, 1.0)
    """
    p = min(_all_current(below, reference, current), _all_current(above, reference, current))
    return min(2 * p, 1.0)


def _all_current(count: int, reference: int, current: int) -> float:
    rows = reference + current
    terms = (math.lgamma(current + 1), math.lgamma(rows - count + 1))
    return math.exp(min(sum(terms) - math.lgamma(current - count + 1) - math.lgamma(rows + 1), 0.0))
