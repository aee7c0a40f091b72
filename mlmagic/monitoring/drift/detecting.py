"""Compare current rows with a reference: columns, missing values, schema, and all columns together."""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlmagic.adapters.optional import require
from mlmagic.errors import MissingPackageError, UsageProblem
from mlmagic.monitoring.drift import alarm_budget, multivariate
from mlmagic.monitoring.drift import groups as grouping
from mlmagic.monitoring.drift.columns import match
from mlmagic.monitoring.drift.comparing import Pair, Selected, compare_pairs
from mlmagic.monitoring.drift.dependence import neighbour_correlation
from mlmagic.monitoring.drift.outputs import Predictor
from mlmagic.monitoring.drift.profile_drift import compare_with_profile
from mlmagic.monitoring.drift.report import Budget, DriftNote, DriftReport, GroupDrift, SchemaDrift
from mlmagic.monitoring.drift.request import check_request, require_columns
from mlmagic.monitoring.drift.sources.files import is_file_name, table_in_file
from mlmagic.monitoring.drift.sources.tables import aligned, column_of, table_in_memory
from mlmagic.monitoring.drift.statistics.shared_rows import share_of_shared
from mlmagic.monitoring.drift.verdicts import Threshold, judge

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mlmagic.monitoring.drift.comparing import Compared
    from mlmagic.monitoring.drift.report import ColumnDrift, MultivariateDrift
    from mlmagic.monitoring.drift.request import DriftRequest
    from mlmagic.monitoring.drift.sources.tables import Table
    from mlmagic.monitoring.drift.sources.values import Values

_FEW_ROWS = 30
_NEVER = 1e-12
"""Below such an alpha of a budget, drift that matters is not found."""
_PAIR = 2


@dataclass
class Notes:
    """Collects notes, each once."""

    found: dict[str, DriftNote] = field(default_factory=dict)

    def info(self, text: str) -> None:
        """Note what is good to know."""
        self.found.setdefault(text, DriftNote(text))

    def warn(self, text: str) -> None:
        """Note what tells less than it seems."""
        self.found[text] = DriftNote(text, "warning")


def detect(request: DriftRequest) -> DriftReport:
    """Compare as `mlmagic.drift` does; recorded nowhere. Warnings of libraries are not shown: notes say what matters.

    Raises
    ------
    UsageProblem
        An option is invalid, a table has no rows, or there is no such column or file.
    """
    require("scipy", "mlmagic.drift")
    check_request(request)
    with warnings.catch_warnings():  # in this thread, before others compare columns: they share the filters
        warnings.simplefilter("ignore")
        return _detect(request)


def _detect(request: DriftRequest) -> DriftReport:
    if isinstance(request.reference, str) and not is_file_name(request.reference):
        return _with_profile(request)
    notes = Notes()
    reference = table_of(request.reference, request.names[0])
    current = table_of(request.current, request.names[1])
    rows = reference.rows, current.rows
    for table in (reference, current):
        if not table.rows or not table.names:
            what = "columns" if table.rows else "rows"
            raise UsageProblem(f"{table.name} has no {what}: there is nothing to compare")
    reference, current = aligned(reference, current)
    features, schema = _features(request, reference, current)
    pairs = [*_outputs(request, reference, current, notes), *_pairs(features, reference, current)]
    together = request.multivariate and min(rows) >= multivariate.FEWEST_ROWS
    divided = [] if request.by is None else grouping.groups_by(request.by, reference, current, notes.info)
    selected = Selected({one.value: one.rows for one in divided if not one.note}, multivariate.sampled_rows(rows))
    compared = compare_pairs(pairs, selected, rows=max(rows))
    classified = _classify(compared, notes) if together else None
    _note_shared(compared, reference, current, notes)
    if request.multivariate and not together:
        notes.info(f"all columns together were not compared: that takes {multivariate.FEWEST_ROWS} rows on each side")
    importance = _importance(request.model, reference, notes)
    columns = _columns(compared, divided, request.by, importance)
    threshold, budget = _threshold(request, pairs, current.rows, notes)
    if budget is not None and budget.block > 1 and classified is not None:
        notes.info("all columns together were not compared: consecutive rows of the reference depend on each other")
        classified = None
    judged, classified, tests = judge(columns, classified, threshold)
    report = DriftReport(
        reference=reference.name,
        current=current.name,
        rows=rows,
        alpha=threshold.alpha,
        correction=threshold.correction,
        min_effect=threshold.min_effect,
        tests=tests,
        budget=budget,
        columns=judged[""],
        multivariate=classified,
        groups=tuple(
            GroupDrift(request.by or "", one.value, one.counts, judged.get(f"={one.value}", {}), one.note)
            for one in divided
        ),
    )
    if not any(one.whole is not None for one in compared):
        notes.warn(f"no values were compared: {reference.name} and {current.name} share no column that can be")
    for one in compared:
        for table, text in zip((reference, current), one.notes, strict=True):
            if text:
                notes.warn(f"{one.name}: {text} in {table.name}")
    retyped = tuple(one.retyped for one in compared if one.retyped is not None)
    _note_few(report, notes)
    return replace(
        report,
        schema=replace(schema, retyped=retyped),
        not_compared={one.name: one.reason for one in compared if one.reason},
        notes=(*(DriftNote(text) for table in (reference, current) for text in table.notes), *notes.found.values()),
    )


