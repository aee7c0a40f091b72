"""Metrics that are the bounds of another metric's interval, by their names."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection


def interval_ends(names: Collection[str]) -> dict[str, tuple[str, str]]:
    """Return the metrics among *names* that have an interval, with the names of its two ends.

    >>> interval_ends(["accuracy", "accuracy_low", "accuracy_high", "day_low"])
    {'accuracy': ('accuracy_low', 'accuracy_high')}
    """
    known = set(names)
    ends = {name: (f"{name}_low", f"{name}_high") for name in names}
    return {name: pair for name, pair in ends.items() if known.issuperset(pair)}
