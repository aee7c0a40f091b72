"""Bring test data into the form of recorded training data, so that equal rows have equal hashes.

Hashes of rows depend on the columns, their order and their types. The recorded profile names all three.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlmagic.data.kinds import class_of
from mlmagic.evaluation.outcomes.test_data import as_fitted, column_names
from mlmagic.models.saving.agreement import as_array
from mlmagic.user_objects import guarded

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from mlmagic.registry.held_out.learned_data import LearnedData

_TABLE = 2
_TRUE, _FALSE = {"true", "1", "1.0"}, {"false", "0", "0.0"}


def as_dataset(data: Any) -> Any:
    """Return *data* itself if it has a fingerprint, and lists of rows of one length as an array."""
    if class_of(data) is not None:
        return data
    try:
        return as_array(data.to_pandas() if hasattr(data, "to_pandas") else data)
    except ValueError:  # rows of different lengths
        return data


@guarded(default=None)
def in_form_of(known: LearnedData, data: Any, targets: Any) -> Any:
    """Return *data* as *known* was: its columns by name, in its order, with its types; None if that cannot be.

    A column that *data* lacks is taken from *targets*: the training data may have had them as a column. Without names,
    columns are taken in their order. An index is left out.
    """
    if known.columns:
        frame = _arranged([str(one.get("name")) for one in known.columns], _table(data), targets)
        return None if frame is None else _with_types(frame, [str(one.get("type")) for one in known.columns])
    array: NDArray[Any] = as_array(data)
    if not known.all_values or array.shape[1:] != known.shape[1:]:
        return None
    return _array_of_type(array, str(known.all_values.get("type")))


def is_narrower(data: Any) -> bool:
    """Return whether some of the data's floats have 32 bits."""
    kinds = getattr(data, "dtypes", None)
    kinds = [getattr(data, "dtype", None)] if kinds is None else list(kinds)
    return any("float32" in str(one).lower() for one in kinds)


def _table(data: Any) -> pd.DataFrame | None:
    """Return *data* as a pandas table without its index, None if it has not two dimensions."""
    import pandas as pd

    if hasattr(data, "to_pandas"):
        data = data.to_pandas()
    if isinstance(data, pd.DataFrame | pd.Series):
        return pd.DataFrame(data).reset_index(drop=True)
    array = as_array(data)
    return pd.DataFrame(array) if array.ndim == _TABLE else None


def _arranged(wanted: list[str], table: pd.DataFrame | None, targets: Any) -> pd.DataFrame | None:
    import pandas as pd

    if table is None:
        return None
    texts = as_fitted([str(one) for one in column_names(table) or ()], wanted)
    missing = [one for one in wanted if one not in texts]
    if not missing:
        found = [table.iloc[:, texts.index(one)] for one in wanted]
    elif len(missing) == 1 and len(wanted) > 1 and (target := _column(targets, len(table))) is not None:
        found = [target if one == missing[0] else table.iloc[:, texts.index(one)] for one in wanted]
    elif len(texts) == len(wanted):
        found = [table.iloc[:, at] for at in range(len(wanted))]
    else:
        return None
    arranged: pd.DataFrame = pd.concat(found, axis=1).set_axis(wanted, axis=1)
    return arranged


def _column(targets: Any, rows: int) -> Any:
    import pandas as pd

    values = targets.to_pandas() if hasattr(targets, "to_pandas") else targets
    column = values if isinstance(values, pd.Series) else pd.Series(as_array(values).reshape(-1))
    return column.reset_index(drop=True) if len(column) == rows else None


def _with_types(frame: pd.DataFrame, types: list[str]) -> pd.DataFrame:
    import pandas as pd

    columns = [_of_type(frame.iloc[:, at], kind) for at, kind in enumerate(types)]
    converted: pd.DataFrame = pd.concat(columns, axis=1).set_axis(frame.columns, axis=1)
    return converted


def _array_of_type(array: NDArray[Any], kind: str) -> NDArray[Any]:
    import pandas as pd

    if array.dtype.name == kind:
        return array
    converted: NDArray[Any] = _of_type(pd.Series(array.reshape(-1)), kind).to_numpy()
    return converted.reshape(array.shape)


def _of_type(column: Any, kind: str) -> Any:
    """Return the same values as another type, named as fingerprints name it.

    Raises
    ------
    ValueError, TypeError, OverflowError
        If this type cannot represent them. Floats are rounded to a narrower type.
    """
    import pandas as pd

    if kind.startswith("category<"):
        inner = kind.removeprefix("category<").rpartition(">")[0].partition(", ordered")[0]
        return _of_type(column, inner).astype("category")
    if isinstance(column.dtype, pd.CategoricalDtype):
        column = column.astype(column.dtype.categories.dtype)
    if kind == "string":
        return column if pd.api.types.is_string_dtype(column.dtype) else column.map(str, na_action="ignore")
    if kind == "bool":
        return column.map(_truth, na_action="ignore")
    if kind.startswith("datetime"):
        times = pd.to_datetime(column, utc=True)
        return times if kind != "datetime" else times.dt.tz_convert(None)
    numbers: pd.Series[Any] = _as_numbers(column, kind)
    return numbers


def _as_numbers(column: Any, kind: str) -> Any:
    if kind.startswith("float"):
        return _floats(column).astype(kind)
    return _whole(column, kind) if kind.startswith(("int", "uint")) else column


def _floats(column: Any) -> Any:
    import pandas as pd

    if pd.api.types.is_numeric_dtype(column.dtype) and column.dtype.kind != "O":
        return column.astype("float64")
    # Python reads a text as the nearest float; the parsers of pandas may be off by one digit.
    return column.map(float, na_action="ignore").astype("float64")


def _whole(column: Any, kind: str) -> Any:
    import pandas as pd

    if pd.api.types.is_object_dtype(column.dtype) or pd.api.types.is_string_dtype(column.dtype):
        column = column.map(_whole_number, na_action="ignore").convert_dtypes()
    if not column.isna().any():
        found = column.astype(kind)
        if not (found == column).all():
            raise ValueError(f"{column.name!r} does not hold whole numbers")
        return found
    return column.astype(kind.replace("uint", "UInt") if kind[0] == "u" else kind.replace("int", "Int"))


def _whole_number(value: Any) -> int:
    """Return a number or its text as a whole number; ``int(2.5)`` would be 2."""
    text = str(value)
    if text.lstrip("+-").isdecimal():
        return int(text)
    number = float(text)
    if number != int(number):
        raise ValueError(f"{text!r} is no whole number")
    return int(number)


def _truth(value: Any) -> bool:
    text = str(value).lower()
    if text not in _TRUE | _FALSE:
        raise ValueError(f"{value!r} is neither true nor false")
    return text in _TRUE
