"""What was observed of one place in a cell: the numbers that it measured or bound, and the models that it fitted."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from mlmagic.remembered import GONE, Remembered

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlmagic.session.observation.sites import Site

MOST_VALUES = 10_000
"""The number of values that are taken of one place: a loop may run it a million times."""


@dataclass
class Measurement:
    """What one site measured: the suggested key, the numbers of each result, and the site.

    ``is_unpacked`` means that the parts of each result have the names that the cell binds them to. ``folds`` has the
    scores of each fold, for each result of a cross-validation, and ``divisions`` how it divided the rows (None if that
    is unknown).
    """

    site: Site
    name: str
    values: list[dict[str, Any]] = field(default_factory=list)
    folds: list[dict[str, list[float]]] = field(default_factory=list)
    divisions: list[Any] = field(default_factory=list)
    is_unpacked: bool = False
    is_cut: bool = False

    def add(self, numbers: dict[str, Any]) -> None:
        """Add the numbers of one more result; of very many results, the first ones and the last one are kept."""
        if len(self.values) < MOST_VALUES:
            self.values.append(numbers)
        else:
            self.values[-1] = numbers
            self.is_cut = True


@dataclass
class Series:
    """The numbers that a name was bound to, or that were put into a list or an item of a dict, in order.

    ``turn`` is the turn of the loop in which the last value was added, None if turns are not counted.
    """

    values: list[Any] = field(default_factory=list)
    looped: bool = False
    is_cut: bool = False
    turn: int | None = None

    def add(self, value: Any, *, looped: bool, turn: int | None = None) -> None:
        """Add one more value. Outside of loops only the last one counts, and in a loop the last one of each turn."""
        is_again = turn is not None and turn == self.turn and bool(self.values)
        self.turn = turn
        if is_again:
            self.values[-1] = value
            return
        if not looped and not self.looped:
            self.values.clear()
        self.looped |= looped
        if len(self.values) < MOST_VALUES:
            self.values.append(value)
        else:
            self.values[-1] = value
            self.is_cut = True


@dataclass(frozen=True)
class Fitted:
    """A model that a call fitted, or of which it fitted clones, and the parameters that its training function got.

    A model without a name is kept until the cell has ended, because it is the run's result.
    """

    site: Site
    kept: Any
    reference: Remembered
    parameters: Mapping[str, Any]

    @property
    def model(self) -> Any:
        """The model, or None if it is gone."""
        found = self.reference.value()
        return found if found is not GONE else self.kept
