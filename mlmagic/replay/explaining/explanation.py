"""The result of `mlmagic.why`: what each difference between two runs is worth in each metric."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Sequence

FactorKind = Literal["parameter", "seed", "code", "data", "module", "setting"]


@dataclass(frozen=True)
class Factor:
    """One difference between two runs that a replay of one can take from the other, with both values as text.

    ``cell`` is the number of its cell.
    """

    kind: FactorKind
    name: str
    before: str = ""
    after: str = ""
    cell: int | None = None

    def __str__(self) -> str:
        """Return the factor in words.

        >>> str(Factor("parameter", "depth", "3", "5"))
        'depth 3 → 5'
        >>> str(Factor("code", "df = df.dropna()", "", "df = df.dropna()", cell=4))
        'df = df.dropna() (only in the second, cell [4])'
        """
        where = f"cell [{self.cell}]" if self.cell is not None else ""
        if self.before and self.after and self.name not in {self.before, self.after}:
            return f"{self.name} {self.before} → {self.after}"
        if self.before and self.after:
            return f"{self.before} → {self.after}"
        if not self.before and not self.after:
            return self.name
        only = f"only in the {'second' if self.after else 'first'}"
        return f"{self.name} ({', '.join(part for part in (only, where) if part)})"


@dataclass(frozen=True)
class Share:
    """What a difference is worth in a metric: one factor, or several of which one cannot be taken without the others.

    ``is_noise`` says that other seeds alone change the metric by as much.
    """

    factors: Sequence[Factor]
    value: float
    is_noise: bool

    def __str__(self) -> str:
        """Return the factors in words."""
        return " with ".join(map(str, self.factors))


@dataclass(frozen=True)
class ExplainedMetric:
    """A metric of both runs.

    Attributes
    ----------
    before, after
        Its recorded values.
    shares
        What each difference is worth. They, ``together`` and ``unexplained`` add up to ``after - before``.
    together
        What the differences only do in combination; always 0 for up to four, whose shares are Shapley values.
    unexplained
        What the replays of the two runs do not differ by, although the records do: such as what a package is worth that
        differs between the two, or noise that no seed fixes.
    noise
        Two runs that differ by their seeds alone are apart by less than this, 19 of 20 times; None if not measured.
    """

    name: str
    before: float
    after: float
    shares: Sequence[Share]
    together: float
    unexplained: float
    noise: float | None

    @property
    def change(self) -> float:
        """``after - before``."""
        return self.after - self.before


@dataclass(frozen=True)
class Explanation:
    """Why two runs of one cell differ.

    Attributes
    ----------
    first, second
        Ids of the two runs.
    names
        Their names.
    metrics
        The metrics that differ, with what each difference is worth.
    factors
        All that differs and could be taken from one run into the other.
    not_swapped
        What differs and could not: packages, the processor, files whose other content is gone.
    notes
        What else the reader should know.
    replays, seconds
        How many replays were run, and how long they took.
    """

    first: str
    second: str
    names: tuple[str, str]
    metrics: Sequence[ExplainedMetric] = ()
    factors: Sequence[Factor] = ()
    not_swapped: Sequence[str] = ()
    notes: Sequence[str] = ()
    replays: int = 0
    seconds: float = 0.0

    def __getitem__(self, metric: str) -> ExplainedMetric:
        """Return what is told of *metric*.

        Raises
        ------
        KeyError
            When the metric is not explained.
        """
        for one in self.metrics:
            if one.name == metric:
                return one
        raise KeyError(metric)
