"""Stops training when a metric no longer improves."""

from __future__ import annotations

import ast
import copy
import math
import operator
import warnings
from typing import TYPE_CHECKING, Any, Literal, Protocol

from mlmagic.arguments import brief
from mlmagic.errors import NoActiveRunError, UsageProblem
from mlmagic.recording import open_runs, progress_loops
from mlmagic.scalars import as_number
from mlmagic.session.running_cells import running
from mlmagic.session.script import as_python
from mlmagic.suggestions import did_you_mean

if TYPE_CHECKING:
    from mlmagic.recording.progress_loops import Loop
    from mlmagic.recording.recorder import Recorder
    from mlmagic.recording.run_context import RunContext

_MODES = ("min", "max")


class Restorable(Protocol):
    """An object whose state can be saved and restored: a torch module, an optimizer, a scheduler."""

    def state_dict(self) -> Any: ...  # noqa: D102  # torch's own names

    def load_state_dict(self, state_dict: Any, /) -> Any: ...  # noqa: D102


class EarlyStopping:
    """Signals when a metric has not improved for *patience* epochs: ``if stopper(val_loss): break``.

    Within ``mlmagic.progress`` an epoch is the loop's step; otherwise epochs are counted from 0. In a tracked cell the
    metrics ``early_stopped`` (0 or 1), ``best_epoch``, ``best_value`` and, if it stopped, ``stopped_epoch`` are
    recorded at the end of the loop. The next outermost loop of ``mlmagic.progress`` resets the stopper, so a training
    cell can be run again.

    Parameters
    ----------
    patience
        The number of epochs in a row without improvement before stopping, at least 1.
    mode
        ``"min"`` for a loss, ``"max"`` for a score.
    min_delta
        The smallest change that counts as an improvement, in the metric's unit; 0 or more.
    model
        A model (anything with torch's ``state_dict``) whose best state is kept for ``restore_best``, as a copy on the
        same device.

    Attributes
    ----------
    best_value, best_epoch
        The best value so far and its epoch, or None before the first value.
    should_stop, stopped_epoch
        Whether to stop, and the epoch at which the stopper first said so.

    Raises
    ------
    UsageProblem
        If a parameter has an invalid value.

    Examples
    --------
    >>> stopper = EarlyStopping(patience=2)
    >>> [stopper(loss) for loss in (0.9, 0.5, 0.6, 0.5)]
    [False, False, False, True]
    >>> stopper
    EarlyStopping(patience=2, mode='min', min_delta=0.0): best 0.5 at epoch 1, stopped at epoch 3
    """

    def __init__(
        self,
        patience: int = 5,
        mode: Literal["min", "max"] = "min",
        min_delta: float = 0.0,
        *,
        model: Restorable | None = None,
    ) -> None:
        self.patience = _whole(patience)
        if not isinstance(mode, str) or mode not in _MODES:
            hint = did_you_mean(mode, _MODES) if isinstance(mode, str) else ""
            raise UsageProblem(
                f"EarlyStopping: mode is 'min' or 'max', got {brief(mode)}.{hint} "
                "A loss is to be small: 'min'. A score is to be large: 'max'."
            )
        delta = as_number(min_delta)
        if delta is None or not 0 <= delta < math.inf:
            raise UsageProblem(f"EarlyStopping: min_delta is a number from 0, got {brief(min_delta)}.")
        if model is not None and not (hasattr(model, "state_dict") and hasattr(model, "load_state_dict")):
            raise UsageProblem(
                f"EarlyStopping: model has torch's state_dict and load_state_dict, got {type(model).__name__}. "
                "Without model= no state is kept."
            )
        if model is None:
            _refuse_restoring_nothing()
        self.mode = mode
        self.min_delta = delta
        self._model = model
        self.reset()

    def reset(self) -> None:
        """Forget all values, for another training."""
        self.best_value: float | None = None
        self.best_epoch: int | None = None
        self.stopped_epoch: int | None = None
        self._state: Any = None
        self._updates = 0
        self._without = 0
        self._nan_told = False
        self._loop: Loop | None = None
        self._recorder: Recorder | None = None
        self._recorded: dict[str, float] = {}

    @property
    def should_stop(self) -> bool:
        """Whether the metric has not improved for *patience* epochs."""
        return self.stopped_epoch is not None

    def __call__(self, value: Any) -> bool:
        """Take the epoch's *value* of the metric and return whether to stop; the same as ``update``."""
        return self.update(value)

    def update(self, value: Any) -> bool:
        """Take the epoch's *value* of the metric and return whether to stop.

        Raises
        ------
        UsageProblem
            If *value* is not a single number.
        """
        number = as_number(value)
        if number is None:
            raise UsageProblem(f"EarlyStopping takes a number (a tensor of one element too), got {brief(value)}.")
        run = _active_run()
        loop = progress_loops.innermost(run.recorder if run is not None else None, here=True)
        self._start_anew(loop)
        epoch = self._updates if loop is None or loop.step is None else loop.step
        self._updates += 1
        if math.isnan(number):
            self._tell_nan(epoch, run)
        if self._is_better(number):
            self.best_value, self.best_epoch, self._without = number, epoch, 0
            if self._model is not None:
                self._state = copy.deepcopy(self._model.state_dict())
        else:
            self._without += 1
        if self._without >= self.patience and self.stopped_epoch is None:
            self.stopped_epoch = epoch
        if loop is not None:
            loop.best_step, loop.stopped = self.best_epoch, self.should_stop
        if run is not None:
            self._record_later(run.recorder, loop)
        return self.should_stop

    def _start_anew(self, loop: Loop | None) -> None:
        """Reset the stopper if the outermost loop is new; loops within the same outermost loop are one training."""
        while loop is not None and loop.outer is not None:
            loop = loop.outer
        if loop is not None and loop is not self._loop:
            if self._updates:
                self.reset()
            self._loop = loop

    def _is_better(self, value: float) -> bool:
        if math.isnan(value):
            return False
        if self.best_value is None:
            return True
        if self.mode == "min":
            return value < self.best_value - self.min_delta
        return value > self.best_value + self.min_delta

    def _tell_nan(self, epoch: int, run: RunContext | None) -> None:
        if self._nan_told:
            return
        self._nan_told = True
        text = f"EarlyStopping got nan at epoch {epoch}: nan counts as no improvement"
        if run is not None:
            run.notices.warn(text)
        else:
            warnings.warn(text, stacklevel=4)

    def _record_later(self, recorder: Recorder, loop: Loop | None) -> None:
        """Record the result when the loop ends; outside a loop, on stopping or when the run ends."""
        if recorder is not self._recorder:
            self._recorder, self._recorded = recorder, {}
        if loop is None and self.should_stop:
            self._record()
        for waiting in [recorder.at_end, *([loop.at_end] if loop is not None else [])]:
            if self._record not in waiting:
                waiting.append(self._record)

    def _record(self) -> None:
        found = {
            "early_stopped": int(self.should_stop),
            "best_epoch": self.best_epoch,
            "best_value": self.best_value,
            "stopped_epoch": self.stopped_epoch,
        }
        values = {name: float(value) for name, value in found.items() if value is not None}
        if self._recorder is None or values == self._recorded:
            return
        self._recorded = values
        for name, value in values.items():
            self._recorder.metric(name, value)

    def restore_best(self) -> None:
        """Restore the model's state of the best epoch.

        Raises
        ------
        UsageProblem
            If there is no saved state.
        """
        if self._model is None:
            raise UsageProblem("restore_best: no model was given. EarlyStopping(model=model) keeps its best state.")
        if self.best_value is None:
            raise UsageProblem("restore_best: no best state was kept yet, since no number was given to this stopper.")
        self._model.load_state_dict(self._state)

    def __repr__(self) -> str:
        best = "" if self.best_value is None else f": best {self.best_value:g} at epoch {self.best_epoch}"
        stopped = f", stopped at epoch {self.stopped_epoch}" if self.should_stop else ""
        return f"EarlyStopping(patience={self.patience}, mode={self.mode!r}, min_delta={self.min_delta}){best}{stopped}"