def _with_profile(request: DriftRequest) -> DriftReport:
    current = table_of(request.current, request.names[1])
    if not current.rows:
        raise UsageProblem(f"{current.name} has no rows: there is nothing to compare")
    # Only now, because it imports MLflow.
    from mlmagic.monitoring.drift.sources.profiles import recorded_profile

    return compare_with_profile(request, recorded_profile(str(request.reference), current.names), current)


def table_of(data: Any, name: str) -> Table:
    """Return a table in memory, or a file.

    Raises
    ------
    UsageProblem
        If it is neither.
    """
    if isinstance(data, Path) or (isinstance(data, str) and (is_file_name(data) or Path(data).is_dir())):
        return table_in_file(Path(data).expanduser())
    return table_in_memory(data, name)


def _features(request: DriftRequest, reference: Table, current: Table) -> tuple[list[str], SchemaDrift]:
    """Return the columns that are compared, and which are missing or new."""
    wanted = reference.names if request.columns is None else list(dict.fromkeys(request.columns))
    require_columns("columns", wanted, reference.names, reference.name)
    if request.by is not None:
        for table in (reference, current):
            require_columns("by", [request.by], table.names, table.name)
    there = set(current.names)
    new = [one for one in current.names if one not in reference.readers] if request.columns is None else []
    missing = [one for one in wanted if one not in there]
    features = [one for one in wanted if one in there]
    if isinstance(request.target, str):
        for table in (reference, current):
            require_columns("target", [request.target], table.names, table.name)
        features = [one for one in features if one != request.target]
    return features, SchemaDrift(tuple(missing), tuple(new))


def _pairs(features: Sequence[str], reference: Table, current: Table) -> list[Pair]:
    def read(name: str) -> tuple[Values, Values]:
        return reference.read(name), current.read(name)

    return [Pair(one, "column", partial(read, one)) for one in features]


def _outputs(request: DriftRequest, reference: Table, current: Table, notes: Notes) -> list[Pair]:
    """Return the target and the predictions as columns."""
    found = []
    target = request.target
    if isinstance(target, str):
        found.append(Pair(target, "target", lambda: (reference.read(target), current.read(target))))
    elif target is not None:
        if not isinstance(target, tuple | list) or len(target) != _PAIR:
            raise UsageProblem(
                "target is the name of a column, or the targets of both sides: target=(y_train, y_recent)"
            )
        sides = [
            column_of(one, name) for one, name in zip(target, ("the first target", "the second target"), strict=True)
        ]
        for side, table in zip(sides, (reference, current), strict=True):
            if (count := len(side.missing)) != table.rows:
                raise UsageProblem(f"target: {count:,} targets for the {table.rows:,} rows of {table.name}")
        found.append(Pair("target", "target", lambda: (sides[0], sides[1])))
    if request.model is not None:
        predictor = Predictor(request.model)
        try:
            predicted = [column_of(predictor.on(table), "predictions") for table in (reference, current)]
        except UsageProblem as error:  # drift may be what breaks the model: the columns are compared all the same
            notes.warn(f"the predictions were not compared: {error}")
            return found
        found.append(Pair("prediction", "prediction", lambda: (predicted[0], predicted[1])))
    return found


def _importance(model: Any, reference: Table, notes: Notes) -> dict[str, float]:
    try:
        return {} if model is None else Predictor(model).importance(reference)
    except UsageProblem as error:
        notes.warn(f"the importance of columns is not known: {error}")
        return {}


