"""What served rows are judged by: a reference, limits, and options, as a monitor has them or as it recorded them."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from mlmagic.errors import UsageProblem
from mlmagic.monitoring.checks import performance_check
from mlmagic.monitoring.records.reading import RECORDED_VERSION, read_rows
from mlmagic.monitoring.records.settings import last_settings
from mlmagic.monitoring.records.thinning import thinned
from mlmagic.monitoring.records.values import answers_of
from mlmagic.monitoring.serving.columns import TIME, features_in

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import pyarrow as pa

    from mlmagic.monitoring.performance.calibration import Calibration
    from mlmagic.monitoring.performance.performance import Performance
    from mlmagic.monitoring.records.values import Answers
    from mlmagic.monitoring.serving.batches import Batches

_MOST_DAILY = 5_000


@dataclass(frozen=True, eq=False)
class Basis:
    """What served rows are compared with.

    ``reference`` has the columns of served rows, with labels if they are known, or is None; ``drift`` are options of
    `mlmagic.drift`, and ``limits`` the worst value of a metric that is accepted. ``further`` are more metrics, names
    and functions; ``absent`` are the names of functions that are not in the record. ``sample`` is the share of the rows
    that is recorded.
    """

    reference: pa.Table | None = None
    drift: Mapping[str, Any] = field(default_factory=dict)
    limits: Mapping[str, float] = field(default_factory=dict)
    further: Mapping[str, Any] = field(default_factory=dict)
    absent: tuple[str, ...] = ()
    sample: float = 1.0

    @cached_property
    def calibration(self) -> Calibration | None:
        """The calibration of the probabilities on the reference, if its labels are known."""
        from mlmagic.monitoring.performance.calibration import Calibration

        answers = self.answers
        known = None if answers is None else answers.take(answers.has_label)
        if known is None or known.probabilities is None or known.labels is None:
            return None
        try:
            return Calibration.fit(known.labels, known.probabilities, known.classes)
        except UsageProblem:  # a class without labels, or too few rows
            return None

    @cached_property
    def performance(self) -> tuple[Performance, ...]:
        """The performance on the reference, if its labels are known."""
        answers = self.answers
        try:
            return () if answers is None else performance_check.by_labels(answers, self.metrics)
        except UsageProblem:  # the performance of the served rows says it too
            return ()

    @property
    def metrics(self) -> Mapping[str, Any]:
        """The metrics that have a limit, and the user's own: they are computed beside the usual ones."""
        return {**{name: name for name in self.limits if name not in self.absent}, **self.further}

    @property
    def not_asked(self) -> Iterable[str]:
        """The columns of the reference that are not to be compared."""
        chosen = self.drift.get("columns")
        if self.reference is None or chosen is None:
            return ()
        return [one for one in features_in(self.reference.column_names) if one not in chosen]

    @cached_property
    def part(self) -> pa.Table | None:
        """A part of the reference, for comparisons with many periods."""
        return None if self.reference is None else thinned(self.reference, _MOST_DAILY)

    @cached_property
    def answers(self) -> Answers | None:
        """What the model answers on the reference, with its labels if they are known."""
        return None if self.reference is None else answers_of(self.reference)


def recorded_basis(name: str, version: str | None, *, own: Iterable[Batches] = ()) -> Basis:
    """Return the reference and the settings that the monitors of a model have recorded last.

    Raises
    ------
    StoreError
        If the store refuses, or cannot be reached.
    """
    own = tuple(own)
    reference = _last_reference(read_rows(name, "reference", None, version=version, own=own, last_day=True).table)
    settings = last_settings(read_rows(name, "settings", None, version=version, own=own, last_day=True).table)
    return Basis(reference, settings.drift, settings.limits, settings.metrics, settings.functions, settings.sample)


def _last_reference(table: pa.Table | None) -> pa.Table | None:
    """Return the reference that was recorded last; several processes may have recorded the same."""
    import pyarrow.compute as pc

    if table is None:
        return None
    last = pc.max(table.column(TIME))
    return table.filter(pc.equal(table.column(TIME), last)).drop_columns([RECORDED_VERSION])
