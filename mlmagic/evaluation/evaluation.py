"""What `mlmagic.evaluate` returns: metrics with intervals, slices, the difference from another model, and figures."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from mlmagic.evaluation.statistics.sentences import difference_sentence, signed

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from mlmagic.evaluation.outcomes.outcome import Task
    from mlmagic.evaluation.statistics.intervals import Interval
    from mlmagic.evaluation.statistics.paired_tests import McNemar
    from mlmagic.store.query.direction import Direction


@dataclass(frozen=True)
class Note:
    """What to know about an evaluation; a warning if it was not done as asked, or tells less than it seems."""

    text: str
    level: Literal["info", "warning"] = "info"


@dataclass(frozen=True)
class EvaluatedSlice:
    """The metrics on the rows that have one *value* of the column *by*; ``warning`` says why they tell little."""

    by: str
    value: str
    rows: int
    metrics: Mapping[str, float]
    intervals: Mapping[str, Interval]
    warning: str = ""


@dataclass(frozen=True)
class ModelDifference:
    """How two models differ on the same rows.

    Attributes
    ----------
    model, against
        Their names.
    metric
        The metric that the sentence is about: the first one.
    values, intervals
        The first model's value minus the second's, for each metric, and its interval by the paired bootstrap.
    mcnemar
        McNemar's test of the rows that one of the two gets right; None for regression, and for rows in groups.
    """

    model: str
    against: str
    rows: int
    metric: str
    values: Mapping[str, float]
    intervals: Mapping[str, Interval]
    directions: Mapping[str, Direction | None]
    mcnemar: McNemar | None = None

    def sentence(self, metric: str = "") -> str:
        """Return the answer in one sentence, with its interval.

        Examples
        --------
        >>> from mlmagic.evaluation.statistics.intervals import Interval
        >>> found = Interval(0.004, 0.039, 0.95, "BCa")
        >>> values = {"accuracy": 0.021}
        >>> both = {"accuracy": found}, {"accuracy": "max"}
        >>> print(ModelDifference("forest", "tree", 142, "accuracy", values, *both).sentence())
        forest is better by 0.021 [0.004, 0.039] in accuracy on the same 142 rows
        """
        name = metric or self.metric
        value, interval = self.values[name], self.intervals[name]
        on = f"in {name} on the same {self.rows:,} rows" if self.rows != 1 else f"in {name} on the same row"
        if not interval.is_known:
            if value == 0:
                return f"no difference can be told: {self.model} and {self.against} have the same value {on}"
            return f"no difference can be told: {signed(value)} {on}, and {interval.note or 'no interval is known'}"
        ends = interval.low, interval.high
        return difference_sentence((self.model, self.against), value, ends, self.directions[name], on)


@dataclass(frozen=True, eq=False, repr=False)
class Evaluation:
    """The evaluation of a model on test data.

    Attributes
    ----------
    model, data
        The names of the model and of the data.
    task
        ``"binary"``, ``"multiclass"``, ``"multilabel"`` or ``"regression"``.
    rows, classes, positive
        The number of rows, the labels, and the positive one of two.
    metrics
        The value of each metric.
    intervals
        The interval of each metric.
    directions
        ``"max"`` if more of a metric is better, ``"min"`` if less is, None if that is not known.
    slices
        The metrics of parts of the rows.
    difference
        How the model differs from another one, None without ``against``.
    importance
        How much the first metric suffers, on average, if a column is shuffled; empty unless asked for.
    figures
        The figures as PNG, by name.
    fingerprint
        What identifies the test data: the digests of its columns and of its targets.
    notes
        What was assumed, changed or left out.
    recorded_on
        The run that it was recorded on, None if it was only computed.
    prefix
        What stands before the names of the metrics in that run: empty for its first evaluation.
    """

    model: str
    data: str
    task: Task
    rows: int
    confidence: float
    how: str
    metrics: Mapping[str, float]
    intervals: Mapping[str, Interval]
    directions: Mapping[str, Direction | None]
    classes: tuple[str, ...] = ()
    positive: str | None = None
    slices: tuple[EvaluatedSlice, ...] = ()
    difference: ModelDifference | None = None
    importance: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    figures: Mapping[str, bytes] = field(default_factory=dict)
    fingerprint: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[Note, ...] = ()
    recorded_on: str | None = None
    prefix: str = ""

    def to_dataframe(self) -> pd.DataFrame:
        """Return a row for each metric, and for each metric of each slice.

        The columns are slice, metric, value, low, high and rows.
        """
        import pandas as pd

        parts = [("all", self.rows, self.metrics, self.intervals)]
        parts += [(f"{one.by} = {one.value}", one.rows, one.metrics, one.intervals) for one in self.slices]
        return pd.DataFrame(
            [
                (label, name, value, intervals[name].low, intervals[name].high, rows)
                for label, rows, metrics, intervals in parts
                for name, value in metrics.items()
            ],
            columns=["slice", "metric", "value", "low", "high", "rows"],
        )

    def __repr__(self) -> str:
        shown = ", ".join(f"{name} {value:.4g}" for name, value in list(self.metrics.items())[:3])
        return f"<Evaluation of {self.model} on {self.rows:,} rows: {shown}>"
