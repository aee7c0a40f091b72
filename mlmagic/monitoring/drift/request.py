"""What is asked of a comparison, checked before anything is read."""

from __future__ import annotations

import typing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mlmagic.arguments import described
from mlmagic.errors import UsageProblem
from mlmagic.monitoring.drift.statistics.correction import Correction
from mlmagic.suggestions import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Sequence

_MOST_NAMED = 8


@dataclass(frozen=True, eq=False)
class DriftRequest:
    """Two samples to compare, with the options of `mlmagic.drift`, as it explains them."""

    reference: Any
    current: Any
    names: tuple[str, str] = ("reference", "current")
    columns: Sequence[str] | None = None
    alpha: float = 0.05
    correction: Correction = "bh"
    min_effect: float = 0.05
    target: Any = None
    by: str | None = None
    model: Any = None
    multivariate: bool = True
    budget: str | None = None
    checks: str | float = "daily"


def check_request(request: DriftRequest) -> None:
    """Check the options.

    Raises
    ------
    UsageProblem
        If one is invalid.
    """
    if not _is_number(request.alpha) or not 0 < request.alpha < 1:
        raise UsageProblem(f"alpha is a number between 0 and 1, such as 0.05, not {described(request.alpha)}")
    if not _is_number(request.min_effect) or not 0 <= request.min_effect <= 1:
        raise UsageProblem(f"min_effect is a distance from 0 to 1, such as 0.05, not {described(request.min_effect)}")
    valid = typing.get_args(Correction)
    if request.correction not in valid:
        hint = did_you_mean(str(request.correction), valid)
        raise UsageProblem(f"correction is {', '.join(valid)}, not {described(request.correction)}.{hint}")
    if request.budget is not None and request.by is not None:
        raise UsageProblem(
            "budget and by exclude each other, since the budget is that of one comparison of all rows: leave one "
            "out, or compare the rows of each group in a call of its own"
        )
    if request.by is not None and not isinstance(request.by, str):
        raise UsageProblem(f"by is the name of a column, not {described(request.by)}")
    if isinstance(request.columns, str) or (
        request.columns is not None and not all(isinstance(one, str) for one in request.columns)
    ):
        raise UsageProblem(f"columns is a list of names, not {described(request.columns)}: columns=['age', 'income']")
    if request.columns is not None and not len(request.columns) and request.target is None:
        raise UsageProblem("columns is an empty list: nothing would be compared; without it, all columns are")
    if request.model is not None and not callable(getattr(request.model, "predict", request.model)):
        raise UsageProblem(f"model is a fitted model with predict, not {described(request.model)}")


def require_columns(option: str, wanted: Sequence[str], valid: Sequence[str], table: str) -> None:
    """Require that a table has columns of these names.

    Raises
    ------
    UsageProblem
        If it has not.
    """
    for name in wanted:
        if name not in valid:
            listed = ", ".join(valid[:_MOST_NAMED]) + (", …" if len(valid) > _MOST_NAMED else "")
            raise UsageProblem(
                f"{option}: {table} has no column {name!r}.{did_you_mean(name, valid)} It has {listed or 'none'}."
            )


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
