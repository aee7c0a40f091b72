"""Compare the values of one column: as numbers, or as categories."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from mlmagic.monitoring.drift.report import ColumnDrift, Histogram, Retyped
from mlmagic.monitoring.drift.sources.values import MOST_LEVELS, Levels, NotCompared, Numbers
from mlmagic.monitoring.drift.statistics.counts import compare_counts, two_shares
from mlmagic.monitoring.drift.statistics.samples import compare_numbers

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mlmagic.monitoring.drift.report import Role
    from mlmagic.monitoring.drift.sources.values import Values

_SHOWN_LEVELS = 10
_LONGEST_LEVEL = 80
_MOSTLY = 0.95
_SHOWN_CHANCE = 0.005
KINDS = {"number": "numbers", "bool": "bools", "time": "dates", "text": "text"}


@dataclass(frozen=True, eq=False)
class Matched:
    """The values of both sides in one form, `Numbers` or `Levels` with the same labels; else why there is none.

    ``notes`` say what of each side is left out.
    """

    reference: Numbers | Levels | None = None
    current: Numbers | Levels | None = None
    reason: str = ""
    retyped: Retyped | None = None
    notes: tuple[str, str] = ("", "")


def match(name: str, reference: Values, current: Values) -> Matched:
    """Bring the values of both sides into one form: whole numbers of few values and bools become levels.

    A few values that are text do not make numbers, or dates, a column of text.
    """
    sides = reference, current
    if all(isinstance(one, Numbers) or (isinstance(one, Levels) and one.mixed is not None) for one in sides):
        reference, current = map(_without_text, sides)
        found = _match(name, reference, current)
        if found.reference is not None or not any(isinstance(one, Levels) for one in sides):
            return replace(found, notes=(_note_of_text(sides[0]), _note_of_text(sides[1])))
    return _match(name, *sides)


def _note_of_text(side: Values) -> str:
    return side.mixed.note if isinstance(side, Levels) and side.mixed is not None else ""


def _without_text(side: Values) -> Values:
    if isinstance(side, Levels) and side.mixed is not None:
        return Numbers(side.mixed.values, side.mixed.kind, side.dtype)
    return side


def _match(name: str, reference: Values, current: Values) -> Matched:
    for one in (reference, current):
        if isinstance(one, NotCompared):
            return Matched(reason=one.reason)
    assert not isinstance(reference, NotCompared)  # noqa: S101  # checked above, for the types
    assert not isinstance(current, NotCompared)  # noqa: S101
    unknown = [bool(one.missing.all()) for one in (reference, current)]
    if any(unknown):
        return _matched_with_unknown(reference, current, is_current=unknown[1])
    kinds = {reference.kind, current.kind}
    if len(kinds) > 1 and kinds != {"number", "bool"}:
        before, after = (f"{KINDS[one.kind]} ({one.dtype})" for one in (reference, current))
        retyped = Retyped(name, before, after, _text_of_numbers(reference, current))
        return Matched(reason=f"{before} in the reference, {after} now", retyped=retyped)
    if isinstance(reference, Levels) and isinstance(current, Levels):
        return Matched(*_same_labels(reference, current))
    assert isinstance(reference, Numbers)  # noqa: S101  # as above
    assert isinstance(current, Numbers)  # noqa: S101
    if kinds == {"bool"} or (kinds != {"time"} and _are_few(reference, current)):
        sides = (reference, current)
        if len(kinds) > 1:  # 0 and 1, and bools
            sides = (Numbers(reference.values, "number", ""), Numbers(current.values, "number", ""))
        return Matched(*_same_labels(sides[0].as_levels(), sides[1].as_levels()))
    return Matched(reference, current)


def _matched_with_unknown(reference: Numbers | Levels, current: Numbers | Levels, *, is_current: bool) -> Matched:
    """Return both sides in the form of the one that has values."""
    import numpy as np

    known = reference if is_current else current
    rows = (len(reference.missing), len(current.missing))
    if isinstance(known, Levels):
        empty: Any = [Levels(np.full(one, -1), known.labels, known.dtype) for one in rows]
    else:
        empty = [Numbers(np.full(one, np.nan), known.kind, known.dtype) for one in rows]
    return Matched(known, empty[1]) if is_current else Matched(empty[0], known)


def _are_few(reference: Numbers, current: Numbers) -> bool:
    import numpy as np

    first = reference.few_levels()
    second = None if first is None else current.few_levels()
    return first is not None and second is not None and len(np.union1d(first, second)) <= MOST_LEVELS


def _same_labels(reference: Levels, current: Levels) -> tuple[Levels, Levels]:
    """Return both with the same labels, those of the reference first."""
    import numpy as np

    known = {label: code for code, label in enumerate(reference.labels)}
    place = np.array([known.setdefault(label, len(known)) for label in current.labels] + [-1], dtype=np.int64)
    labels = tuple(known)
    return Levels(reference.codes, labels, reference.dtype), Levels(place[current.codes], labels, current.dtype)


def _text_of_numbers(reference: Numbers | Levels, current: Numbers | Levels) -> str:
    """Return a line if one side has the numbers of the other as text, or many of them."""
    text = next((one for one in (reference, current) if isinstance(one, Levels)), None)
    if text is None or {reference.kind, current.kind} != {"number", "text"}:
        return ""
    counts = text.counts().tolist()
    others = [(label, rows) for label, rows in zip(text.labels, counts, strict=True) if not _is_number(label)]
    rows, present = sum(rows for _, rows in others), sum(counts)
    if rows <= (1 - _MOSTLY) * present:
        return "numbers stored as text: convert them with pd.to_numeric"
    if rows > present / 2:
        return ""
    most = max(others, key=lambda one: one[1])[0]
    return f"{rows:,} of {present:,} values are no numbers, such as {most[:_LONGEST_LEVEL]!r}"


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def compare_column(name: str, role: Role, reference: Numbers | Levels, current: Numbers | Levels) -> ColumnDrift:
    """Compare matched values; p-values are not corrected yet, and nothing is said to have drifted."""
    gone = reference.missing, current.missing
    rows = len(gone[0]), len(gone[1])
    counts = int(gone[0].sum()), int(gone[1].sum())
    missing = counts[0] / max(rows[0], 1), counts[1] / max(rows[1], 1)
    missing_p = two_shares((counts[0], rows[0]), (counts[1], rows[1])) if sum(counts) and all(rows) else math.nan
    facts: dict[str, Any] = {"missing": missing, "missing_p": missing_p}
    if counts[0] == rows[0] or counts[1] == rows[1]:
        which = "reference" if counts[0] == rows[0] else "current"
        facts["note"] = f"all {which} values are missing" if rows[0] and rows[1] else ""
        kind = "category" if isinstance(reference, Levels) else "time" if reference.kind == "time" else "number"
        return ColumnDrift(name, role, kind, rows, **facts)  # type: ignore[arg-type]
    if isinstance(reference, Levels):
        assert isinstance(current, Levels)  # noqa: S101  # they match
        return ColumnDrift(name, role, "category", rows, **facts, **_levels(reference, current))
    assert isinstance(current, Numbers)  # noqa: S101
    is_time = reference.kind == "time"
    values = reference.values[~gone[0]], current.values[~gone[1]]
    return ColumnDrift(name, role, "time" if is_time else "number", rows, **facts, **_numbers(*values))


def _numbers(reference: NDArray[Any], current: NDArray[Any]) -> dict[str, Any]:
    import numpy as np

    found = compare_numbers(reference, current)
    infinite = int(np.isinf(reference).sum()), int(np.isinf(current).sum())
    return {
        "test": "Kolmogorov-Smirnov", "statistic": found.statistic, "p": found.p, "distance": found.statistic,
        "psi": found.psi, "jensen_shannon": found.jensen_shannon, "wasserstein": found.wasserstein,
        "means": found.means, "outside": found.outside, "infinite": infinite,
        "histogram": Histogram(found.reference_shares, found.current_shares, found.edges),
    }  # fmt: skip


def _levels(reference: Levels, current: Levels) -> dict[str, Any]:
    import numpy as np

    first, second = reference.counts(), current.counts()
    found = compare_counts(first, second)
    new = np.flatnonzero((first == 0) & (second > 0))
    new = new[np.argsort(-second[new], kind="stable")]
    return {
        "test": found.test, "statistic": found.statistic if found.test else math.nan,
        "p": found.p if found.test else math.nan, "distance": found.distance, "psi": found.psi,
        "jensen_shannon": found.jensen_shannon,
        "new_levels": tuple(reference.labels[at][:_LONGEST_LEVEL] for at in new[:_SHOWN_LEVELS]),
        "new_share": float(second[new].sum() / second.sum()),
        "chance": found.chance,
        "note": _of_rare(found.rare, found.chance),
        "histogram": _most_frequent(reference.labels, first / first.sum(), second / second.sum()),
    }  # fmt: skip


def _of_rare(count: int, chance: float) -> str:
    """Return a note on rare values, if chance gives them a distance that shows."""
    if chance < _SHOWN_CHANCE:
        return ""
    return f"{count:,} rare value{'s' * (count != 1)}: {chance:.2f} of the distance is chance and left out"


def _most_frequent(labels: tuple[str, ...], reference: NDArray[Any], current: NDArray[Any]) -> Histogram:
    """Return the shares of the ten most frequent levels, in their order, and of all others."""
    import numpy as np

    order = np.argsort(-np.maximum(reference, current), kind="stable")
    shown, rest = order[:_SHOWN_LEVELS], order[_SHOWN_LEVELS:]
    names = [labels[at][:_LONGEST_LEVEL] for at in shown]
    shares = [one[shown].tolist() for one in (reference, current)]
    if len(rest):
        names.append(f"{len(rest):,} others")
        shares = [[*some, float(one[rest].sum())] for some, one in zip(shares, (reference, current), strict=True)]
    return Histogram(tuple(shares[0]), tuple(shares[1]), labels=tuple(names))
