"""What a model makes of both samples: its predictions, and how much these depend on each column."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mlmagic.adapters import autologging
from mlmagic.errors import UsageProblem
from mlmagic.evaluation.outcomes.test_data import fitted_names, for_model
from mlmagic.snapshot.randomness.generators import untouched
from mlmagic.user_objects import one_line, reraise_interrupt

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mlmagic.monitoring.drift.sources.tables import Table

_ROWS = 1000
_SEED = 20_160_229
_TWO = 2


@dataclass(frozen=True, eq=False)
class Predictor:
    """A model; ``predict`` returns a number or a class for each row."""

    model: Any

    def on(self, table: Table) -> NDArray[Any]:
        """Return the predictions for a table: of two classes, the probability of the second.

        Raises
        ------
        UsageProblem
            If the model raises, or columns are missing.
        """
        return self._predict(self._data(table), table.name)

    def importance(self, table: Table) -> dict[str, float]:
        """Return how much the predictions change if a column is shuffled, from 0 to 1 for the most important one.

        It needs no targets. At most 1,000 rows are looked at, drawn with a fixed seed.
        """
        import numpy as np

        data = self._data(table)
        rng = np.random.default_rng(_SEED)
        rows = np.sort(rng.permutation(table.rows)[:_ROWS])
        data = data.iloc[rows] if hasattr(data, "iloc") else data[rows]
        before = self._predict(data, table.name)
        order = rng.permutation(len(rows))
        changes = {}
        for name in self._columns(data):
            after = self._predict(_shuffled(data, name, order), table.name)
            different = np.abs(after - before) if before.dtype.kind in "fiu" else (after != before).astype(float)
            changes[str(name)] = float(np.mean(different))
        largest = max(changes.values(), default=0.0)
        return {name: change / largest for name, change in changes.items()} if largest else {}

    def _data(self, table: Table) -> Any:
        return for_model(self.model, table.frame(fitted_names(self.model)), table.name, lambda _: None)

    def _columns(self, data: Any) -> list[Any]:
        return list(data.columns) if hasattr(data, "columns") else list(range(data.shape[1]))

    def _predict(self, data: Any, name: str) -> NDArray[Any]:
        import numpy as np

        function = getattr(self.model, "predict", self.model)
        try:
            with autologging.switched_off(), untouched(), warnings.catch_warnings():
                warnings.simplefilter("ignore")
                if len(getattr(self.model, "classes_", ())) == _TWO and hasattr(self.model, "predict_proba"):
                    return np.asarray(self.model.predict_proba(data))[:, 1]
                found = np.asarray(function(data))
        except BaseException as error:
            reraise_interrupt(error)
            raise UsageProblem(f"predicting on {name} raised {one_line(error)[:200]}") from error
        if found.ndim > 1 and found.shape[1] == 1:
            found = found.reshape(-1)
        if found.ndim != 1 or len(found) != len(data):
            shape = " x ".join(map(str, found.shape))
            raise UsageProblem(
                f"model: {shape} predictions for {len(data):,} rows of {name}: one for each row is needed"
            )
        return found


def _shuffled(data: Any, name: Any, order: NDArray[Any]) -> Any:
    """Return *data* with the values of one column in another order."""
    if hasattr(data, "iloc"):
        found = data.copy()
        found[name] = data[name].iloc[order].set_axis(data.index)
        return found
    if hasattr(data, "get_column"):  # polars
        return data.with_columns(data.get_column(name)[order])
    found = data.copy()
    found[:, name] = data[order, name]
    return found
