"""Whether a run passes a filter: each condition as a test, as ``comparison/web/src/table/filter/match.ts`` has it.

A comparison with a missing value does not hold, so ``not`` of it does.
"""

from __future__ import annotations

import math
import operator
from typing import TYPE_CHECKING, Any

from mlmagic.store.query.durations import duration_s
from mlmagic.store.query.filters.names import locate
from mlmagic.store.query.filters.problems import refused, short
from mlmagic.store.query.filters.tokens import is_plain
from mlmagic.store.query.filters.tree import And, Condition, Not, Or, Value
from mlmagic.store.query.filters.values import like, milliseconds_or_none, number_or_none, seconds_or_none
from mlmagic.store.query.infinities import number_as_logged
from mlmagic.store.query.light_runs import context_in
from mlmagic.store.query.shown_tags import telling_tags
from mlmagic.suggestions import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Callable

    from mlflow.entities import Run

    from mlmagic.store.query.filters.names import Entity, Keys, Located
    from mlmagic.store.query.filters.tree import Expression, Words

    Test = Callable[[Run], bool]

STATUSES = ("RUNNING", "SCHEDULED", "FINISHED", "FAILED", "KILLED")
COMPARE: dict[str, Callable[[float, float], bool]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_ORDERS = {"<", "<=", ">", ">="}
_OF_TEXT = "=, !=, ~, !~, like, in (…)"
_MOMENTS = {"start_time", "end_time"}
_SHORTEST_ID = 4


def test_of(expression: Expression, keys: Keys) -> Test:
    """Return a test of whether a run passes a filter.

    Raises
    ------
    UsageProblem
        When no run has a name, or an operator or a value does not fit what it names.
    """
    if isinstance(expression, And | Or):
        tests = [test_of(part, keys) for part in expression.parts]
        return _all(tests) if isinstance(expression, And) else _any(tests)
    if isinstance(expression, Not):
        return _not(test_of(expression.part, keys))
    return _of_condition(expression, keys) if isinstance(expression, Condition) else _of_words(expression, keys)


def value_of(run: Run, entity: Entity, key: str) -> Any:
    """Return a metric, param, tag, attribute or digest of *run*, None where it has none."""
    if entity == "metric":
        value = run.data.metrics.get(key)
        return None if value is None else number_as_logged(value)
    if entity == "attribute":
        if key == "run_name":
            return run.info.run_name or ""
        return duration_s(run) if key == "duration" else getattr(run.info, key)
    if entity == "data":
        found = (one.dataset.digest for one in _datasets(run) if one.dataset.name == key)
        return next(found, None)
    return (run.data.params if entity == "param" else run.data.tags).get(key)


def is_number(located: Located) -> bool:
    """Return whether values are compared as numbers: metrics, dates and durations."""
    return located.entity == "metric" or (located.entity == "attribute" and located.key in {"duration", *_MOMENTS})


def number_for(text: str, located: Located) -> float:
    """Return the number that a value reads as where it is compared with this metric, date or duration."""
    shown = short(text)
    if located.entity == "metric":
        number = number_or_none(text)
        refusal = f"'{short(located.label)}' is a metric: compare it with a number, not '{shown}'."
    elif located.key == "duration":
        number = seconds_or_none(text)
        refusal = f"A duration is compared with seconds, or 5 min, not '{shown}'."
    else:
        number = milliseconds_or_none(text)
        refusal = f"'{located.label}' is compared with a date, not '{shown}'."
    if number is None:
        raise refused(f"{refusal} {_example(located)}")
    return number


def _all(tests: list[Test]) -> Test:
    return lambda run: all(test(run) for test in tests)


def _any(tests: list[Test]) -> Test:
    return lambda run: any(test(run) for test in tests)


def _not(test: Test) -> Test:
    return lambda run: not test(run)


def _of_condition(condition: Condition, keys: Keys) -> Test:
    located = locate(condition, keys)
    entity, key = located.entity, located.key
    if condition.operator in {"is missing", "is not missing"}:
        is_wanted = condition.operator == "is not missing"
        if entity == "dataset":
            return lambda run: bool(_datasets(run)) == is_wanted
        return lambda run: (value_of(run, entity, key) is not None) == is_wanted
    fits: Callable[[Any], bool] = (_number_test if is_number(located) else _text_test)(condition, located)
    if entity == "dataset":
        return lambda run: any(fits(_property(one, key)) for one in _datasets(run))
    if entity in {"param", "tag"} and condition.operator in _ORDERS and keys.complete:
        values = [value_of(run, entity, key) for run in keys.runs]
        if not any(value is not None and number_or_none(value) is not None for value in values):
            raise refused(
                f"'{short(located.label)}' is not a number in any run: {condition.operator} compares numbers. "
                f"{_example(located)}"
            )
    return lambda run: (value := value_of(run, entity, key)) is not None and fits(value)


def _number_test(condition: Condition, located: Located) -> Callable[[float], bool]:
    sign = condition.operator
    if sign in {"in", "not in"}:
        numbers = {number_for(value.text, located) for value in condition.values}
        has_nan = any(map(math.isnan, numbers))
        return lambda value: (value in numbers or (has_nan and math.isnan(value))) == (sign == "in")
    if sign not in COMPARE:
        kind = "metric" if located.entity == "metric" else "duration" if located.key == "duration" else "date"
        label = short(located.label)
        raise refused(f"'{label}' is a {kind}: compare it by {', '.join(COMPARE)}, not {sign}. {_example(located)}")
    return _comparison(sign, number_for(condition.value.text, located))


def _comparison(sign: str, limit: float) -> Callable[[float], bool]:
    if math.isnan(limit) and sign in {"=", "!="}:
        return lambda value: math.isnan(value) == (sign == "=")
    compare = COMPARE[sign]
    return lambda value: compare(value, limit)


def _text_test(condition: Condition, located: Located) -> Callable[[str], bool]:
    """Return a test of a text. An unquoted number compares by value, so that ``lr = 0.10`` finds the param ``0.1``."""
    sign, values = condition.operator, condition.values
    if (located.entity, located.key) == ("attribute", "status") and sign in {"=", "!=", "in", "not in"}:
        values = tuple(map(_status, values))
    value = values[0]
    if sign in {"=", "!=", "in", "not in"}:
        equal = [_equal_to(value) for value in values]
        is_wanted = sign in {"=", "in"}
        return lambda text: any(test(text) for test in equal) == is_wanted
    if sign in {"~", "!~"}:
        part = value.text.lower()
        return lambda text: (part in text.lower()) == (sign == "~")
    if sign == "like":
        return like(value.text)
    if sign == "ilike":
        fits = like(value.text.lower())
        return lambda text: fits(text.lower())
    if located.entity not in {"param", "tag"}:
        raise refused(f"'{short(located.label)}' is text: compare it by {_OF_TEXT}, not {sign}. {_example(located)}")
    number = None if value.quoted else number_or_none(value.text)
    if number is None:
        raise refused(
            f"'{short(located.label)}' is text: {sign} compares it with a number, not '{short(value.text)}'. "
            f"{_example(located)}"
        )
    compare = _comparison(sign, number)
    return lambda text: (found := number_or_none(text)) is not None and compare(found)


def _equal_to(value: Value) -> Callable[[str], bool]:
    """Return a test for the text of a quoted value to the letter; for any other in any case, or for its number."""
    if value.quoted:
        return lambda text: text == value.text
    word, number = value.text.lower(), number_or_none(value.text)
    if number is None:
        return lambda text: text.lower() == word
    return lambda text: text.lower() == word or number_or_none(text) == number


def _status(value: Value) -> Value:
    if value.text.upper() not in STATUSES:
        raise refused(
            f"'{short(value.text)}' is not a status.{did_you_mean(value.text, STATUSES)} "
            f"There are {', '.join(STATUSES)}. For example: status = FAILED"
        )
    return Value(value.text.upper(), quoted=True)


def _of_words(words: Words, keys: Keys) -> Test:
    """Return a test for a word in a run's name, status, params, datasets and tags, or at the beginning of its id."""
    wanted = words.text.lower()
    is_id = len(wanted) >= _SHORTEST_ID

    def holds(run: Run) -> bool:
        texts = [run.info.run_name or "", run.info.status, *run.data.params.values()]
        texts += telling_tags(run.data.tags).values()
        texts += (one.dataset.digest for one in _datasets(run))
        return (is_id and run.info.run_id.startswith(wanted)) or any(wanted in text.lower() for text in texts)

    begun = next((one for one in keys.known if one.label.lower().startswith(wanted)), None)
    if begun and not words.quoted and keys.complete and not any(map(holds, keys.runs)):
        # The name of a metric on its way to a condition, not a search for a word that no run has.
        raise refused(
            f"No run has the word '{short(words.text)}'. For a condition an operator follows: {_condition(begun)}"
        )
    return holds


def _example(located: Located) -> str:
    return f"For example: {_condition(located)}"


def _condition(located: Located) -> str:
    label = short(located.label)
    compared = "= adam"
    if located.entity == "metric":
        compared = "< 0.2"
    elif located.entity == "attribute":
        compared = {"status": "= FAILED", "duration": "> 60"}.get(located.key, "= adam")
        compared = "> 2026-01-31" if located.key in _MOMENTS else compared
    return f"{label if is_plain(label) else f'`{label}`'} {compared}"


def _datasets(run: Run) -> Any:
    return run.inputs.dataset_inputs if run.inputs else ()


def _property(dataset_input: Any, key: str) -> str:
    """Return a dataset's name, digest or context."""
    if key == "context":
        return context_in(dataset_input)
    return str(getattr(dataset_input.dataset, key))
