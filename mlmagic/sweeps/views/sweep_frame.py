"""The frame that a sweep returns. It needs pandas: import this module inside functions only."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import pandas as pd  # noqa: TID253  # a subclass needs its base; nothing imports this module before it is used

from mlmagic.sweeps.views.sweep_view import results_html
from mlmagic.visible import visible

if TYPE_CHECKING:
    from collections.abc import Callable

    from omegaconf import DictConfig

    from mlmagic.sweeps.results import Results


class SweepFrame(pd.DataFrame):
    """A DataFrame with one row per trial, which a notebook shows as the best points with a picture.

    Frames computed from it are plain DataFrames.
    """

    _internal_names = [*pd.DataFrame._internal_names, "_results", "_picture", "_composed"]  # type: ignore[attr-defined]  # noqa: RUF012  # pandas' way to add attributes that are not columns
    _internal_names_set = set(_internal_names)  # noqa: RUF012
    _results: Results
    _picture: bytes | None
    _composed: Callable[[dict[str, Any]], DictConfig] | None

    @classmethod
    def of(
        cls, results: Results, picture: bytes | None, composed: Callable[[dict[str, Any]], DictConfig] | None
    ) -> SweepFrame:
        """Return the frame of *results*; *composed* composes the config of a point, or is None if none was swept."""
        made = cls(results.to_dataframe())
        made._results, made._picture, made._composed = results, picture, composed
        return made

    @property
    def _constructor(self) -> type[pd.DataFrame]:
        return pd.DataFrame

    @property
    def best(self) -> dict[str, Any] | None:
        """The point with the best mean of the metric, or None if no trial has the metric."""
        found = self._results.best
        return dict(found) if found is not None else None

    @property
    def best_config(self) -> DictConfig | None:
        """The config of the best point, composed again, or None if no config was swept."""
        point = self.best
        return self._composed(point) if point is not None and self._composed is not None else None

    @property
    def points(self) -> pd.DataFrame:
        """One row per point, best first: the swept values, and the metric's ``.mean``, ``.error`` and ``.count``.

        The error is the standard error of the mean, NaN for one trial. Points without a value are left out.
        """
        return self._results.points()

    @property
    def metric(self) -> str | None:
        """The metric by which the trials are compared."""
        return self._results.metric

    def __repr__(self) -> str:
        return visible(super().__repr__())

    def _repr_html_(self) -> str:
        return results_html(self._results, self._picture)

    def __reduce_ex__(self, _protocol: Any) -> str | tuple[Any, ...]:
        """Pickle as a plain DataFrame, which can be loaded without mlmagic."""
        return copy.copy, (pd.DataFrame(self),)
