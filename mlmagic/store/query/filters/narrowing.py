"""What MLflow's store is asked, so that it returns fewer runs than there are: its answer holds every run that passes.

It may hold others: databases differ in how they compare letters, older MLflow takes NaN for 0. The tests decide.
"""

from __future__ import annotations

import math
import re
import sys
from typing import TYPE_CHECKING

from mlmagic.store.query.filters.matching import COMPARE, is_number, number_for
from mlmagic.store.query.filters.values import number_or_none

if TYPE_CHECKING:
    from mlmagic.store.query.filters.names import Located
    from mlmagic.store.query.filters.tree import Condition, Value

_INT64 = 2**63
_LONGEST = 500
_KEY = re.compile(r"[\w\-./: ]+")
_EXACT = re.compile(r"[^\\\x00-\x1f\x7f\ud800-\udfff]+")
_LEFT_OPEN = re.compile(r"[^a-zA-Z0-9 .:/-]+")
"""What a pattern leaves open, since databases differ in letters beyond ASCII."""
_LETTERS_OF_MORE = re.compile("[kKiI]")
"""Letters that others become in lower case to Python only: the sign of Kelvin, and a capital I with a dot."""


def asked_of_store(condition: Condition, located: Located) -> str | None:
    """Return a condition in MLflow's syntax that each run meets that meets *condition*, None if there is none."""
    if located.entity == "data" or not _KEY.fullmatch(located.key) or condition.operator.startswith("is "):
        return None
    name = f"{located.entity}s.{located.key}"
    if located.entity in {"metric", "param", "tag"}:
        name = f"{located.entity}s.`{located.key}`"
    if is_number(located):
        return _of_number(condition, located, name)
    if condition.operator in {"in", "not in"}:
        return None
    value = condition.value
    if (located.entity, located.key) == ("attribute", "status") and condition.operator in {"=", "!="}:
        return f"{name} {condition.operator} '{value.text.upper()}'"
    return _of_text(condition.operator, value, name)


def _of_number(condition: Condition, located: Located, name: str) -> str | None:
    sign = condition.operator
    if sign not in COMPARE or (located.entity == "attribute" and located.key == "duration"):
        return None
    limit = number_for(condition.value.text, located)
    if located.entity == "attribute":
        return f"{name} {sign} {int(limit)}" if limit.is_integer() and abs(limit) < _INT64 else None
    if not math.isfinite(limit) or abs(limit) >= sys.float_info.max or (sign == "!=" and limit == 0):
        return None
    return f"{name} {sign} {limit!r}".replace("e+", "e")


def _of_text(sign: str, value: Value, name: str) -> str | None:
    if len(value.text) > _LONGEST:
        return None
    if sign in {"=", "!="} and value.quoted:
        quoted = _quoted(value.text)
        is_left_out = sign == "!=" and name == "attributes.run_name"  # the store leaves out runs without a name
        return f"{name} {sign} {quoted}" if quoted and not is_left_out else None
    if sign not in {"=", "~", "like", "ilike"} or (sign == "=" and number_or_none(value.text) is not None):
        return None
    pattern = _LEFT_OPEN.sub("%", f"%{value.text}%" if sign == "~" else value.text)
    has_lines = not name.startswith("attributes.")
    if pattern in {"", "%"} or ("%" in pattern and has_lines):  # a store of files lets % stand for one line only
        return None
    if sign == "like":
        return f"{name} LIKE '{pattern}'"
    return f"{name} ILIKE '{_LETTERS_OF_MORE.sub('_', pattern)}'"


def _quoted(text: str) -> str | None:
    r"""Return *text* in quotes that MLflow's parser, which knows no escape, reads back; None if none do.

    >>> print(_quoted("adam"), _quoted("it's"), _quoted("'no' or \"yes\""))
    'adam' "it's" None
    """
    if not _EXACT.fullmatch(text) or ("'" in text and '"' in text):
        return None
    return f'"{text}"' if "'" in text else f"'{text}'"
