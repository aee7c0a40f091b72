"""Compare current rows with a recorded profile: schema, ranges, missing values, means, and classes of the target."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from mlmagic.errors import UsageProblem
from mlmagic.monitoring.drift.columns import KINDS
from mlmagic.monitoring.drift.report import ColumnDrift, DriftNote, DriftReport, Histogram, Retyped, SchemaDrift
from mlmagic.monitoring.drift.request import require_columns
from mlmagic.monitoring.drift.sources.values import Levels, NotCompared, Numbers
from mlmagic.monitoring.drift.statistics.counts import compare_counts, two_shares
from mlmagic.monitoring.drift.statistics.means import Moments, distance_of_means, means_differ, within_range
from mlmagic.monitoring.drift.statistics.ranges import beyond_range
from mlmagic.monitoring.drift.verdicts import Threshold, judge

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from mlmagic.monitoring.drift.report import Role
    from mlmagic.monitoring.drift.request import DriftRequest
    from mlmagic.monitoring.drift.sources.profiles import Profile, RecordedColumn
    from mlmagic.monitoring.drift.sources.tables import Table
    from mlmagic.monitoring.drift.sources.values import Values

_NUMBERS = {"number", "bool"}
_SHOWN_CLASSES = 20


def compare_with_profile(request: DriftRequest, profile: Profile, current: Table) -> DriftReport:
    """Compare *current* with what was recorded of the reference.

    Raises
    ------
    UsageProblem
        An option needs the rows of the reference, or there is no such column.
    """
    for option in ("by", "model", "budget"):
        if getattr(request, option) is not None:
            raise UsageProblem(
                f"{option} needs the rows of the reference; of {profile.name} only the profile is recorded"
            )
    if request.target is not None and not isinstance(request.target, str):
        raise UsageProblem(f"target is the name of a column: of {profile.name} only the profile is recorded")
    wanted = list(profile.columns) if request.columns is None else list(dict.fromkeys(request.columns))
    require_columns("columns", wanted, list(profile.columns), profile.name)
    if request.target is not None:
        require_columns("target", [request.target], current.names, current.name)
        wanted = list(dict.fromkeys([request.target, *wanted]))
    there = [name for name in wanted if name in current.readers]
    found: dict[str, ColumnDrift] = {}
    reasons: dict[str, str] = {}
    retyped: list[Retyped] = []
    for name in there:
        role: Role = "target" if name == request.target else "column"
        compared = _compare(name, role, profile, current.read(name))
        if isinstance(compared, ColumnDrift):
            found[name] = compared
        else:
            reasons[name] = (
                compared if isinstance(compared, str) else f"{compared.before} in the reference, {compared.after} now"
            )
            retyped += [compared] if isinstance(compared, Retyped) else []
    judged, _, tests = judge({"": found}, None, Threshold(request.alpha, request.correction, request.min_effect))
    new = [one for one in current.names if one not in profile.columns] if request.columns is None else []
    return DriftReport(
        reference=profile.name,
        current=current.name,
        rows=(profile.rows, current.rows),
        alpha=request.alpha,
        correction=request.correction,
        min_effect=request.min_effect,
        tests=tests,
        columns=judged[""],
        schema=SchemaDrift(
            tuple(one for one in wanted if one not in current.readers),
            () if profile.left_out else tuple(new),
            tuple(retyped),
        ),
        not_compared=reasons,
        notes=_notes(profile, current),
        of_profile=True,
    )


def _notes(profile: Profile, current: Table) -> tuple[DriftNote, ...]:
    told = (
        f"of {profile.name} only the profile is recorded: columns and their kinds, ranges, means, missing values, "
        "bools and the classes of the target are compared; the shapes of distributions, other categories, and all "
        "columns together are not. Distances are estimated from ranges and means"
    )
    notes = [DriftNote(text) for text in current.notes] + [DriftNote(told, "warning")]
    if profile.left_out:
        notes.append(DriftNote(f"{profile.left_out:,} columns of the reference are not in its profile"))
    return tuple(notes)


def _compare(name: str, role: Role, profile: Profile, values: Values) -> ColumnDrift | Retyped | str:
    if isinstance(values, NotCompared):
        return values.reason
    recorded = profile.columns.get(name)
    if name == profile.target and (classes := _classes(values)) is not None:
        missing = _missing(recorded, profile.rows, values)
        return ColumnDrift(
            name, role, "category", (profile.rows, len(values.missing)), **missing, **_counts(profile, classes)
        )
    if recorded is None or recorded.kind is None:
        return "its values were not recorded"
    if isinstance(values, Levels) and values.mixed is not None and recorded.kind != "text":
        values = Numbers(values.mixed.values, values.mixed.kind, values.dtype)
    kinds = {recorded.kind, values.kind}
    if len(kinds) > 1 and kinds != _NUMBERS and not values.missing.all():
        return Retyped(name, f"{KINDS[recorded.kind]} ({recorded.dtype})", f"{KINDS[values.kind]} ({values.dtype})")
    kind: Any = {"time": "time", "number": "number"}.get(recorded.kind, "category")
    facts = _missing(recorded, profile.rows, values)
    if isinstance(values, Numbers):
        facts |= _numbers(recorded, profile.rows - recorded.missing, values)
    return ColumnDrift(name, role, kind, (profile.rows, len(values.missing)), **facts)


def _missing(recorded: RecordedColumn | None, rows: int, values: Numbers | Levels) -> dict[str, Any]:
    before = 0 if recorded is None else recorded.missing
    gone, length = int(values.missing.sum()), len(values.missing)
    p = two_shares((before, rows), (gone, length)) if before or gone else math.nan
    return {"missing": (before / rows, gone / length), "missing_p": p}


def _numbers(recorded: RecordedColumn, rows: int, values: Numbers) -> dict[str, Any]:
    """Compare ranges and means, each by a test of its own: the smaller p-value counts twice."""
    import numpy as np

    present = values.values[~values.missing]
    if rows < 1 or not len(present):
        return {}
    if recorded.kind == "bool":
        return _bools(recorded, rows, present)
    if recorded.low is None or recorded.high is None:
        return {}
    below, above = int((present < recorded.low).sum()), int((present > recorded.high).sum())
    finite = present[np.isfinite(present)]
    outside = (below + above) / len(present)
    means = math.nan if recorded.mean is None else recorded.mean, float(finite.mean()) if len(finite) else math.nan
    facts: dict[str, Any] = {
        "test": "range", "statistic": outside, "p": beyond_range(below, above, rows, len(present)),
        "distance": max(below, above) / len(present), "outside": outside, "means": means,
        "infinite": (0, len(present) - len(finite)),
    }  # fmt: skip
    if values.kind == "time" or not all(map(math.isfinite, (*means, recorded.low, recorded.high))):
        return facts
    first = within_range(rows, means[0], recorded.low, recorded.high)
    second = Moments(len(finite), means[1], float(finite.std(ddof=1)) if len(finite) > 1 else 0.0)
    statistic, p = means_differ(first, second)
    if not math.isnan(p):
        if p < facts["p"]:
            facts |= {"test": "Welch", "statistic": statistic, "p": p}
        facts["p"] = min(2 * facts["p"], 1.0)
        facts["distance"] = max(facts["distance"], distance_of_means(first, second))
    return facts


def _bools(recorded: RecordedColumn, rows: int, present: NDArray[Any]) -> dict[str, Any]:
    """Compare the counts of a column of bools, which follow from its mean."""
    import numpy as np

    if recorded.mean is None or not 0 <= recorded.mean <= 1 or not np.isin(present, (0, 1)).all():
        return {}
    true = round(recorded.mean * rows), int(present.sum())
    found = compare_counts(*(np.array([size - one, one]) for one, size in zip(true, (rows, len(present)), strict=True)))
    shares = [(1 - one / size, one / size) for one, size in zip(true, (rows, len(present)), strict=True)]
    return {
        "test": found.test, "statistic": found.statistic, "p": found.p if found.test else math.nan,
        "distance": found.distance, "psi": found.psi, "jensen_shannon": found.jensen_shannon,
        "histogram": Histogram(shares[0], shares[1], labels=("False", "True")),
    }  # fmt: skip


def _classes(values: Numbers | Levels) -> Mapping[str, int] | None:
    """Return the count of each class, None if there are no classes."""
    if isinstance(values, Numbers):
        if values.few_levels() is None:
            return None
        values = values.as_levels()
    return dict(zip(values.labels, values.counts().tolist(), strict=True))


def _counts(profile: Profile, classes: Mapping[str, int]) -> dict[str, Any]:
    import numpy as np

    labels = list(dict.fromkeys([*profile.classes, *classes]))
    first, second = (np.array([one.get(label, 0) for label in labels]) for one in (profile.classes, classes))
    if not first.sum() or not second.sum():
        return {}
    found = compare_counts(first, second)
    new = [label for label in labels if label not in profile.classes]
    shares = [tuple((one / one.sum()).tolist()[:_SHOWN_CLASSES]) for one in (first, second)]
    return {
        "test": found.test, "statistic": found.statistic, "p": found.p if found.test else math.nan,
        "distance": found.distance, "psi": found.psi, "jensen_shannon": found.jensen_shannon,
        "new_levels": tuple(new[:10]), "new_share": sum(classes[label] for label in new) / int(second.sum()),
        "histogram": Histogram(shares[0], shares[1], labels=tuple(labels[:_SHOWN_CLASSES])),
    }  # fmt: skip
