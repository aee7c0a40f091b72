"""Remembers which Optuna trials this process began, in any study object or thread. Never imports Optuna.

A storage does not record this: it also has the trials of other processes and of earlier sessions.
"""

from __future__ import annotations

import itertools
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from mlmagic.adapters.import_hooks import when_imported
from mlmagic.user_objects import guarded

if TYPE_CHECKING:
    from collections.abc import Callable

_MOST = 100_000
_ROUNDING = timedelta(seconds=1)
"""Some databases store whole seconds only."""
_ATTRIBUTE = "_cached_frozen_trial"

_begun: dict[tuple[str, int], list[tuple[int, datetime]]] = {}
"""Maps (study name, trial number) to (position in the order of all trials, start of the trial).

There may be several entries, because studies in different storages may share a name. No study or trial is kept alive.
"""
_order = itertools.count(1)


def watch_trials() -> Callable[[], None]:
    """Note each trial that this process begins, once Optuna is imported; return a function that stops this.

    A descriptor notices a new ``Trial`` when its attribute is set, which adds no frame to tracebacks.
    """
    undo: list[Callable[[], None]] = []

    def begin(module: Any) -> None:
        trial = module.Trial
        setattr(trial, _ATTRIBUTE, _SeenTrial())
        undo.append(lambda: delattr(trial, _ATTRIBUTE))

    cancel = when_imported("optuna.trial", begin)

    def stop() -> None:
        cancel()
        for one in undo:
            one()
        _begun.clear()

    return stop


def now() -> int:
    """Return a position in the order of trials, after all trials begun so far."""
    return next(_order)


def begun_here(study_name: str, trial: Any) -> int | None:
    """Return the position of *trial* in the order of this process's trials, or None if another process began it."""
    known = _begun.get((study_name, trial.number), ()) if trial.datetime_start is not None else ()
    return next((place for place, start in known if abs(start - trial.datetime_start) <= _ROUNDING), None)


class _SeenTrial:
    """A descriptor for an attribute that is set once, when a trial begins; the value is stored in the instance."""

    def __set__(self, trial: Any, value: Any) -> None:
        vars(trial)[_ATTRIBUTE] = value
        _note(trial.study, value)


@guarded(default=None)
def _note(study: Any, trial: Any) -> None:
    _begun.setdefault((study.study_name, trial.number), []).append((next(_order), trial.datetime_start))
    while len(_begun) > _MOST:
        del _begun[next(iter(_begun))]
