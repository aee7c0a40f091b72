"""Divide data into train, val and test reproducibly: the same rows get the same sides again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mlmagic.data.hashing.splitmix64 import SCHEME
from mlmagic.data.split.leakage import find_leakage
from mlmagic.data.split.methods import Assigned, assign
from mlmagic.data.split.registry import SplitPart, remember
from mlmagic.data.split.report import Balance, SideSize, SplitReport, balance, balance_of, guess_target
from mlmagic.data.split.request import Request, check_request
from mlmagic.data.split.rows import common_length, take
from mlmagic.data.split.sides import TEST, VAL
from mlmagic.suggestions import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence


@dataclass(frozen=True, eq=False, repr=False)
class Split:
    """The parts of a split: ``train, test = mlmagic.split(df, by="user_id")``, or ``split.train``.

    Attributes
    ----------
    parts
        The parts by name, in scikit-learn's order: train, test, or X_train, X_test, y_train, y_test.
    sizes
        The number of rows of each side.
    identity
        What another split needs to give the same sides, and what it gave; plain values, for a run's record.
    report
        How the sides were found, the classes on each, and the leakage found.
    """

    parts: Mapping[str, Any]
    sizes: Mapping[str, int]
    identity: Mapping[str, Any]
    report: SplitReport

    def __iter__(self) -> Iterator[Any]:
        """Yield the parts themselves, as scikit-learn's train_test_split returns them."""
        return iter(self.parts.values())

    def __len__(self) -> int:
        return len(self.parts)

    def __getitem__(self, name: str) -> Any:
        if name not in self.parts:
            raise KeyError(_no_part(name, self.parts))
        return self.parts[name]

    def __getattr__(self, name: str) -> Any:
        parts = vars(self).get("parts", {})
        if name not in parts:
            raise AttributeError(_no_part(name, parts))
        return parts[name]

    def __repr__(self) -> str:
        sizes = ", ".join(f"{side}: {rows:,} rows" for side, rows in self.sizes.items())
        return f"<Split {self.report.how}; {sizes}>"


def _no_part(name: str, parts: Mapping[str, Any]) -> str:
    return f"this split has no part {name!r}.{did_you_mean(name, parts)} It has {', '.join(parts)}."


def split(
    *data: Any,
    test: float = 0.2,
    val: float = 0.0,
    by: Any = None,
    stratify: Any = None,
    group: Any = None,
    time: Any = None,
    seed: int | None = None,
    salt: str = "",
    names: Sequence[str] = (),
) -> Split:
    """Divide the rows of *data* into train, test and, if *val* is given, val.

    One of *by*, *group*, *time* or a seed (*seed*, or the one of ``%seed``) must determine the sides. Rows keep their
    order and index, and each part has the type of its input.

    Parameters
    ----------
    data
        Tables, arrays or columns of n rows each: pandas, polars, Arrow, NumPy, torch, SciPy (csr), lists. Several,
        such as X and y, are divided alike.
    test, val
        The part of the rows for each, between 0 and 1; the rest is train. Numbers of rows are not taken.
    by
        The column of ids, or several that identify a row together: the hash of the id decides. A row stays on its
        side in whatever order, subset, numeric type or library it comes, and when rows are added; see
        `mlmagic.data.ids.id_hash.hash_ids` for what counts as the same id. The numbers of rows are near the fractions
        asked, not equal to them.
    stratify
        The column of classes: each side gets its part of each class, rounded to whole rows.
    group
        The column of groups, none of which stands on two sides: drawn with the seed, or by the hash without one.
    time
        The column of times or numbers: train before val before test, and rows of one time on one side.
    seed
        A number from 0 to 4294967295 that draws the rows. It gives the same rows with every release of NumPy.
    salt
        Text that gives other sides by id or by group.
    names
        What *data* are called, for the names of the parts and for messages.

    By, stratify, group and time take the name of a column (or of an index level), or the values themselves, one for
    each row.

    Returns
    -------
    The parts, which unpack in scikit-learn's order: ``X_train, X_test, y_train, y_test = split(X, y)``.

    Raises
    ------
    UsageProblem
        Nothing fixes the sides, two wishes contradict, a fraction or column is none, ids, classes or times are
        missing, a class is too small, or a side would be empty.

    Examples
    --------
    >>> import pandas as pd
    >>> df = pd.DataFrame({"user_id": [3, 1, 4, 1, 5, 9, 2, 6], "x": range(8)})
    >>> train, test = split(df, by="user_id", test=0.3)
    >>> test.user_id.tolist()
    [4, 5, 2]
    """
    labels = tuple(names) or _names(len(data))
    rows = common_length(data, labels)
    request = check_request(
        rows, test=test, val=val, by=by, stratify=stratify, group=group, time=time, seed=seed, salt=salt
    )
    assigned = assign(request, data, labels, rows)
    return _made(data, labels, request, assigned)


def _names(count: int) -> tuple[str, ...]:
    if count == 1:
        return ("the data",)
    return ("X", "y") if count == 2 else tuple(f"data_{number}" for number in range(1, count + 1))  # noqa: PLR2004


def _made(data: Sequence[Any], labels: Sequence[str], request: Request, assigned: Assigned) -> Split:
    """Take the rows of each side, register them as parts, and return the split with its report."""
    import numpy as np

    numbers = (0, VAL, TEST) if request.fractions.val else (0, TEST)
    positions = [np.flatnonzero(assigned.sides == number) for number in numbers]
    sizes = {side: len(found) for side, found in zip(request.sides, positions, strict=True)}
    identity = _identity(request, assigned, sizes)
    parts: dict[str, Any] = {}
    for item, label in zip(data, labels, strict=True):
        for side, found in zip(request.sides, positions, strict=True):
            name = side if len(data) == 1 else f"{label}_{side}"
            parts[name] = take(item, found)
            remember(parts[name], SplitPart(name, side, len(found), identity), item)
    if not request.fractions.val:
        assigned.sides[:] >>= 1  # from here on the index into the existing sides: test is 1
    report = _report(data, labels, request, assigned, sizes=sizes, parts=tuple(parts))
    return Split(parts, sizes, identity, report)


def _identity(request: Request, assigned: Assigned, sizes: Mapping[str, int]) -> dict[str, Any]:
    return {
        "scheme": SCHEME,
        "method": request.method,
        "columns": list(assigned.columns),
        "test": request.fractions.test,
        "val": request.fractions.val,
        "seed": request.seed,
        "salt": request.salt,
        "sizes": dict(sizes),
    }


def _report(
    data: Sequence[Any],
    labels: Sequence[str],
    request: Request,
    assigned: Assigned,
    *,
    sizes: Mapping[str, int],
    parts: tuple[str, ...],
) -> SplitReport:
    rows = len(assigned.sides)
    asked = {"val": request.fractions.val, "test": request.fractions.test}
    asked["train"] = 1 - sum(asked.values())
    sides = tuple(SideSize(name, count, count / rows, asked[name]) for name, count in sizes.items())
    leaks = find_leakage(
        data[0], assigned.sides, request.sides, keys=assigned.columns if request.method != "stratify" else (),
        method=request.method,
    )  # fmt: skip
    return SplitReport(
        assigned.how,
        rows,
        sides,
        parts,
        _balance(data, labels, assigned, len(sides)),
        (*leaks, *assigned.findings),
    )


def _balance(data: Sequence[Any], labels: Sequence[str], assigned: Assigned, count: int) -> Balance | None:
    if assigned.classes is not None:
        return balance(assigned.columns[0], assigned.classes, assigned.sides, count)
    target = guess_target(data, labels)
    return balance_of(*target, assigned.sides, count) if target is not None else None
