"""The frame that ``%runs`` returns. It needs pandas: import this module inside functions only."""

from __future__ import annotations

import copy
from typing import Any

import pandas as pd  # noqa: TID253  # a subclass needs its base; nothing imports this module before it is used

from mlmagic.views.runs_table import table_html


class RunsFrame(pd.DataFrame):
    """A DataFrame of runs that a notebook shows as a table of runs; what is computed from it is a plain one."""

    @property
    def _constructor(self) -> type[pd.DataFrame]:
        return pd.DataFrame

    def _repr_html_(self) -> str:
        return table_html(self)

    def __reduce_ex__(self, _protocol: Any) -> str | tuple[Any, ...]:
        """Pickle as a plain DataFrame, which is read back where mlmagic is not installed."""
        return copy.copy, (self.copy(deep=False),)
