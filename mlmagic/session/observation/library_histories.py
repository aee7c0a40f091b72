"""The histories of a cell's trainings, as curves: what Keras and boosting return, and what Lightning logged."""

from __future__ import annotations

import weakref
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from mlmagic.adapters import boosting, keras, lightning
from mlmagic.user_objects import Skips

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlmagic.session.observation.sites import Site


@dataclass
class HistoryCurve:
    """The values of one metric, in order, and the step of each."""

    values: list[float] = field(default_factory=list)
    steps: list[int] = field(default_factory=list)

    def add(self, value: float, step: int) -> None:
        """Add one more value; if an earlier training has reached its step already, the count continues from there."""
        self.values.append(value)
        self.steps.append(step if not self.steps or step > self.steps[-1] else self.steps[-1] + 1)


@dataclass
class History:
    """The curves of the trainings at one place in the cell, and the name of the variable that holds them, if any."""

    name: str | None
    curves: dict[str, HistoryCurve] = field(default_factory=dict)

    def add(self, key: str, value: float, step: int) -> None:
        """Add one value of a metric."""
        self.curves.setdefault(key, HistoryCurve()).add(value, step)


class Histories:
    """Collects histories while the cell runs, as plain numbers, so that no model is kept alive."""

    def __init__(self, skips: Skips | None = None) -> None:
        self._skips = skips or Skips()
        self._found: dict[object, History] = {}
        self._taken: list[dict[str, list[float]]] = []
        # What was seen of each trainer: the number of rows, and its last values.
        self._seen: weakref.WeakKeyDictionary[Any, tuple[int, dict[str, float]]] = weakref.WeakKeyDictionary()
        self._places: weakref.WeakKeyDictionary[Any, object] = weakref.WeakKeyDictionary()

    def begin(self, read: Mapping[str, Any]) -> None:
        """Note what the histories and trainers that the cell reads hold before it: that is not the cell's."""
        for name, value in read.items():
            self._skips.read(name, value, self._note, default=None)

    def _note(self, value: Any) -> None:
        if curves := _curves_of(value):
            self._taken.append(curves)
        if lightning.is_trainer(value):
            self._seen[value] = (len(lightning.logged_rows(value)), lightning.last_values(value))

    def fitted(self, site: Site, result: Any) -> None:
        """Note what the call of a `fit` method at *site* has measured, if it belongs to one of these libraries."""
        if lightning.is_trainer(site.callee):
            self._take_trainer(site.callee, id(site), None)
        else:
            self._take_curves(result, id(site), site.bound)

    def end(self, named: Mapping[str, Any]) -> list[History]:
        """Read these objects, by their names, after the cell has ended, and return all histories, in order."""
        for name, value in named.items():
            self._skips.read(name, value, partial(self._take, name), default=None)
        return list(self._found.values())

    def _take(self, name: str, value: Any) -> None:
        if lightning.is_trainer(value):
            self._take_trainer(value, name, name)
        else:
            self._take_curves(value, name, name)

    def _take_curves(self, thing: Any, place: object, name: str | None) -> None:
        curves = _curves_of(thing)
        if not curves or curves in self._taken:
            return
        self._taken.append(curves)
        history = self._found.setdefault(place, History(name))
        for key, values in curves.items():
            for step, value in enumerate(values):
                history.add(key, float(value), step)

    def _take_trainer(self, trainer: Any, place: object, name: str | None) -> None:
        known, before = self._seen.get(trainer, (0, {}))
        rows, last = lightning.logged_rows(trainer), lightning.last_values(trainer)
        self._seen[trainer] = (len(rows), last)
        new = [(key, value, step) for step, values in rows[known:] for key, value in values.items()]
        logged = {key for _, values in rows for key in values}
        # Without a readable logger, only the last value of each metric is known.
        new += [
            (key, value, 0)
            for key, value in last.items()
            if before.get(key) != value and not {key, f"{key}_epoch", f"{key}_step"} & logged
        ]
        if not new:
            return
        history = self._found.setdefault(self._places.setdefault(trainer, place), History(name))
        for key, value, step in new:
            history.add(key, value, step)


def _curves_of(thing: Any) -> dict[str, list[float]]:
    return keras.curves_of(thing) or boosting.curves_of(thing)
