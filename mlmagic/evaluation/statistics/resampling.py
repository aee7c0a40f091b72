"""Draw the rows again and again: by row, within each class, or by whole groups.

A resample is a column of weights: how often each row was drawn. All metrics, and both models of a comparison, are
computed on the same weights.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np
    from numpy.typing import NDArray

SEED = 20030901
"""Seeds the resampling's own generator, so that the same predictions give the same intervals."""
_LARGEST_BATCH = 2_500_000
"""The most weights that are held at once: 20 MB, of many rows eight times as much, for at least some resamples."""
_MANY_UNITS = 50_000
_FEWEST_BLOCKS = 10


@dataclass(frozen=True)
class Resampling:
    """A bootstrap of *rows* rows.

    ``strata`` are the units that are drawn among each other; all units together are one stratum, or each class is one.
    A unit is a row or, with ``group_of_row``, a group of rows.
    """

    rows: int
    strata: tuple[NDArray[Any], ...]
    group_of_row: NDArray[Any] | None
    resamples: int
    seed: int = SEED

    @property
    def _batch(self) -> int:
        """How many resamples are held at once."""
        usual = _LARGEST_BATCH // self.rows
        return max(1, usual, min(16, 8 * _LARGEST_BATCH // self.rows))

    def weights(self) -> Iterator[NDArray[Any]]:
        """Yield the weights of all resamples in batches: a row for each row of the data, a column for each resample."""
        import numpy as np

        rng = np.random.default_rng(self.seed)
        units = sum(map(len, self.strata))
        for first in range(0, self.resamples, self._batch):
            count = min(self._batch, self.resamples - first)
            drawn = np.empty((units, count))
            for stratum in self.strata:
                drawn[stratum] = _times_drawn(rng, len(stratum), count)
            yield drawn if self.group_of_row is None else drawn[self.group_of_row]

    def left_out(self, most: int) -> Iterator[Iterator[NDArray[Any]]]:
        """Yield, for each stratum, batches of weights that leave out one unit each, or, of many units, one block each.

        There are about *most* blocks in all, a tenth of it for many rows. Blocks are taken from all over the data,
        since neighbouring rows may be alike.
        """
        units = sum(map(len, self.strata))
        most = most // 10 if self.rows > _MANY_UNITS else most
        for stratum in self.strata:
            share = max(_FEWEST_BLOCKS, math.ceil(most * len(stratum) / units))
            yield self._without_one(stratum, min(share, len(stratum)))

    def _without_one(self, stratum: NDArray[Any], blocks: int) -> Iterator[NDArray[Any]]:
        import numpy as np

        units = sum(map(len, self.strata))
        block_of_unit = np.full(units, -1)
        block_of_unit[stratum] = np.arange(len(stratum)) % blocks
        block_of_row = block_of_unit if self.group_of_row is None else block_of_unit[self.group_of_row]
        for first in range(0, blocks, self._batch):
            numbers = np.arange(first, min(first + self._batch, blocks))
            yield (block_of_row[:, None] != numbers).astype(float)

    def units_of(self, features: NDArray[Any]) -> NDArray[Any]:
        """Return the sums of *features* (a row for each row of the data) over each unit."""
        import numpy as np

        if self.group_of_row is None:
            return features
        sums = np.zeros((sum(map(len, self.strata)), features.shape[1]))
        np.add.at(sums, self.group_of_row, features)
        return sums


def _times_drawn(rng: np.random.Generator, units: int, resamples: int) -> NDArray[Any]:
    """Return how often each unit is drawn: a row for each unit, a column for each resample."""
    import numpy as np

    drawn = rng.integers(0, units, (resamples, units))
    if units > _MANY_UNITS:  # in the way below, the processor's cache would not hold them
        return np.stack([np.bincount(one, minlength=units) for one in drawn], axis=1)
    drawn *= resamples
    drawn += np.arange(resamples)[:, None]
    return np.bincount(drawn.ravel(), minlength=units * resamples).reshape(units, resamples)


def plan(rows: int, *, classes: Any = None, groups: Any = None, resamples: int = 1000, seed: int = SEED) -> Resampling:
    """Return the bootstrap of *rows* rows.

    Parameters
    ----------
    classes
        The class of each row, if each class is to keep its number of rows.
    groups
        The group of each row, if whole groups are drawn, because rows of one group depend on each other. Classes are
        not kept then.

    Examples
    --------
    >>> first = next(plan(4, classes=["a", "a", "b", "b"], resamples=3).weights())
    >>> first.shape, first[:2].sum(axis=0).tolist()
    ((4, 3), [2.0, 2.0, 2.0])
    """
    import numpy as np

    if groups is not None:
        codes = np.unique(np.asarray(groups), return_inverse=True)[1].reshape(-1)
        return Resampling(rows, (np.arange(codes.max() + 1),), codes, resamples, seed)
    if classes is not None:
        codes = np.unique(np.asarray(classes), return_inverse=True)[1].reshape(-1)
        strata = tuple(np.flatnonzero(codes == code) for code in range(codes.max() + 1))
        return Resampling(rows, strata, None, resamples, seed)
    return Resampling(rows, (np.arange(rows),), None, resamples, seed)
