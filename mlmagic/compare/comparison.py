"""What is compared: the runs, their columns, and which belong together."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from mlmagic.compare.columns import columns_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mlflow.entities import Run
    from pandas import DataFrame

    from mlmagic.compare.columns import Column

_SEEDS = frozenset({"seed", "random_state", "random_seed"})
_PARENT = "mlflow.parentRunId"


@dataclass(frozen=True)
class Notice:
    """Why there is nothing to see: *text*, and in *hint* what to do about it."""

    text: str
    hint: str


@dataclass(frozen=True, eq=False)
class Comparison:
    """Runs to be compared, the newest first.

    ``title`` says in words what they are; ``total`` is how many there are where these are not all, else None.
    """

    runs: Sequence[Run]
    title: str
    total: int | None = None
    notice: Notice | None = None

    @cached_property
    def columns(self) -> list[Column]:
        """The columns of the table: the run's own, metrics, params, data and tags."""
        return columns_of(self.runs)

    @cached_property
    def parents(self) -> list[int]:
        """The row of each run's parent, -1 where that is not among the runs."""
        rows = {run.info.run_id: row for row, run in enumerate(self.runs)}
        return [rows.get(run.data.tags.get(_PARENT, ""), -1) for run in self.runs]

    @cached_property
    def configurations(self) -> list[int]:
        """The number of each run's configuration: runs of equal params, seeds aside, share it; -1 without params."""
        numbers: dict[frozenset[tuple[str, str]], int] = {}
        return [
            numbers.setdefault(configuration, len(numbers)) if (configuration := configuration_of(run)) else -1
            for run in self.runs
        ]

    def to_dataframe(self) -> DataFrame:
        """Return one row a run: run_id, name, status, started, duration, params, metrics; as ``mlmagic.runs`` does."""
        from mlmagic.runs.frames import frame_of

        return frame_of(self.runs)


def configuration_of(run: Run) -> frozenset[tuple[str, str]]:
    """Return the params of *run* without its seeds: ``seed``, ``random_state``, ``model.random_state``, …"""
    return frozenset(
        (name, value) for name, value in run.data.params.items() if name.rpartition(".")[2].lower() not in _SEEDS
    )
