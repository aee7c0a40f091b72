"""Blocks recorded by the public functions, read back from a real store."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

import mlmagic

if TYPE_CHECKING:
    from collections.abc import Callable

    from mlflow.entities import Run as StoredRun

    from mlmagic.recording.summary import RunSummary


class Recorded(NamedTuple):
    """A run as it is in the store, and the summary that was shown of it."""

    stored: StoredRun
    summary: RunSummary

    @property
    def warnings(self) -> list[str]:
        return [notice.text for notice in self.summary.notices if notice.level == "warning"]

    @property
    def files(self) -> list[str]:
        """The files of the user, not those that mlmagic records by itself."""
        files = mlmagic.Run(self.stored.info.run_id).artifacts
        return [path for path in files if not path.startswith("mlmagic/")]

    @property
    def tags(self) -> dict[str, str]:
        """The tags of the user."""
        tags = self.stored.data.tags
        return {key: value for key, value in tags.items() if not key.startswith(("mlflow.", "mlmagic."))}

    def history(self, key: str) -> list[tuple[int, float]]:
        from mlflow import MlflowClient

        return [(one.step, one.value) for one in MlflowClient().get_metric_history(self.stored.info.run_id, key)]


@pytest.fixture
def record(store_uri) -> Callable[..., Recorded]:
    """Return a function that records *work* as a block, and returns what the store has of it."""
    from mlflow import MlflowClient

    def recorded(work: Callable[[], Any] = lambda: None, **options: Any) -> Recorded:
        shown: list[RunSummary] = []
        block = mlmagic.track(**options)
        block.show = shown.append
        with block:
            work()
        assert mlmagic.sync().problems == []
        run_id = mlmagic.last_run.id
        return Recorded(MlflowClient().get_run(run_id), *shown)

    return recorded
