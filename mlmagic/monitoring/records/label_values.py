"""Labels as the predictions are: True is 1 and 1.0, and ``"1"`` is 1 if the predictions are numbers."""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING, Any

from mlmagic.arguments import brief

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

_MOST_NAMED = 5
_WORDS = {"true": 1, "false": 0}


def as_predicted(
    labels: Sequence[Any] | NDArray[Any], predictions: NDArray[Any]
) -> tuple[NDArray[Any], NDArray[Any], str]:
    """Return labels of the same kind as the predictions, which of them are usable, and a note that names the others.

    *labels* are Python objects, None if a label is missing; or an array of numbers, if the predictions are numbers. A
    label that has no such form, such as a word where the predictions are numbers, is not usable.

    Examples
    --------
    >>> import numpy as np
    >>> found, is_usable, note = as_predicted([True, 1.0, "0", "oops"], np.array([1, 0, 1, 1]))
    >>> found.tolist(), is_usable.tolist(), note
    ([1, 1, 0, 0], [True, True, True, False], "1 label is left out, since the predictions are numbers: 'oops'")
    """
    import numpy as np

    kind = predictions.dtype.kind
    if isinstance(labels, np.ndarray):
        return _of_numbers(labels, kind)
    known: dict[tuple[type, Any], Any] = {}
    found = []
    for one in labels:
        key = (type(one), one)
        if key not in known:
            known[key] = _as_kind(one, kind)
        found.append(known[key])
    is_usable = np.array([one is not None for one in found], bool)
    bad = Counter(
        brief(one) for one, is_good in zip(labels, is_usable.tolist(), strict=True) if one is not None and not is_good
    )
    values = np.array([_EMPTY[kind] if one is None else one for one in found]) if kind in _EMPTY else np.array(found)
    return values, is_usable, _note(bad, kind)


_EMPTY: dict[str, Any] = {"U": "", "b": False, "i": 0, "u": 0, "f": 0.0}
"""What stands for a label that is not known, by the kind of the predictions."""


def _of_numbers(labels: NDArray[Any], kind: str) -> tuple[NDArray[Any], NDArray[Any], str]:
    """Return the same of an array of numbers, at the speed of arrays."""
    import numpy as np

    is_usable: NDArray[Any] = np.isfinite(labels)
    values = np.where(is_usable, labels, 0)
    is_whole = values.dtype.kind != "f" or bool((values == np.floor(values)).all())
    return values.astype(float if kind == "f" or not is_whole else int), is_usable, ""


def _as_kind(value: Any, kind: str) -> Any:
    """Return a label as a prediction of *kind*, or None if it has no such form."""
    if value is None:
        return None
    if kind not in "biuf":
        return text_of(value)
    number = _number(value)
    if number is None or not math.isfinite(number):
        return None
    if kind == "b":
        return bool(number) if number in {0, 1} else None
    if kind == "f":
        return float(number)
    return int(number) if number == int(number) else number


def _number(value: Any) -> int | float | None:
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, int | float):
        return value
    text = str(value).strip()
    if text.lower() in _WORDS:
        return _WORDS[text.lower()]
    for form in (int, float):
        try:
            return form(text)
        except ValueError:
            continue
    return None


def _note(bad: Counter[str], kind: str) -> str:
    if not bad:
        return ""
    count = bad.total()
    what = "true or false" if kind == "b" else "numbers"
    some = ", ".join(one for one, _ in bad.most_common(_MOST_NAMED)) + (", …" if len(bad) > _MOST_NAMED else "")
    verb = "labels are" if count > 1 else "label is"
    return f"{count:,} {verb} left out, since the predictions are {what}: {some}"


def text_of(value: Any) -> str:
    """Return a class as text, a whole number without a point.

    >>> text_of(1.0), text_of("a")
    ('1', 'a')
    """
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
