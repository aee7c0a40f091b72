"""A model whose answers are recorded before they are returned; nothing about the record costs an answer."""

from __future__ import annotations

import logging
import threading
import time
from typing import TYPE_CHECKING, Any

from mlmagic.arguments import described
from mlmagic.errors import UsageProblem
from mlmagic.evaluation.outcomes.test_data import fitted_names
from mlmagic.monitoring.serving.batches import day_of
from mlmagic.monitoring.serving.rows import served_rows, texts_of
from mlmagic.monitoring.serving.sampling import counts, sampled
from mlmagic.user_objects import one_line, reraise_interrupt

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    import pyarrow as pa
    from numpy.typing import NDArray

    from mlmagic.monitoring.serving.batches import Batches

_log = logging.getLogger("mlmagic.serving")
_DAY_US = 86_400_000_000
_MOST_NOTES = 20


class RecordingModel:
    """Lets *model* predict, and adds what it is asked and answers to *batches*. All methods are thread-safe.

    ``sample`` is the share of the rows that is recorded, ``exclude`` names features that are not. ``notes`` has a line
    for each thing that could not be recorded; ``classes`` are those of the model, or None.
    """

    def __init__(self, model: Any, batches: Batches, *, sample: float, exclude: Collection[str]) -> None:
        self.model, self.batches = model, batches
        self._sample, self._exclude = sample, frozenset(exclude)
        self.classes = _classes_of(model)
        self._names = fitted_names(model)
        self._lock = threading.Lock()
        self.notes: list[str] = []

    def predict(self, data: Any, ids: Any, times: NDArray[Any] | None) -> Any:
        """Return what the model predicts for *data*; *times* are microseconds since 1970, now without them."""
        checked = _checked(data, ids, times)
        answer = getattr(self.model, "predict", self.model)(data)
        self._record(data, answer, None, checked, times)
        return answer

    def predict_proba(self, data: Any, ids: Any, times: NDArray[Any] | None) -> Any:
        """Return the probabilities that the model gives; the most probable class is recorded as its prediction.

        Raises
        ------
        UsageProblem
            If the model has no probabilities.
        """
        if not hasattr(self.model, "predict_proba"):
            raise UsageProblem(f"{described(self.model)} has no predict_proba: use predict")
        checked = _checked(data, ids, times)
        answer = self.model.predict_proba(data)
        self._record(data, None, answer, checked, times)
        return answer

    def rows_of(self, data: Any, ids: list[str] | None, times: NDArray[Any]) -> pa.RecordBatch:
        """Return rows as they are recorded, predicted by the model; recorded nowhere."""
        answer = getattr(self.model, "predict", self.model)(data)
        return self._rows(data, answer, self._probabilities(data), ids, times)

    def _record(
        self, data: Any, answer: Any, probabilities: Any, ids: list[str] | None, times: NDArray[Any] | None
    ) -> None:
        try:
            import numpy as np

            if probabilities is None:
                probabilities = self._probabilities(data)
            if answer is None:
                answer = np.asarray(self.classes)[np.asarray(probabilities).argmax(axis=1)]
            count = len(answer)
            if times is None:
                times = np.full(count, time.time_ns() // 1000)
            rows = self._rows(data, answer, probabilities, ids, np.broadcast_to(times, (count,)))
            for day, part in _by_day(rows, times):
                if self._sample >= 1:
                    self.batches.add("predictions", part, day)
                    continue
                kept = sampled(part, self._sample)
                self.batches.add("predictions", kept, day)
                self.batches.add("served", counts(part, kept.num_rows), day)
        except BaseException as error:  # noqa: BLE001  # the prediction is made: it is returned, whatever happens here
            reraise_interrupt(error)
            self.note(f"predictions are not recorded: {one_line(error)[:300]}")

    def _probabilities(self, data: Any) -> Any:
        if self.classes is None or not hasattr(self.model, "predict_proba"):
            return None
        try:
            return self.model.predict_proba(data)
        except Exception as error:  # noqa: BLE001  # the model's own code
            self.note(f"probabilities are not recorded: {one_line(error)[:300]}")
            return None

    def _rows(
        self, data: Any, answer: Any, probabilities: Any, ids: list[str] | None, times: NDArray[Any]
    ) -> pa.RecordBatch:
        import numpy as np

        predictions = np.asarray(answer)
        if predictions.ndim > 1 and predictions.shape[1] == 1:
            predictions = predictions.reshape(-1)
        proba = None
        if probabilities is not None and self.classes is not None:
            proba = np.asarray(probabilities)
            proba = proba if proba.shape == (len(predictions), len(self.classes)) else None
        return served_rows(
            data, predictions, proba, classes=self.classes or (), ids=ids, times=times, names=self._names,
            exclude=self._exclude, note=self.note,
        )  # fmt: skip

    def note(self, text: str) -> None:
        """Note and log something once."""
        with self._lock:
            if text in self.notes or len(self.notes) >= _MOST_NOTES:
                return
            self.notes.append(text)
        _log.warning("%s/%s: %s", self.batches.monitored.name, self.batches.monitored.version, text)


def _by_day(rows: pa.RecordBatch, times: Any) -> Iterator[tuple[str, pa.RecordBatch]]:
    """Yield rows day by day (UTC)."""
    import numpy as np
    import pyarrow as pa

    from mlmagic.monitoring.serving.columns import TIME

    if not rows.num_rows:
        return
    at = np.asarray(rows.column(TIME).cast(pa.int64())) if np.ndim(times) else np.asarray(times)[None]
    days = at // _DAY_US
    if (days == days[0]).all():
        yield day_of(int(at[0])), rows
        return
    for day in np.unique(days):
        yield day_of(int(day) * _DAY_US), rows.filter(pa.array(days == day))


def _checked(data: Any, ids: Any, times: NDArray[Any] | None) -> list[str] | None:
    """Return the ids as texts; there is one id and one moment for each row, or one moment for all."""
    import numpy as np

    if times is not None and np.ndim(times) and len(times) != _rows(data):
        raise UsageProblem(f"at: {len(times):,} moments for {_rows(data):,} rows: give one, or one for each")
    return None if ids is None else texts_of(ids, _rows(data))


def _rows(data: Any) -> int:
    shape = getattr(data, "shape", None)
    return int(shape[0]) if shape else len(data)


def _classes_of(model: Any) -> list[Any] | None:
    import numpy as np

    classes = getattr(model, "classes_", None)
    if classes is None or (isinstance(classes, list) and classes and np.ndim(classes[0])):
        return None
    values = np.asarray(classes)
    return values.tolist() if values.ndim == 1 else None
