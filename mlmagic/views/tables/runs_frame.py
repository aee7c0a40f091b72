"""The frame that ``%runs`` returns. It needs pandas: import this module inside functions only."""

from __future__ import annotations

import copy
from typing import Any

import pandas as pd  # noqa: TID253  # a subclass needs its base; nothing imports this module before it is used

from mlmagic.store.query import queries
from mlmagic.views.tables.runs_table import table_html, table_text


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


def runs_frame(
    filter: str = "",  # noqa: A002  # as in queries.runs
    *,
    experiment: str | None = None,
    n: int = 20,
    sort: str | None = None,
    archived: bool = False,
) -> RunsFrame:
    """Return the last runs as a DataFrame that a notebook shows as a table.

    See :func:`mlmagic.store.query.queries.runs`.
    """
    found = queries.runs(filter, experiment=experiment, n=n, sort=sort, archived=archived)
    frame = RunsFrame(found)
    frame.attrs = found.attrs
    return frame
