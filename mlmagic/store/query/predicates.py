"""Compare with one condition of a filter: a metric, an attribute of the run, or text.

Each function returns MLflow's syntax if the store can evaluate the condition, else a test of a run that the store
returned. *here* requests a test in any case.
"""

from __future__ import annotations

import datetime as dt
import math
import operator
import re
from dataclasses import replace
from typing import TYPE_CHECKING

from mlmagic.errors import UsageProblem, did_you_mean
from mlmagic.store.query.durations import duration_s
from mlmagic.store.query.filters import EXAMPLE, number_or_none

if TYPE_CHECKING:
    from collections.abc import Callable

    from mlflow.entities import Run

    from mlmagic.store.query.filters import Condition

STATUSES = ("RUNNING", "SCHEDULED", "FINISHED", "FAILED", "KILLED")
_COMPARE: dict[str, Callable[[float, float], bool]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_WORDS_AS_VALUES = {"true", "false", "none", "null"}


def with_metric(condition: Condition, key: str, *, here: bool = False) -> str | Callable[[Run], bool]:
    """Compare the last value of a metric; MLflow's syntax does not have NaN and infinity."""
    if condition.operator not in _COMPARE:
        raise UsageProblem(
            f"{key!r} is a metric: compare it by {', '.join(_COMPARE)}, not {condition.operator!r}. {EXAMPLE}"
        )
    number = number_or_none(condition.value)
    if number is None:
        raise UsageProblem(f"{key!r} is a metric: compare it with a number, not {condition.value!r}. {EXAMPLE}")
    if math.isfinite(number) and not here:
        return f"metrics.`{key}` {condition.operator} {number!r}"
    return lambda run: _compared(run.data.metrics.get(key), condition.operator, number)


def with_attribute(condition: Condition, key: str, *, here: bool = False) -> str | Callable[[Run], bool]:
    """Compare an attribute that every run has: its name, status or times."""
    if key == "duration":
        return _with_duration(condition)
    if key in {"start_time", "end_time"}:
        limit = _milliseconds(condition)
        if here:
            return lambda run: _compared(getattr(run.info, key), condition.operator, limit)
        return f"attributes.{key} {condition.operator} {limit}"
    if key == "status":
        condition = _with_valid_status(condition)
    return with_text(
        replace(condition, quoted=True), f"attributes.{key}", lambda run: getattr(run.info, key), here=here
    )


def _with_duration(condition: Condition) -> Callable[[Run], bool]:
    limit = number_or_none(condition.value)
    if limit is None or condition.operator not in _COMPARE:
        raise UsageProblem(
            f"The duration is compared with a number of seconds, by {', '.join(_COMPARE)}, "
            f"not {condition.value!r}. For example: duration > 60"
        )
    return lambda run: _compared(duration_s(run), condition.operator, limit)


def _milliseconds(condition: Condition) -> int:
    number = number_or_none(condition.value)  # MLflow's own form: milliseconds since 1970
    if number is not None and math.isfinite(number) and condition.operator in _COMPARE:
        return int(number)
    try:
        moment = dt.datetime.fromisoformat(condition.value)  # without an offset it is local time
    except ValueError:
        moment = None
    if moment is None or condition.operator not in _COMPARE:
        raise UsageProblem(
            f"{condition.key!r} is compared with a date, by {', '.join(_COMPARE)}, not {condition.value!r}. "
            f"For example: {condition.key} > 2026-01-31 14:00"
        )
    return int(moment.timestamp() * 1000)


def _with_valid_status(condition: Condition) -> Condition:
    value, choices = condition.value.upper(), tuple(choice.upper() for choice in condition.choices)
    for status in choices or (value,):
        if status not in STATUSES and "like" not in condition.operator:
            raise UsageProblem(
                f"{status!r} is not a status.{did_you_mean(status, STATUSES)} "
                f"There are {', '.join(STATUSES)}. For example: status = FAILED"
            )
    return replace(condition, value=value, choices=choices)


def with_text(
    condition: Condition, name: str, get: Callable[[Run], str | None], *, here: bool = False
) -> str | Callable[[Run], bool]:
    """Compare text; an unquoted number is compared by value, so that ``lr = 0.10`` finds the param ``"0.1"``."""
    value, sign, choices = condition.value, condition.operator, condition.choices
    if choices:
        return _test(get, lambda text: (text in choices) == (sign == "in"))
    number = None if condition.quoted else number_or_none(value)
    if number is not None and sign in _COMPARE:
        return _test(get, lambda text: _number_compared(text, sign, number))
    if sign in {"<", "<=", ">", ">="}:
        raise UsageProblem(f"{condition.key!r} is text: {sign} compares it with a number, not {value!r}. {EXAMPLE}")
    if not condition.quoted and value.lower() in _WORDS_AS_VALUES and sign in {"=", "!="}:
        return _test(get, lambda text: (text.lower() == value.lower()) == (sign == "="))
    quoted = quote(value)
    if quoted is not None and not here:
        return f"{name} {sign.upper()} {quoted}"
    if sign in {"=", "!="}:
        return _test(get, lambda text: (text == value) == (sign == "="))
    wanted = "".join({"%": ".*", "_": "."}.get(mark, re.escape(mark)) for mark in value)
    pattern = re.compile(wanted, re.DOTALL | (re.IGNORECASE if sign == "ilike" else re.NOFLAG))
    return _test(get, lambda text: pattern.fullmatch(text) is not None)


def quote(value: str) -> str | None:
    r"""Return *value* in quotes for MLflow's parser, which has no escapes; None if no quotes work.

    >>> print(quote("adam"), quote("it's"), quote("'no' or \"yes\""))
    'adam' "it's" None
    """
    if "\\" in value or ("'" in value and '"' in value):
        return None
    return f'"{value}"' if "'" in value else f"'{value}'"


def _test(get: Callable[[Run], str | None], holds: Callable[[str], bool]) -> Callable[[Run], bool]:
    """Return a test that a run without this text fails, as in MLflow."""

    def test(run: Run) -> bool:
        text = get(run)
        return text is not None and holds(text)

    return test


def _number_compared(text: str, sign: str, number: float) -> bool:
    value = number_or_none(text)
    return sign == "!=" if value is None else _compared(value, sign, number)


def _compared(value: float | None, sign: str, limit: float) -> bool:
    if value is None:
        return False
    if math.isnan(limit) and sign in {"=", "!="}:
        return math.isnan(value) == (sign == "=")
    return _COMPARE[sign](value, limit)
