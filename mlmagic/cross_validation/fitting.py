"""Call scikit-learn's cross-validation, and tell in one line what failed in it."""

from __future__ import annotations

import re
import warnings
from typing import TYPE_CHECKING, Any

from mlmagic.errors import UsageProblem

if TYPE_CHECKING:
    from collections.abc import Callable

_FAILED = re.compile(r"All the \d+ fits failed|\d+ fits failed out of a total of \d+")
_ERROR = re.compile(r"^(\w*(?:Error|Exception)\w*: \S.*)$", re.MULTILINE)
_SCORING = "Scoring failed"
_HINTS = {
    "multi_class must be": "For more than two classes: scoring='roc_auc_ovr'",
    "average='binary'": "For more than two classes: scoring='f1_macro', 'precision_macro' and the like",
}
"""What to write, by a part of scikit-learn's message."""


def call(function: Callable[..., dict[str, Any]], model: Any, *data: Any, what: str, **options: Any) -> dict[str, Any]:
    """Return what *function*, scikit-learn's ``cross_validate``, returns; *what* is the called function, for messages.

    scikit-learn's warnings about fits and scores that failed, each a traceback, become one line each.

    Raises
    ------
    UsageProblem
        No fold could be fitted or scored.
    """
    failed: dict[str, None] = {}
    seen: dict[str, dict[Any, Any]] = {}
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            found = function(model, *data, **options)
        except (TypeError, ValueError) as error:
            how = f"{_name(model)} could not be fitted in any fold: " if _FAILED.search(str(error)) else ""
            raise UsageProblem(f"{what}: {how}{_reason(error)}") from error
    for one in caught:
        text = str(one.message)
        if text.startswith(_SCORING):
            failed[f"a score is missing (NaN): {_reason(one.message)}"] = None
        elif _FAILED.search(text):
            failed[f"a fit failed, and its scores are missing (NaN): {_reason(one.message)}"] = None
        else:
            shown = seen.setdefault(one.filename, {})
            warnings.warn_explicit(one.message, one.category, one.filename, one.lineno, registry=shown)
    if failed and all(_is_missing(values) for key, values in found.items() if key.startswith("test_")):
        raise UsageProblem(f"{what}: no fold has a score: {next(iter(failed)).partition(': ')[2]}")
    for line in failed:
        warnings.warn(f"{what}: {line}", stacklevel=3)
    return found


def _is_missing(values: Any) -> bool:
    return all(one != one for one in values)  # noqa: PLR0124  # NaN


def _reason(error: Warning | Exception | str) -> str:
    r"""Return the last error in scikit-learn's text, without its full stop.

    >>> _reason("All the 2 fits failed.\n  File ...\nValueError: Input X contains NaN.\nSee the documentation")
    'ValueError: Input X contains NaN'
    """
    found = _ERROR.findall(str(error))
    text = (found[-1] if found else str(error).strip().partition("\n")[0]).strip().rstrip(".")[:300]
    return text + next((f". {hint}" for mark, hint in _HINTS.items() if mark in text), "")


def _name(model: Any) -> str:
    return type(model).__name__
