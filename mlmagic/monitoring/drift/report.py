"""What `mlmagic.drift` returns: the drift of each column, of the schema and of all columns together."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar, Literal, Protocol

from mlmagic.errors import UsageProblem

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    import pandas as pd

    from mlmagic.monitoring.drift.statistics.correction import Correction

Role = Literal["target", "prediction", "column"]


@dataclass(frozen=True)
class DriftNote:
    """What to know about a comparison; a warning if it tells less than it seems."""

    text: str
    level: Literal["info", "warning"] = "info"


@dataclass(frozen=True)
class Histogram:
    """Shares of the rows of both samples: between *edges* (the outer bins are open), or of each of *labels*."""

    reference: tuple[float, ...] = ()
    current: tuple[float, ...] = ()
    edges: tuple[float, ...] = ()
    labels: tuple[str, ...] = ()


@dataclass(frozen=True)
class ColumnDrift:
    """How a column differs between reference and current rows.

    Attributes
    ----------
    test, statistic, p, p_corrected
        The test of the values: ``"Kolmogorov-Smirnov"`` for numbers and dates, ``"chi-square"`` or ``"Fisher"`` for
        categories, ``"sparse chi-square"`` if rare ones are tested among themselves too, empty if there is nothing to
        test. If only the profile of the reference is known, ``"range"`` or ``"Welch"``. Corrected p-values count all
        tests of the report.
    distance
        From 0 to 1: the Kolmogorov-Smirnov distance, or the total variation distance of categories, which is the
        share of rows that would have to change. It is over all categories, less what chance may give the rare ones.
    chance
        The most of a total variation distance that chance is likely to give rare categories, those with fewer than 5
        expected rows on one side: its mean and two standard deviations. Of a distance t, ``distance`` is
        (t - chance) / (1 - chance), at least the distance with rare categories taken as one, and at least the share of
        rows with new or gone categories that is not to be expected (Good and Turing's estimate).
    psi, jensen_shannon, wasserstein
        The population stability index over the reference's deciles, the Jensen-Shannon distance, and the Wasserstein
        distance in standard deviations of the reference (NaN for categories). The first two are over all categories,
        and large by chance alone if there are many rare ones.
    missing, missing_p, missing_p_corrected
        The shares of missing values in reference and current rows, and the test of their difference.
    means
        The means of reference and current rows; of dates in seconds since 1970.
    outside, new_levels, new_share
        The share of current values beyond the reference's range; the categories that are new, at most ten, and the
        share of current rows that has a new one.
    infinite
        The numbers of infinite values.
    importance
        How much the model's predictions depend on the column, from 0 to 1; None without a model.
    drifted
        Whether values or missing values drifted: significant after the correction, and at least ``min_effect``.
    """

    name: str
    role: Role
    kind: Literal["number", "time", "category"]
    rows: tuple[int, int]
    test: str = ""
    statistic: float = math.nan
    p: float = math.nan
    p_corrected: float = math.nan
    distance: float = 0.0
    chance: float = 0.0
    psi: float = math.nan
    jensen_shannon: float = math.nan
    wasserstein: float = math.nan
    missing: tuple[float, float] = (0.0, 0.0)
    missing_p: float = math.nan
    missing_p_corrected: float = math.nan
    means: tuple[float, float] = (math.nan, math.nan)
    outside: float = 0.0
    new_levels: tuple[str, ...] = ()
    new_share: float = 0.0
    infinite: tuple[int, int] = (0, 0)
    importance: float | None = None
    drifted: bool = False
    note: str = ""
    histogram: Histogram = field(default_factory=Histogram, repr=False)

    @property
    def missing_change(self) -> float:
        """By how much the share of missing values differs."""
        return abs(self.missing[1] - self.missing[0])

    @property
    def severity(self) -> float:
        """The larger of the two distances, times the importance if it is known."""
        return max(self.distance, self.missing_change) * (1.0 if self.importance is None else self.importance)


@dataclass(frozen=True)
class Retyped:
    """A column whose values are of another kind now, such as text in place of numbers."""

    name: str
    before: str
    after: str
    note: str = ""


@dataclass(frozen=True)
class SchemaDrift:
    """Columns that the current rows lack, those that are new, and those of another kind."""

    missing: tuple[str, ...] = ()
    new: tuple[str, ...] = ()
    retyped: tuple[Retyped, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.missing or self.new or self.retyped)


@dataclass(frozen=True)
class MultivariateDrift:
    """Whether a classifier can tell reference rows from current rows that it was not trained on.

    ``auc`` is 0.5 if it cannot. ``p`` comes from permuting the labels of these rows. ``columns`` are those by which it
    tells them apart, with the loss in AUC if the column is shuffled.
    """

    auc: float
    p: float
    rows: int
    p_corrected: float = math.nan
    drifted: bool = False
    columns: tuple[tuple[str, float], ...] = ()

    @property
    def distance(self) -> float:
        """From 0 to 1: how much more often the classifier orders two rows rightly than wrongly."""
        return max(2 * self.auc - 1, 0.0)


@dataclass(frozen=True)
class GroupDrift:
    """The drift of the rows that have one *value* of the column *by*; without *columns* if these are too few."""

    by: str
    value: str
    rows: tuple[int, int]
    columns: Mapping[str, ColumnDrift] = field(default_factory=dict)
    note: str = ""

    @property
    def drifted(self) -> list[str]:
        """The names of the columns that drifted in this group."""
        return [name for name, one in self.columns.items() if one.drifted]


@dataclass(frozen=True)
class Budget:
    """How many false alarms are accepted, how often drift is checked, and the calibrated threshold.

    ``per_check`` is the accepted probability of a false alarm in one check, ``resamples`` how often the reference was
    compared with itself, and ``block`` how many consecutive rows were drawn together.
    """

    text: str
    checks: str
    per_check: float
    alpha: float
    resamples: int
    block: int


class Pages(Protocol):
    """Shows reports: as text, and as a page in a file."""

    def text(self, report: DriftReport) -> str:
        """Return *report* as text."""

    def save(self, report: DriftReport, path: str | Path) -> None:
        """Write *report* to the file *path* as HTML."""


@dataclass(frozen=True, repr=False)
class DriftReport:
    """How current rows differ from the reference. ``print(report)`` shows what ``%drift`` shows.

    Attributes
    ----------
    reference, current, rows
        What was compared, and the numbers of rows.
    tests
        The number of tests that the correction counts.
    columns
        The result of each column by name, the most severe first; the target and the predictions come before them.
    schema
        Columns that are missing, new, or of another kind.
    multivariate
        The result of the classifier over all columns, None if it was switched off or could not be computed.
    groups
        The results for each value of the column *by*.
    not_compared
        The reason for each column that was not compared.
    notes
        What to know about the comparison.
    recorded_on
        The name of the run that has the report, or None.
    of_profile
        Whether only a recorded profile of the reference was known: what is not in it may have drifted all the same.
    """

    reference: str
    current: str
    rows: tuple[int, int]
    alpha: float
    correction: Correction
    min_effect: float
    tests: int
    columns: Mapping[str, ColumnDrift]
    schema: SchemaDrift = SchemaDrift()
    multivariate: MultivariateDrift | None = None
    groups: tuple[GroupDrift, ...] = ()
    not_compared: Mapping[str, str] = field(default_factory=dict)
    budget: Budget | None = None
    notes: tuple[DriftNote, ...] = ()
    recorded_on: str | None = None
    of_profile: bool = False
    pages: ClassVar[Pages | None] = None
    """Set by `mlmagic.drift`; it holds no state."""

    def __str__(self) -> str:
        return repr(self) if self.pages is None else self.pages.text(self)

    def __repr__(self) -> str:
        found = f"{len(self.drifted):,} of {len(self.columns):,} columns drifted"
        more = ", drift elsewhere" if self.is_drifted and not self.drifted else ""
        return f"<DriftReport of {self.current} against {self.reference}: {found}{more}>"

    @property
    def drifted(self) -> list[str]:
        """The names of the columns that drifted, the most severe first."""
        return [name for name, one in self.columns.items() if one.drifted]

    @property
    def is_drifted(self) -> bool:
        """Whether a column, all columns together, or a group drifted, or a column is missing or of another kind."""
        together = self.multivariate is not None and self.multivariate.drifted
        groups = any(group.drifted for group in self.groups)
        return bool(self.drifted or together or groups or self.schema.missing or self.schema.retyped)

    @property
    def share(self) -> float:
        """The share of the compared columns that drifted."""
        return len(self.drifted) / len(self.columns) if self.columns else 0.0

    def save(self, path: str | Path) -> None:
        """Write the report to a file as a page of its own, which needs no network and no script.

        Raises
        ------
        UsageProblem
            If the file cannot be written.

        Examples
        --------
        >>> mlmagic.drift(X_train, X_recent).save("drift.html")  # doctest: +SKIP
        """
        if self.pages is None:
            raise UsageProblem("this report was not made by mlmagic.drift: it has no page")
        self.pages.save(self, path)

    def to_dataframe(self) -> pd.DataFrame:
        """Return a row for each column, and for each column of each group.

        Examples
        --------
        >>> columns = {"a": ColumnDrift("a", "column", "number", (9, 9))}
        >>> report = DriftReport("X", "X_new", (9, 9), 0.05, "bh", 0.05, 1, columns)
        >>> report.to_dataframe()[["column", "distance", "drifted"]].values.tolist()
        [['a', 0.0, False]]
        """
        import pandas as pd

        return pd.DataFrame(list(self._rows()))

    def _rows(self) -> Iterator[dict[str, object]]:
        several = [("", self.columns), *((f"{one.by}={one.value}", one.columns) for one in self.groups)]
        for group, columns in several:
            for one in columns.values():
                yield {
                    **({"group": group} if self.groups else {}),
                    "column": one.name, "role": one.role, "kind": one.kind, "drifted": one.drifted,
                    "distance": one.distance, "p": one.p, "p_corrected": one.p_corrected, "test": one.test,
                    "statistic": one.statistic, "psi": one.psi, "jensen_shannon": one.jensen_shannon,
                    "wasserstein": one.wasserstein, "missing_reference": one.missing[0],
                    "missing_current": one.missing[1], "missing_p": one.missing_p,
                    "missing_p_corrected": one.missing_p_corrected, "mean_reference": one.means[0],
                    "mean_current": one.means[1], "outside": one.outside, "new_share": one.new_share,
                    "importance": one.importance, "severity": one.severity,
                }  # fmt: skip
