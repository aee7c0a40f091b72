"""Correct p-values for the number of tests."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping
    from typing import TypeVar

    K = TypeVar("K", bound=Hashable)

Correction = Literal["bh", "bonferroni", "none"]


def corrected(p_values: Mapping[K, float], correction: Correction) -> dict[K, float]:
    """Return the p-values corrected over all tests: those of Benjamini and Hochberg, Bonferroni's, or as they are.

    >>> corrected({"a": 0.01, "b": 0.04}, "bh"), corrected({"a": 0.01, "b": 0.04}, "bonferroni")
    ({'a': 0.02, 'b': 0.04}, {'a': 0.02, 'b': 0.08})
    """
    if not p_values or correction == "none":
        return dict(p_values)
    if correction == "bonferroni":
        return {name: min(p * len(p_values), 1.0) for name, p in p_values.items()}
    from scipy.stats import false_discovery_control

    found = false_discovery_control(list(p_values.values()))
    return dict(zip(p_values, found.tolist(), strict=True))
