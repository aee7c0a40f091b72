"""Detect leakage: what a model could learn about its test rows from its training rows."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from mlmagic.data.hashing.splitmix64 import HashKeys
from mlmagic.data.ids.columns import plain
from mlmagic.data.ids.id_hash import hash_values
from mlmagic.data.ids.plain_values import UnhashableError
from mlmagic.data.split.equal_rows import columns_of, hash_rows, sample_rows
from mlmagic.data.split.rows import take
from mlmagic.data.split.shared_rows import Shared, are_few, sample, shared_rows

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    import numpy as np
    from numpy.typing import NDArray


_KEYS = HashKeys.of("mlmagic leak", "")
_ID_NAME = re.compile(
    r"(?i:(?:^|[\W_])(?:id|uuid|guid))$|[a-z]I[dD]$"
    r"|^(?i:patient|subject|user|customer|client|member|session|household|group|speaker|author|device)s?$"
)


@dataclass(frozen=True)
class Finding:
    """One line of the report; a ``warning`` is about what can inflate a score."""

    level: Literal["info", "warning"]
    text: str


def looks_like_id(name: str) -> bool:
    """Return whether a column of this name is likely to hold ids.

    >>> [name for name in ("id", "user_id", "userId", "Patient", "valid", "paid", "y") if looks_like_id(name)]
    ['id', 'user_id', 'userId', 'Patient']
    """
    return _ID_NAME.search(name) is not None


def find_leakage(
    item: Any, sides: NDArray[np.int8], names: Sequence[str], *, keys: Iterable[str], method: str
) -> tuple[Finding, ...]:
    """Look for equal rows on two sides, ids that span sides and times that overlap.

    Parameters
    ----------
    item
        What was split, of n rows.
    sides
        The side of each row, an index into *names*, the first of which is the one to train on.
    keys
        The columns that the split goes by: they do not make rows different, and are not looked at again.
    method
        How the sides were found. A split by time is not asked for ids that come back, nor one by id for times.
    """
    columns = columns_of(item)
    ids = [name for name, _ in columns if looks_like_id(name)]
    found: list[Finding] = list(_equal_rows(item, sides, names, without={*keys, *ids} if len(columns) > 1 else set()))
    others = [(name, values) for name, values in columns if name not in set(keys)]
    if method != "time" and len(columns) > 1:
        for name, values in others:
            if name in ids:
                found += _spanning_ids(name, values, sides, names)
    if method in {"seed", "stratify"}:
        for name, values in others:
            if _holds_times(values):
                found += _overlap(name, values, sides, names)
    return tuple(found)


def _equal_rows(item: Any, sides: NDArray[np.int8], names: Sequence[str], without: set[str]) -> Iterator[Finding]:
    rows = len(sides)
    try:
        chosen = sample_rows(item, without)
        if chosen is not None:
            item, sides = take(item, chosen), sides[chosen]
        hashes = hash_rows(item, without)
    except (UnhashableError, TypeError) as error:
        yield Finding("info", f"Equal rows were not looked for: {error}")
        return
    if hashes is None or are_few(hashes):
        return
    if shared := shared_rows(hashes, sides, names):
        but = f" but for {' and '.join(sorted(without))}" if without else ""
        yield Finding("warning", f"Equal rows{but}: {_told(shared)}{_of_sample(len(sides), rows)}.")
    elif chosen is not None:
        yield Finding("info", f"No equal rows{_of_sample(len(sides), rows)}.")


def _spanning_ids(name: str, values: Any, sides: NDArray[np.int8], names: Sequence[str]) -> Iterator[Finding]:
    rows = len(sides)
    try:
        hashes = hash_values(plain(values), _KEYS)
    except UnhashableError:
        return
    chosen = sample(hashes)
    if chosen is not None:
        hashes, sides = hashes[chosen], sides[chosen]
    if shared := shared_rows(hashes, sides, names):
        told = f"{_told(shared)} by their {name}{_of_sample(len(sides), rows)}"
        yield Finding("warning", f"{name} spans sides: {told}. To keep each {name} on one side: --group {name}")


def _of_sample(looked_at: int, rows: int) -> str:
    return "" if looked_at == rows else f", in a sample of {looked_at:,} of the {rows:,} rows"


def _told(found: Sequence[Shared]) -> str:
    """Describe the shared rows in one sentence: first those that are in train too, then those of test in val.

    >>> _told([Shared("val", "train", 5, 100), Shared("test", "train", 2, 20)])
    '5 of 100 val rows (5.0%) and 2 of 20 test rows (10.0%) are in train too'
    """
    others = dict.fromkeys(shared.other for shared in found)
    return "; ".join(
        f"{' and '.join(_part(shared) for shared in found if shared.other == other)} are in {other} too"
        for other in others
    )


def _part(shared: Shared) -> str:
    share = shared.rows / shared.of
    return f"{shared.rows:,} of {shared.of:,} {shared.side} rows ({share:.1%})"


def _holds_times(values: Any) -> bool:
    kind = str(getattr(values, "dtype", None) or getattr(values, "type", "")).lower()
    return kind.startswith(("datetime", "timestamp", "date"))


def _overlap(name: str, values: Any, sides: NDArray[np.int8], names: Sequence[str]) -> Iterator[Finding]:
    """Yield a finding if the last side does not lie after the first in time."""
    found = plain(values)
    known = sides if found.null is None else sides[~found.null]
    moments = found.held if found.null is None else found.held[~found.null]
    train, last = moments[known == 0], moments[known == len(names) - 1]
    if not len(train) or not len(last) or last.min() > train.max():
        return
    yield Finding(
        "info",
        f"{names[0]} and {names[-1]} cover the same time by {name}. To test on what comes later: --time {name}",
    )
