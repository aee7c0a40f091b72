"""The data of a tracked cell: fingerprinted before its body runs, which may change it."""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING, Any

from mlmagic.data.fingerprint import fingerprint
from mlmagic.data.kinds import datasets_in
from mlmagic.data.record import record
from mlmagic.data.split_registry import splits_of
from mlmagic.settings import settings

if TYPE_CHECKING:
    from mlmagic.journal.records import Dataset
    from mlmagic.runs.active import ActiveRun

_MOST = 20
_LEAST_BUDGET_S = 0.01


class DataCapture:
    """Takes the fingerprints of what a cell reads, and records them when it has ended."""

    def __init__(self) -> None:
        self._datasets: list[Dataset] = []
        self._shown: list[str] = []
        self._splits: dict[str, dict[str, Any]] = {}

    def begin(self, run: ActiveRun) -> None:
        """Fingerprint the data that the cell reads, within the time that the setting ``data_budget_s`` allows."""
        watch = run.origin.watch
        if watch is None or not run.options.data:
            return
        end = time.monotonic() + settings.data_budget_s
        found = [
            (f"{name}{suffix}", item)
            for name, value in watch.read.items()
            if not name.startswith("_") and name not in run.options.exclude
            for suffix, item in watch.skips.read(name, value, datasets_in, default=())
        ]
        for name, item in found[:_MOST]:
            watch.skips.read(name, item, partial(self._take, run, name, end), default=None)
        if len(found) > _MOST:
            run.notices.info(f"the cell reads {len(found)} datasets: the first {_MOST} are recorded")

    def _take(self, run: ActiveRun, name: str, end: float, item: Any) -> None:
        taken = fingerprint(item, budget_s=max(end - time.monotonic(), _LEAST_BUDGET_S))
        self._datasets.append(record(name, item, taken))
        self._shown.append(f"{name} {' by '.join(f'{size:,}' for size in taken.shape)}")
        if taken.sampled:
            run.notices.info(
                f"{name}: a sample stands for its content, since all of it takes longer than data_budget_s"
            )
        for what in taken.unhashed:
            run.notices.info(f"{name}: no fingerprint of {what}")
        for part in splits_of(item):
            split = self._splits.setdefault(repr(sorted(part.identity.items())), {**part.identity, "parts": {}})
            split["parts"][part.name] = {"side": part.side, "rows": part.rows, "digest": taken.digest}

    def record(self, run: ActiveRun) -> None:
        """Record what was taken."""
        for dataset in self._datasets:
            run.recorder.dataset(dataset)
        run.datasets += self._shown
        if not self._splits:
            return
        splits = list(self._splits.values())
        run.recorder.json("mlmagic/split.json", splits if len(splits) > 1 else splits[0])
        for name in ("method", "columns", "test", "val", "seed", "salt"):
            value = splits[0].get(name)
            key = f"split.{name}"
            if value not in (None, "", [], 0.0) and key not in run.recorder.params | dict.fromkeys(run.options.exclude):
                run.recorder.param(key, value)