def _classify(compared: Sequence[Compared], notes: Notes) -> MultivariateDrift | None:
    samples = {
        one.name: one.sample
        for one in compared
        if one.sample is not None and one.whole is not None and one.whole.kind != "time"
    }
    times = [one.name for one in compared if one.whole is not None and one.whole.kind == "time"]
    if times:
        notes.info(f"not among all columns together: {', '.join(times)}, since dates tell any two periods apart")
    if not samples:
        return None
    try:
        found = multivariate.tell_apart(samples)
    except MissingPackageError as error:
        notes.warn(f"all columns together were not compared: {error}")
        return None
    if found is None:
        notes.info("all columns together were not compared: their values are missing")
        return None
    return found


def _note_shared(compared: Sequence[Compared], reference: Table, current: Table, notes: Notes) -> None:
    """Note that rows of one side are on the other one too, which hides drift."""
    shared = share_of_shared([one.sample for one in compared if one.sample is not None])
    if not shared:
        return
    sampled = min(multivariate.MOST_ROWS / reference.rows, 1.0)  # so many rows of the reference were looked at
    about = "about " * (max(reference.rows, current.rows) > multivariate.MOST_ROWS)
    count = round(min(shared / sampled, 1.0) * current.rows)
    text = f"the two sides share rows: {about}{count:,} of the {current.rows:,} rows of {current.name} are in"
    notes.warn(f"{text} {reference.name} too, which hides drift, and a classifier remembers them from the other side")


def _threshold(
    request: DriftRequest, pairs: Sequence[Pair], current_rows: int, notes: Notes
) -> tuple[Threshold, Budget | None]:
    """Return when a difference is drift: as asked, or by the budget of false alarms."""
    if request.budget is None:
        return Threshold(request.alpha, request.correction, request.min_effect), None
    rate = alarm_budget.per_check(request.budget, request.checks)
    columns = [one for pair in pairs if (one := match(pair.name, *pair.read()).reference) is not None]
    rows = len(columns[0].missing) if columns else 0
    if rows < alarm_budget.FEWEST_ROWS:
        raise UsageProblem(
            f"budget takes a reference of at least {alarm_budget.FEWEST_ROWS} rows and one column that can be compared "
            f"({rows:,} rows here)"
        )
    correlations = [neighbour_correlation(one) for one in columns]
    # Half of the budget is the columns', half the classifier's, whose p-values hold if rows are independent.
    part = rate / 2 if request.multivariate and not any(correlations) else rate
    found = alarm_budget.calibrate(
        columns, correlations, current_rows, rate=part, min_effect=request.min_effect, most=request.alpha
    )
    if found.alpha < _NEVER:
        notes.warn(
            "the reference is too short for the budget: its rows depend so much on each other that hardly any "
            "drift of a column is found"
        )
    if current_rows > rows // 2:
        notes.warn("the alpha of the budget is calibrated on fewer rows than the current ones: the reference is short")
    checks = alarm_budget.as_number(request.checks)
    checks = checks if isinstance(checks, str) else f"{checks:g} a month"
    budget = Budget(str(request.budget), checks, rate, found.alpha, found.splits, found.block)
    return Threshold(found.alpha, "none", request.min_effect, together=part), budget


def _columns(
    compared: Sequence[Compared], divided: Sequence[grouping.Group], by: str | None, importance: Mapping[str, float]
) -> dict[str, dict[str, ColumnDrift]]:
    """Return the columns of all rows, and those of each group, with their importance."""
    found = {"": {one.name: one.whole for one in compared if one.whole is not None}}
    for group in divided:
        if not group.note:
            within = {one.name: one.groups[group.value] for one in compared if one.groups and one.name != by}
            found[f"={group.value}"] = within
    if not importance:
        return found
    return {
        group: {
            name: replace(one, importance=importance.get(name, 0.0)) if one.role == "column" else one
            for name, one in columns.items()
        }
        for group, columns in found.items()
    }


def _note_few(report: DriftReport, notes: Notes) -> None:
    """Note what few rows can tell, and what they cannot."""
    if min(report.rows) >= _FEW_ROWS:
        return
    first, second = report.rows
    shown = " and ".join(
        f"{rows} row{'s' * (rows != 1)} of {name}"
        for rows, name in ((first, report.reference), (second, report.current))
    )
    least = math.sqrt(-math.log(report.alpha / 2) / 2 * (first + second) / (first * second))
    if least >= 1:
        notes.warn(f"{shown}: no test can find drift of so few; only the schema is compared")
    else:
        notes.warn(
            f"{shown}: only a gross change shows. A single column is found to drift from a distance of about "
            f"{least:.2f} on, and no drift found does not mean that there is none"
        )
