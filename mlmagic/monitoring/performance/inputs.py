"""Check labels and probabilities, and bring them into one form; what does not fit is one clear error."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlmagic.arguments import brief
from mlmagic.errors import UsageProblem

if TYPE_CHECKING:
    from numpy.typing import NDArray

OUT_OF_ONE = 1e-3
"""How far from 1 the probabilities of a row may add up."""
_TWO = 2
_KINDS = {"b": "numbers", "i": "numbers", "u": "numbers", "f": "numbers", "U": "texts", "M": "times"}
_MOST_LISTED = 4


def labels_of(values: Any, what: str) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return labels, of one kind and without an object type, and which rows have one (both of the shape (n,)).

    Missing labels (None, NaN) stand for another label in the first array.

    Raises
    ------
    UsageProblem
        If *values* has several columns, or mixes texts and numbers.

    Examples
    --------
    >>> labels, is_known = labels_of(["a", None, "b"], "labels")
    >>> labels.tolist(), is_known.tolist()
    (['a', 'a', 'b'], [True, False, True])
    """
    import numpy as np
    import pandas as pd

    raw: NDArray[Any] = np.asarray(values)
    if isinstance(values, list | tuple) and raw.dtype.kind in "US":  # numbers beside texts became texts
        raw = np.array(values, dtype=object)
    if raw.ndim == _TWO and raw.shape[1] == 1:
        raw = raw[:, 0]
    if raw.ndim != 1:
        raise UsageProblem(f"the {what} have the shape {raw.shape}: one value for each row is needed")
    is_known = ~np.asarray(pd.isna(raw))
    if raw.dtype != object or not is_known.any():
        return (raw if raw.dtype != object else np.zeros(len(raw))), is_known
    known = raw[is_known].tolist()
    kinds = {"texts" if isinstance(one, str) else "others" for one in known}
    if len(kinds) > 1:
        raise UsageProblem(f"the {what} mix texts and other values: {listed(known)}")
    plain = np.array(known)
    if plain.ndim != 1 or plain.dtype.kind not in _KINDS:
        raise UsageProblem(
            f"the {what} hold {brief(known[0])}, a {type(known[0]).__name__}: labels are numbers or texts"
        )
    labels = np.full(len(raw), plain[0], dtype=plain.dtype)
    labels[is_known] = plain
    return labels, is_known


def complete(values: Any, what: str, *, rows: int | None = None) -> NDArray[Any]:
    """Return labels none of which may be missing, *rows* of them.

    Raises
    ------
    UsageProblem
        If one is missing, or their number differs.
    """
    labels, is_known = labels_of(values, what)
    if rows is not None and len(labels) != rows:
        raise UsageProblem(f"{rows:,} labels for {len(labels):,} {what}: one for each is needed")
    if not is_known.all():
        raise UsageProblem(f"{(~is_known).sum():,} of {len(labels):,} {what} are NaN or None")
    return labels


def classes_of(classes: Any) -> NDArray[Any]:
    """Return the labels of the columns of probabilities, which must differ.

    Raises
    ------
    UsageProblem
        If one is missing or stands twice.
    """
    import numpy as np

    found = complete(classes, "classes")
    if len(np.unique(found)) < len(found):
        raise UsageProblem(f"the classes are {listed(found.tolist())}: one of them stands twice")
    return found


def probabilities_of(values: Any, classes: NDArray[Any], rows: int) -> NDArray[Any]:
    """Return probabilities as numbers of the shape (rows, classes), which may still be out of range.

    Raises
    ------
    UsageProblem
        If they have another shape, or are no numbers.
    """
    import numpy as np

    try:
        found: NDArray[Any] = np.asarray(values)
        found = found if found.dtype.kind == "f" else found.astype(float)
    except (TypeError, ValueError) as error:
        raise UsageProblem(f"probabilities are numbers of the shape ({rows:,}, {len(classes)}): {error}") from error
    if found.shape != (rows, len(classes)):
        raise UsageProblem(
            f"the probabilities have the shape {found.shape}, and ({rows:,}, {len(classes)}) is needed: "
            f"a row for each prediction, and a column for each class of {listed(classes.tolist())}"
        )
    return found


def proper(probabilities: NDArray[Any], what: str) -> NDArray[Any]:
    """Return probabilities that add up to exactly 1 in each row, as 64-bit numbers.

    Raises
    ------
    UsageProblem
        If one is below 0, NaN or infinite, or those of a row do not add up to 1 up to a thousandth; *what* says what
        cannot be done.
    """
    import numpy as np

    found = probabilities.astype(float)
    if not np.isfinite(found).all():
        rows = int((~np.isfinite(found)).any(axis=1).sum())
        raise UsageProblem(f"the probabilities of {rows:,} rows are NaN or infinite: {what}")
    total = found.sum(axis=1, keepdims=True)
    is_wrong = (abs(total[:, 0] - 1) > OUT_OF_ONE) | (found < -OUT_OF_ONE).any(axis=1)
    if is_wrong.any():
        row = found[is_wrong.argmax()]
        raise UsageProblem(
            f"the probabilities do not add up to 1 in each row, such as {listed(row.round(4).tolist())}: {what}"
        )
    found = found.clip(0)
    shares: NDArray[Any] = found / found.sum(axis=1, keepdims=True)
    return shares


def places_of(labels: NDArray[Any], classes: NDArray[Any], what: str) -> NDArray[Any]:
    """Return the place of each label among *classes*.

    Raises
    ------
    UsageProblem
        If a label is none of them. Texts never equal numbers.
    """
    import numpy as np

    found = np.full(len(labels), -1)
    if _kind(labels) == _kind(classes):
        for place, label in enumerate(classes):
            found[labels == label] = place
    if (found < 0).any():
        other = labels[(found < 0).argmax()].item()
        raise UsageProblem(f"{what} {other!r} is none of the classes, {listed(classes.tolist())}")
    return found


def _kind(labels: NDArray[Any]) -> str:
    return _KINDS.get(labels.dtype.kind, labels.dtype.kind)


def listed(values: list[Any]) -> str:
    """Return the first of the distinct *values* as text.

    >>> listed(["a", "b", "a"])
    "'a', 'b'"
    """
    shown = list(dict.fromkeys(brief(one) for one in values[:1000]))
    return ", ".join(shown[:_MOST_LISTED]) + (", …" if len(shown) > _MOST_LISTED else "")
