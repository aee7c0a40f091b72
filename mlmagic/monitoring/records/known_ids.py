"""Labels whose id no recorded prediction has: of another period, of another version, or a mistake in the ids."""

from __future__ import annotations

import contextlib
from functools import partial
from typing import TYPE_CHECKING

from mlmagic.arguments import brief
from mlmagic.errors import StoreError
from mlmagic.monitoring.records.reading import MOST_ROWS, files_of, runs_of
from mlmagic.monitoring.serving.batches import DAY
from mlmagic.monitoring.serving.columns import ID
from mlmagic.monitoring.serving.sampling import is_sampled
from mlmagic.monitoring.serving.spool import folder_files, read_part
from mlmagic.store import connection
from mlmagic.store.artifact_reading import place_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from mlmagic.monitoring.serving.batches import Batches


def unknown_ids_note(name: str, ids: Collection[str], sample: float, *, own: Iterable[Batches] = ()) -> str:
    """Return a line about those of *ids* that no prediction of the model *name* has, or an empty text.

    The rows that a monitor with this *sample* has left out do not count. The predictions are read from the last day
    back, until all ids are found, or a million rows are read.

    Raises
    ------
    StoreError
        If the store refuses, or cannot be reached.
    """
    left = {one for one in ids if sample >= 1 or is_sampled(one, sample)}
    rows = 0
    for some in _recorded_ids(name, own) if left else ():
        left.difference_update(some)
        rows += len(some)
        if not left or rows > MOST_ROWS:
            break
    if not left:
        return ""
    has = "labels have ids" if len(left) > 1 else "label has an id"
    among = f"among the last {rows:,} predictions" if rows > MOST_ROWS else "of a recorded prediction"
    return f"{len(left):,} {has} that {'are' if len(left) > 1 else 'is'} none {among}, such as {brief(min(left))}"


def _recorded_ids(name: str, own: Iterable[Batches]) -> Iterator[list[str | None]]:
    """Yield the ids of recorded predictions, the last day first; what cannot be read is left out."""
    done = set()
    for batches in own:
        if batches.monitored.name != name:
            continue
        for folder in batches.folders("predictions"):
            with contextlib.suppress(StoreError):
                yield read_part(folder_files(folder), [ID]).column(ID).to_pylist()
                done.add(folder.name)
    runs = connection.ask(partial(runs_of, connection.connect(), name))
    for run in sorted(runs, key=lambda one: one.data.tags[DAY], reverse=True):
        place = place_of(run.info.run_id, run.info.artifact_uri)
        for part in connection.ask(partial(place.files, "predictions")):
            if not part.is_dir or part.path.rpartition("/")[2] in done:
                continue
            with contextlib.suppress(StoreError, KeyError):
                yield read_part(connection.ask(partial(files_of, place, part.path)), [ID]).column(ID).to_pylist()
