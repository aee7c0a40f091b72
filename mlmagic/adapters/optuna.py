"""Optuna: which trials this process began, whatever study object or thread did. Never imports Optuna.

A storage does not tell: other processes write to it as well, and trials of earlier sessions are there too.
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
"""Some databases keep whole seconds only."""
_ATTRIBUTE = "_cached_frozen_trial"

_begun: dict[tuple[str, int], list[tuple[int, datetime]]] = {}
"""By the study's name and the trial's number: the place in the order of all trials, and the trial's start.

A study may be another one of the same name, in another storage. No study and no trial is kept alive.
"""
_order = itertools.count(1)


def watch_trials() -> Callable[[], None]:
    """Note each trial that this process begins, as soon as Optuna is imported; returns a function that ends that.

    A new ``Trial`` is seen as it gets its attribute, through a descriptor: so no frame stands in a traceback.
    """
    undo: list[Callable[[], None]] = []

    def begin(module: Any) -> None:
        trial = module.Trial
        setattr(trial, _ATTRIBUTE, _Seen())
        undo.append(lambda: delattr(trial, _ATTRIBUTE))

    cancel = when_imported("optuna.trial", begin)

    def stop() -> None:
        cancel()
        for one in undo:
            one()
        _begun.clear()

    return stop


def now() -> int:
    """Return a place in the order of trials, after all that were begun so far."""
    return next(_order)


def begun_here(study_name: str, trial: Any) -> int | None:
    """Return the place of *trial* in the order in which this process began trials, None if another one began it."""
    known = _begun.get((study_name, trial.number), ()) if trial.datetime_start is not None else ()
    return next((place for place, start in known if abs(start - trial.datetime_start) <= _ROUNDING), None)


class _Seen:
    """Stands on the class for the attribute that a trial gets once, when it begins; the instance holds the value."""

    def __set__(self, trial: Any, value: Any) -> None:
        vars(trial)[_ATTRIBUTE] = value
        _note(trial.study, value)


@guarded(default=None)
def _note(study: Any, trial: Any) -> None:
    _begun.setdefault((study.study_name, trial.number), []).append((next(_order), trial.datetime_start))
    while len(_begun) > _MOST:
        del _begun[next(iter(_begun))]
