"""The frame that ``%runs`` returns. It needs pandas: import this module inside functions only."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import pandas as pd  # noqa: TID253  # a subclass needs its base; nothing imports this module before it is used

from mlmagic.comparison.pages.aliases import aliases_by_run
from mlmagic.store.query import run_list
from mlmagic.store.query.frames import ATTRS
from mlmagic.views.tables.runs_table import table_html, table_text

if TYPE_CHECKING:
    from mlmagic.store.query.run_list import RunsRequest

_ALIASES_S = 2.0
"""So long a registry may take to answer: a table of runs does not wait for it any longer."""


class RunsFrame(pd.DataFrame):
    """A DataFrame of runs that a notebook shows as a table of runs; frames computed from it are plain DataFrames."""

    @property
    def _constructor(self) -> type[pd.DataFrame]:
        return pd.DataFrame

    def __repr__(self) -> str:
        """Return the table as text for the terminal, followed by a line for each run with an invalid value."""
        return table_text(self)

    def _repr_html_(self) -> str:
        return table_html(self)

    def __reduce_ex__(self, _protocol: Any) -> str | tuple[Any, ...]:
        """Pickle as a plain DataFrame, which can be loaded without mlmagic."""
        return copy.copy, (self.copy(deep=False),)


def runs_frame(request: RunsRequest) -> RunsFrame:
    """Return runs as a DataFrame that a notebook shows as a table, with the aliases of registered models.

    See :func:`mlmagic.store.query.run_list.runs`.
    """
    found = run_list.runs(request)
    frame = RunsFrame(found)
    frame.attrs = found.attrs
    if len(frame):
        frame.attrs[ATTRS]["aliases"] = aliases_by_run(timeout_s=_ALIASES_S)
    return frame
