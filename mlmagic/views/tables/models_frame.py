"""The frame that ``%models`` returns. It needs pandas: import this module inside functions only."""

from __future__ import annotations

import copy
from typing import Any

import pandas as pd  # noqa: TID253  # a subclass needs its base; nothing imports this module before it is used

from mlmagic.registry.listing import history_frame, versions_frame
from mlmagic.views.tables.models_table import table_html, table_text


class ModelsFrame(pd.DataFrame):
    """A DataFrame of registered versions, or of a history, that a notebook shows as a table."""

    @property
    def _constructor(self) -> type[pd.DataFrame]:
        return pd.DataFrame

    def __repr__(self) -> str:
        """Return the table as text, followed by a line for each change that was not completed."""
        return table_text(self)

    def _repr_html_(self) -> str:
        return table_html(self)

    def __reduce_ex__(self, _protocol: Any) -> str | tuple[Any, ...]:
        """Pickle as a plain DataFrame, which can be loaded without mlmagic."""
        return copy.copy, (self.copy(deep=False),)


def models_frame(name: str | None, condition: str, *, n: int, history: bool = False) -> ModelsFrame:
    """Return the versions of a model, or of all, or the history of one, as a frame that shows as a table."""
    found = history_frame(name) if history and name is not None else versions_frame(name, condition, n)
    frame = ModelsFrame(found)
    frame.attrs = found.attrs
    return frame