def _whole(patience: Any) -> int:
    try:
        number = 0 if isinstance(patience, bool) else operator.index(patience)
    except TypeError:
        number = 0
    if number < 1:
        raise UsageProblem(f"EarlyStopping: patience is a whole number from 1, got {brief(patience)}.")
    return number


def _active_run() -> RunContext | None:
    try:
        return open_runs.require_active("EarlyStopping")
    except NoActiveRunError:
        return None


def _refuse_restoring_nothing() -> None:
    """Raise, before the training, if the cell calls ``restore_best`` on a stopper without a model."""
    cell = running.current()
    name = restores_nothing(as_python(cell.source)) if cell is not None else None
    if name is not None:
        raise UsageProblem(
            f"EarlyStopping: this cell calls {name}.restore_best(), which needs the model: EarlyStopping(model=net) "
            "keeps its best state."
        )


def restores_nothing(code: str) -> str | None:
    r"""Return the name of a stopper that *code* creates without ``model`` but calls ``restore_best`` on, or None.

    >>> restores_nothing("s = EarlyStopping(patience=2)\ns.restore_best()")
    's'
    >>> restores_nothing("s = EarlyStopping(model=net)\ns.restore_best()")
    """
    if "restore_best" not in code:
        return None
    try:
        nodes = list(ast.walk(ast.parse(code)))
    except (SyntaxError, ValueError):
        return None
    made: dict[str, bool] = {}
    restored: list[str] = []
    for node in nodes:
        match node:
            case ast.Assign(
                targets=[ast.Name(id=name)],
                value=ast.Call(func=ast.Name(id=kind) | ast.Attribute(attr=kind), keywords=given),
            ):
                made[name] = kind == "EarlyStopping" and all(one.arg not in {"model", None} for one in given)
            case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr="restore_best")):
                restored.append(name)
    return next((name for name in restored if made.get(name)), None)
