"""Checks before anything is written that a model is within the size limit and can be pickled."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlmagic.models.saving.pickle_check import PickleSurvey, TooLargeError, culprit, kept_by_value, survey
from mlmagic.models.saving.saved import CannotLogError, first_line
from mlmagic.user_objects import reraise_interrupt

if TYPE_CHECKING:
    from collections.abc import Callable


def weigh(model: Any, limit: float, reduce: Callable[[Any], Any] | None = None) -> PickleSurvey:
    """Return the survey of *model*, with the code of its local modules if that can be pickled.

    *reduce* is passed to `survey`.

    Raises
    ------
    CannotLogError
        If the model is larger than *limit* bytes, or a part of it cannot be pickled. The message names the part.
    """
    found = _surveyed(model, limit, reduce)
    if not found.local_modules:
        return found
    # With the code of its local modules the model loads anywhere; without it, only where these modules can be imported.
    try:
        with kept_by_value(found.local_modules):
            return _surveyed(model, limit, reduce)
    except CannotLogError:
        found.local_modules.clear()
        return found


def _surveyed(model: Any, limit: float, reduce: Callable[[Any], Any] | None) -> PickleSurvey:
    try:
        return survey(model, limit=limit, reduce=reduce)
    except TooLargeError:
        raise CannotLogError(f"it is larger than the limit of {limit / 1e6:g} MB") from None
    except BaseException as error:
        reraise_interrupt(error)
        part = culprit(model)
        where = f"{part} cannot be pickled" if part else "it cannot be pickled"
        raise CannotLogError(f"{where}: {first_line(error)}") from error
