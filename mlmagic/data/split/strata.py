"""Draw rows so that each side has its share of each class."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlmagic.data.hashing.splitmix64 import keyed
from mlmagic.data.split.sides import TEST, VAL, seed_keys
from mlmagic.errors import UsageProblem

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from mlmagic.data.split.sides import Fractions, Sides


def sides_stratified(codes: NDArray[np.intp], names: list[str], fractions: Fractions, seed: int, label: str) -> Sides:
    """Draw a rounded share of the rows of each class; each class is on each side.

    Parameters
    ----------
    codes
        The class of each row, from 0 on.
    names
        The classes, as text for a message.

    Raises
    ------
    UsageProblem
        A class has fewer rows than there are sides.
    """
    import numpy as np

    counts = np.bincount(codes, minlength=len(names))
    needed = 3 if fractions.val else 2
    if (counts < needed).any():
        raise UsageProblem(_too_small(counts, names, needed, label))
    wanted_val, wanted_test = fractions.counts(len(codes))
    test = apportion(counts * fractions.test, wanted_test)
    val = apportion(counts * fractions.val, wanted_val) if fractions.val else np.zeros_like(test)
    for _ in range(2):  # each was rounded up by less than one: at most two rows are to go back to train
        over = test + val >= counts
        from_test = over & (test >= val)
        test -= from_test
        val -= over & ~from_test
    order = np.lexsort((keyed(np.arange(len(codes), dtype=np.uint64), seed_keys(seed)), codes))
    rank = np.arange(len(codes)) - np.repeat(np.cumsum(counts) - counts, counts)
    test_of, both_of = (np.repeat(part, counts) for part in (test, test + val))
    sides = np.zeros(len(codes), np.int8)
    sides[order[rank < both_of]] = VAL
    sides[order[rank < test_of]] = TEST
    return sides


def apportion(quotas: NDArray[np.floating[Any]], total: int) -> NDArray[np.intp]:
    """Round *quotas* up or down so that they sum to *total*, by largest remainders; each quota above 0 gets at least 1.

    >>> import numpy as np
    >>> apportion(np.array([0.2, 2.5, 7.3]), 10)
    array([1, 2, 7])
    """
    import numpy as np

    whole = np.floor(quotas + 1e-9).astype(np.intp)  # 0.3 of 10 is 3, despite float rounding
    remainders = quotas - whole
    raised = (whole == 0) & (quotas > 0)
    whole[raised] = 1
    remainders[raised] = -1
    open_ = np.flatnonzero(remainders > 1e-9)  # noqa: PLR2004 - the same tolerance
    largest = open_[np.argsort(-remainders[open_], kind="stable")]
    whole[largest[: max(total - int(whole.sum()), 0)]] += 1
    rounded: NDArray[np.intp] = whole
    return rounded


def _too_small(counts: NDArray[np.intp], names: list[str], needed: int, label: str) -> str:
    small = [(names[at], int(counts[at])) for at in (counts < needed).nonzero()[0]]
    told = ", ".join(f"{name!r} has {count}" for name, count in small[:3]) + (", …" if len(small) > 3 else "")  # noqa: PLR2004
    kind = "class" if len(small) == 1 else "classes"
    many = len(names) * needed > counts.sum() // 2
    way = (
        f"{label!r} has {len(names):,} different values: if it is a quantity, stratify by ranges of it "
        f"(pd.qcut(df[{label!r}], 5))."
        if many
        else "Drop or merge these rows, or split without stratify."
    )
    return f"stratify: {len(small):,} {kind} of {label!r} too small to stand on {needed} sides: {told}. {way}"
