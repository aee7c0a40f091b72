"""The five methods that assign rows to the sides of a split, each with its findings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mlmagic.data.split.leakage import Finding
from mlmagic.data.split.registry import splits_of
from mlmagic.data.split.report import Classes, classes_of
from mlmagic.data.split.sides import (
    TEST,
    VAL,
    count_sides,
    hash_key,
    salt_keys,
    seed_keys,
    sides_by_hash,
    sides_by_time,
    sides_drawn,
    sides_of_groups,
)
from mlmagic.data.split.split_columns import find_key
from mlmagic.data.split.strata import sides_stratified
from mlmagic.errors import UsageProblem

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from mlmagic.data.split.request import Request
    from mlmagic.data.split.sides import Sides
    from mlmagic.data.split.split_columns import Key

_FAR_OFF = 0.02
_SAMPLING_ERRORS = 4
_MOST_TOLD = 3


@dataclass(frozen=True)
class Assigned:
    """The side of each row (0 train, 1 val, 2 test), the method in words, and the findings."""

    sides: Sides
    how: str
    columns: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()
    classes: Classes | None = None


def assign(request: Request, data: Sequence[Any], names: Sequence[str], rows: int) -> Assigned:
    """Assign each row to a side.

    Raises
    ------
    UsageProblem
        What the split goes by is missing or cannot divide these rows, or a side would be empty.
    """
    if request.method in {"seed", "stratify", "time"} or request.seed is not None:
        _require_rows(request, rows)
    if request.method == "seed":
        return Assigned(sides_drawn(rows, request.fractions, request.seed or 0), f"drawn with seed {request.seed}")
    key = find_key(request.method, request.wanted, data, names, rows)
    if request.method in {"stratify", "time"} and len(key.columns) > 1:
        raise UsageProblem(f"{request.method} takes one column, got {key.label}.")
    if request.method == "stratify":
        assigned = _stratified(request, key)
    elif request.method == "time":
        assigned = _by_time(request, key)
    elif request.method == "group" and request.seed is not None:
        assigned = _by_drawn_groups(request, key)
    else:
        _require_even(request, key, data)
        assigned = _by_hash(request, key)
    return assigned


def _require_even(request: Request, key: Key, data: Sequence[Any]) -> None:
    """Refuse a part of a split by the same hashes: all hashes of a part lie in the range of one side."""
    for part in (part for item in data for part in splits_of(item)):
        earlier = part.identity
        by_hash = earlier["method"] in {"by", "group"} and earlier["seed"] is None
        if by_hash and earlier["salt"] == request.salt and earlier["columns"] == list(key.names):
            raise UsageProblem(
                f"{part.name} is part of a split by the hash of {key.label} already, and the same hashes cannot "
                "divide it again. Give another salt (salt='2', --salt 2), or ask for val in the first split."
            )


def _require_rows(request: Request, rows: int) -> None:
    """Refuse a split in which a side would round to zero rows."""
    val, test = request.fractions.counts(rows)
    counts = (rows - val - test, val, test) if request.fractions.val else (rows - test, test)
    if min(counts) < 1:
        side = request.sides[counts.index(min(counts))]
        told = ", ".join(f"{max(count, 0)} for {name}" for name, count in zip(request.sides, counts, strict=True))
        raise UsageProblem(
            f"{side} would be empty: of {rows:,} row{'s' * (rows != 1)}, the sizes asked for round to {told}. "
            "Ask for other sizes."
        )


def _stratified(request: Request, key: Key) -> Assigned:
    classes = classes_of(key.single, key.raw[0])
    seed = request.seed or 0
    sides = sides_stratified(classes.codes, classes.names, request.fractions, seed, key.label)
    return Assigned(sides, f"drawn with seed {seed}, stratified by {key.label}", key.names, (), classes)


def _by_time(request: Request, key: Key) -> Assigned:
    if key.single.form not in {"time", "whole", "real"}:
        kind = "text, which sorts by letters" if key.single.form == "text" else "values that are no times"
        raise UsageProblem(
            f"time: {key.label!r} holds {kind}. Make times of it: df[{key.label!r}] = pd.to_datetime(df[{key.label!r}])"
        )
    sides, cuts = sides_by_time(key.single.held, request.fractions)
    begins = ", ".join(f"{side} from {_moment(cut)}" for side, cut in zip(request.sides[1:], cuts, strict=True))
    how = f"in order of {key.label}: {begins}"
    return Assigned(sides, how, key.names, tuple(_far_off(request, sides, "rows of one time stay together")))


def _moment(cut: Any) -> str:
    """Return a time as text without trailing zeros."""
    text = str(cut)
    if "T" in text:
        text = text.partition(".")[0] if not text.partition(".")[2].strip("0") else text.rstrip("0")
        text = text.replace("T00:00:00", "").replace("T", " ")
    return text


def _by_drawn_groups(request: Request, key: Key) -> Assigned:
    import pandas as pd

    seed = request.seed or 0
    codes, order = pd.factorize(hash_key(key, seed_keys(seed)))
    if len(order) < len(request.sides):
        raise UsageProblem(
            f"group: {len(order)} different value{'s' * (len(order) > 1)} of {key.label!r} cannot be divided into "
            f"{len(request.sides)} sides, since rows of one group stay together; split by seed, or by another column."
        )
    sides = sides_of_groups(codes, order, request.fractions)
    findings = [*_too_large(request, key, codes, sides), *_far_off(request, sides, "groups stay together")]
    return Assigned(sides, f"groups of {key.label}, drawn with seed {seed}", key.names, tuple(findings))


def _by_hash(request: Request, key: Key) -> Assigned:
    import numpy as np

    hashes = hash_key(key, salt_keys(request.salt))
    sides = sides_by_hash(hashes, request.fractions)
    on = count_sides(sides)
    numbers = (0, VAL, TEST) if request.fractions.val else (0, TEST)
    for side, number in zip(request.sides, numbers, strict=True):
        if not on[number]:
            distinct = len(np.unique(hashes))
            raise UsageProblem(
                f"{side} would be empty: none of the {distinct:,} different values of {key.label!r} falls there. "
                "Give it a larger part, another salt (salt='2', --salt 2), or draw rows with a seed."
            )
    reason = f"there are few different values of {key.label}, or some with many rows"
    findings = _far_off(request, sides, reason, _SAMPLING_ERRORS)
    if request.method == "group":
        import pandas as pd

        findings = [*_too_large(request, key, pd.factorize(hashes)[0], sides), *findings]
    salted = f" with salt {request.salt!r}" if request.salt else ""
    what = "groups by the hash of" if request.method == "group" else "by the hash of"
    return Assigned(sides, f"{what} {key.label}{salted}", key.names, tuple(findings))


def _too_large(request: Request, key: Key, codes: NDArray[np.intp], sides: Sides) -> list[Finding]:
    """Warn of groups that have more rows than were requested for the smaller of val and test."""
    import numpy as np

    val, test = request.fractions.counts(len(codes))
    name, target = ("val", val) if request.fractions.val and val < test else ("test", test)
    sizes = np.bincount(codes)
    large = [int(at) for at in np.argsort(-sizes, kind="stable")[: _MOST_TOLD + 1] if sizes[at] > target]
    told = []
    for at in large[:_MOST_TOLD]:
        row = int(np.argmax(codes == at))
        side = ("train", "val", "test")[int(sides[row])]
        told.append(
            Finding(
                "warning",
                f"Group {key.value(row)!r} of {key.label} has {sizes[at]:,} rows, more than the {target:,} that {name} "
                f"should have; it is in {side}.",
            )
        )
    return told


def _far_off(request: Request, sides: Sides, reason: str, sampling_errors: int = 0) -> list[Finding]:
    """Report sides whose number of rows is far from the requested one, and further than chance explains."""
    shares = [count / len(sides) for count in count_sides(sides)]
    asked = {"test": (TEST, request.fractions.test), "val": (VAL, request.fractions.val)}
    return [
        Finding("info", f"{side} has {shares[number]:.1%} of the rows, not {part:.1%}: {reason}.")
        for side, (number, part) in asked.items()
        if abs(shares[number] - part) > max(_FAR_OFF, sampling_errors * (part * (1 - part) / len(sides)) ** 0.5)
    ]
