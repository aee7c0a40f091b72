"""Sends the models of a trial as files to the process that writes the runs, if they are wanted."""

from __future__ import annotations

import math
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from mlmagic.store.query.direction import direction_of
from mlmagic.user_objects import one_line, reraise_interrupt

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mlmagic.models.kinds import FittedModel
    from mlmagic.store.query.direction import Direction

Which = Literal["best", "all", "none"]
"""Whose models a sweep records: those of the best trial, of all trials, or of none."""


@dataclass(frozen=True)
class Threshold:
    """The *value* of the best point so far. A point that *came_before* the best one only needs to equal it."""

    metric: str
    goal: Direction
    value: float
    came_before: bool = False

    def is_reached(self, value: float) -> bool:
        """Return whether a trial with this value may be the best.

        >>> bar = Threshold("loss", "min", 0.5)
        >>> bar.is_reached(0.4), bar.is_reached(0.5), bar.is_reached(0.6)
        (True, False, False)
        """
        if self.came_before and math.isclose(value, self.value):
            return True
        return value < self.value if self.goal == "min" else value > self.value


def are_wanted(which: Which, metric: str | None, bar: Threshold | None, metrics: Mapping[str, float]) -> bool:
    """Return whether to send the models of a trial with these *metrics*; *metric* is the one that the user named."""
    if which != "best":
        return which == "all"
    judged = bar.metric if bar else metric or next((name for name in metrics if direction_of(name)), "")
    value = metrics.get(judged, math.nan)
    return math.isfinite(value) and (bar is None or bar.is_reached(value))


@dataclass(frozen=True)
class SentModel:
    """A model's files by path, in MLflow's layout, or the *problem* for which there are none.

    ``parameters`` and ``features`` are texts of the user that its files may contain, to be checked for secrets.
    """

    name: str
    kind: str
    format: str = ""
    size: int = 0
    files: dict[str, bytes] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    parameters: Any = None
    features: tuple[str, ...] = ()
    problem: str = ""


def sent(found: Sequence[FittedModel], examples: tuple[Any, ...], limit_mb: float) -> list[SentModel]:
    """Return the models as files of at most *limit_mb* together; a model that fails gets a problem instead."""
    models: list[SentModel] = []
    for one in found:
        left = limit_mb - sum(model.size for model in models) / 1e6
        try:
            models.append(_sent(one, examples, left))
        except BaseException as error:  # noqa: BLE001  # a user's model may raise anything
            reraise_interrupt(error)
            models.append(SentModel(one.name, type(one.model).__name__, problem=one_line(error)))
    return models


def _sent(found: FittedModel, examples: tuple[Any, ...], limit_mb: float) -> SentModel:
    from mlmagic.models.capture import save
    from mlmagic.models.parameters import all_parameters
    from mlmagic.models.saving.save import Skipped

    kind = type(found.model).__name__
    with tempfile.TemporaryDirectory(prefix="mlmagic-model-") as place:
        folder = Path(place) / "model"
        saved = save(found.model, found.name, folder, examples, limit_mb)
        if isinstance(saved, Skipped):
            return SentModel(found.name, kind, problem=saved.reason)
        paths = sorted(path for path in folder.rglob("*") if path.is_file())
        files = {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}
    names = getattr(found.model, "feature_names_in_", ())
    features = tuple(name for name in names if isinstance(name, str))
    parameters = all_parameters(found.model)
    return SentModel(saved.name, kind, saved.format, saved.size, files, saved.notes, parameters, features)
