"""How a widget was left: filter, order, columns and selection come back when the same cell is run again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mlmagic.session.running_cells import running
from mlmagic.session_state import of_session

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Key = tuple[str, str, str]
_MOST = 200


@dataclass(frozen=True)
class LeftView:
    """The view and the selected runs of a widget."""

    view: Mapping[str, Any]
    selected: Sequence[str]


_left: dict[Key, LeftView] = of_session({})


def key_of(title: str) -> Key | None:
    """Return what identifies the widget *title* of the running cell; None outside of a cell.

    A cell is the same one if its id and its source are.
    """
    cell = running.current()
    return None if cell is None or not cell.source else (cell.id or "", cell.source, title)


def left(key: Key | None) -> LeftView | None:
    """Return how the widget was left when the cell was run before."""
    return None if key is None else _left.get(key)


def leave(key: Key, view: Mapping[str, Any], selected: Sequence[str]) -> None:
    """Note how a widget looks now; those that were left longest ago are forgotten."""
    _left.pop(key, None)
    _left[key] = LeftView(view, selected)
    while len(_left) > _MOST:
        del _left[next(iter(_left))]
