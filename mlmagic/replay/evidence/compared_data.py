"""Compare the datasets of a replay with those of its original by their digests, and columns that measure time apart."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlmagic.comparison.diffs.data_diff import data_rows
from mlmagic.replay.evidence.clock import measures_clock
from mlmagic.store.foreign_json import read_json

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mlmagic.comparison.diffs.run_record import DatasetRecord


def columns_of_clock(name: str, original: Sequence[DatasetRecord], replayed: Sequence[DatasetRecord]) -> list[str]:
    """Return the columns in which a dataset differs, if all of these measure time or memory; else none.

    Such is a table of a sweep's trials with their durations, of which nobody expects the same values again.
    """
    pair = [[one for one in datasets if one.name == name] for datasets in (original, replayed)]
    if any((read_json(one.profile, dict) or {}).get("columns_left_out") for both in pair for one in both):
        return []
    change = next((row.changes[-1] for row in data_rows(pair)), None)
    columns = change.columns if change is not None and change.verdict == "changed" else ()
    all_of_clock = all(one.what == "values" and measures_clock(one.name) for one in columns)
    return [one.name for one in columns] if all_of_clock else []
