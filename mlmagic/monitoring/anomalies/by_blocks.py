"""Judge many values at once by a center and a scale that are cheap to compute for each of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from mlmagic.monitoring.anomalies.baseline import scores

if TYPE_CHECKING:
    from mlmagic.monitoring.anomalies.baseline import Flags, Numbers, Rule

_FEWEST, _MOST = 32, 8192
_MOST_ROUNDS = 8


class Foreseeing(Protocol):
    """A baseline that knows what would be usual before each of several values."""

    def usual(self) -> tuple[float, float]:
        """Return the center and the scale."""

    def add_all(self, values: Numbers) -> None:
        """Add values in their order."""

    def usual_before_each(self, values: Numbers) -> tuple[Numbers, Numbers]:
        """Return center and scale before each of *values*, if all that stand before it were added. Adds nothing."""


def take_by_blocks(baseline: Foreseeing, values: Numbers, rule: Rule) -> Flags:
    """Return the flags of *values*, and add to *baseline* those that count as usual."""
    import numpy as np

    flags = np.zeros(len(values), bool)
    at, size = 0, _FEWEST
    while at < len(values):
        block = values[at : at + size]
        found = _far_before_each(baseline, block, rule) if rule.include_anomalies else _settled(baseline, block, rule)
        flags[at : at + len(found)] = found
        taken = block[: len(found)]
        taken = taken if rule.include_anomalies else taken[~found]
        if len(taken):
            baseline.add_all(taken)
        at += len(found)
        size = min(2 * size, _MOST) if len(found) == len(block) else max(size // 2, _FEWEST)
    return flags


def _far_before_each(baseline: Foreseeing, block: Numbers, rule: Rule) -> Flags:
    import numpy as np

    return np.abs(scores(block, *baseline.usual_before_each(block), rule.least_scale)) > rule.threshold


def _settled(baseline: Foreseeing, block: Numbers, rule: Rule) -> Flags:
    """Return the flags of the first values of a block, of all of them if possible.

    Flags say which values are usual, and these say which flags follow. Flags that follow from themselves are those of
    one value after the other, since each depends on earlier ones only: guess them, and repeat until they stay the same.
    As far as two rounds agree, and for one value more, they are right in any case.
    """
    import numpy as np

    center, scale = (np.full(len(block), one) for one in baseline.usual())
    found = np.abs(scores(block, center, scale, rule.least_scale)) > rule.threshold
    sure = 0
    for _ in range(_MOST_ROUNDS):
        is_usual = ~found
        # What is usual before each value that counts, and after the last one.
        centers, scales = baseline.usual_before_each(np.append(block[is_usual], 0.0))
        before = np.cumsum(is_usual, dtype=np.int64) - is_usual
        again = np.abs(scores(block, centers[before], scales[before], rule.least_scale)) > rule.threshold
        differs = again != found
        if not differs.any():
            return found
        found, sure = again, int(differs.argmax()) + 1
    return found[:sure]
