"""Check the test data: give the model the columns that it was fitted on, and return the targets as an array."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlmagic.arguments import described
from mlmagic.data.split.registry import splits_of
from mlmagic.data.split.split_columns import NamedColumn
from mlmagic.errors import UsageProblem
from mlmagic.models.saving.agreement import as_array
from mlmagic.suggestions import did_you_mean
from mlmagic.user_objects import guarded

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

_MOST_NAMED = 8


def rows_of(data: Any, name: str) -> int:
    """Return the number of rows of *data*.

    Raises
    ------
    UsageProblem
        It has no rows, or is no table, array or list.
    """
    shape = getattr(data, "shape", None)
    has_rows = bool(shape) if isinstance(shape, tuple) else hasattr(data, "__len__")
    if isinstance(data, str):
        raise UsageProblem(f"{name} is the text {described(data)}: give the data itself")
    if isinstance(data, bytes | dict | set) or not has_rows:
        raise UsageProblem(f"{name} is of type {type(data).__name__}: evaluate takes pandas, polars, NumPy and lists")
    rows = int(shape[0]) if shape else len(data)
    if not rows:
        raise UsageProblem(f"{name} has no rows: there is nothing to evaluate on")
    return rows


def column_names(data: Any) -> list[Any] | None:
    """Return the names of the columns of a table, None for anything else."""
    names = getattr(data, "column_names", None) or getattr(data, "columns", None)
    return None if names is None or callable(names) else list(names)


@guarded(default=None)
def fitted_names(model: Any) -> list[str] | None:
    """Return the names of the columns that *model* was fitted on, or None."""
    names = getattr(model, "feature_names_in_", None)
    if names is None and hasattr(model, "metadata") and hasattr(model.metadata, "get_input_schema"):
        schema = model.metadata.get_input_schema()
        names = schema.input_names() if schema is not None and schema.has_input_names() else None
    return None if names is None else [str(name) for name in names]


@guarded(default=None)
def _fitted_count(model: Any) -> int | None:
    count = getattr(model, "n_features_in_", None)
    return None if count is None else int(count)


def for_model(model: Any, data: Any, name: str, note: Callable[[str], None]) -> Any:
    """Return *data* with the columns that *model* was fitted on, in their order; *note* what was changed.

    Raises
    ------
    UsageProblem
        Columns are missing, or an array has another number of them.
    """
    wanted, names = fitted_names(model), column_names(data)
    if wanted is None or names is None:
        _require_count(model, data, name)
        if wanted is not None:
            note(f"{name} has no column names: its columns are taken in the order of training")
        return data
    texts = as_fitted([str(one) for one in names], wanted)
    if missing := [one for one in wanted if one not in texts]:
        listed = ", ".join(map(repr, missing[:_MOST_NAMED])) + (", …" if len(missing) > _MOST_NAMED else "")
        raise UsageProblem(
            f"{name} has no column {listed}, which the model was fitted on.{did_you_mean(missing[0], texts)} "
            f"It has {', '.join(texts[:_MOST_NAMED])}{', …' if len(texts) > _MOST_NAMED else ''}."
        )
    if texts == wanted:
        return data
    extra = [one for one in texts if one not in wanted]
    if extra:
        more = f" and {len(extra) - _MOST_NAMED} more" if len(extra) > _MOST_NAMED else ""
        note(f"{name}: not given to the model, which was not fitted on it: {', '.join(extra[:_MOST_NAMED])}{more}")
    if [one for one in texts if one in wanted] != wanted:
        note(f"{name}: its columns were put into the order of training, by name")
    chosen = [names[texts.index(one)] for one in wanted]
    return data.select(chosen) if hasattr(data, "select") else data[chosen]


def as_fitted(texts: list[str], wanted: list[str]) -> list[str]:
    """Return the names of columns as the model has them: LightGBM writes ``_`` for a space.

    >>> as_fitted(["mean area", "site"], ["mean_area"])
    ['mean_area', 'site']
    """
    spelled = [text if text in wanted else text.replace(" ", "_") for text in texts]
    found = [one if one in wanted else text for one, text in zip(spelled, texts, strict=True)]
    return found if len(set(found)) == len(set(texts)) else texts


def _require_count(model: Any, data: Any, name: str) -> None:
    fitted = _fitted_count(model)
    shape = getattr(data, "shape", None)
    if shape is not None and len(shape) == 1 and fitted is not None and fitted > 1:
        raise UsageProblem(
            f"{name} is a single column, and the model was fitted on {fitted}: the targets come after the test data"
        )
    given = shape[1] if shape is not None and len(shape) > 1 else _width(data)
    if fitted is not None and given is not None and given != fitted:
        raise UsageProblem(f"{name} has {given} columns, and the model was fitted on {fitted}")


@guarded(default=None)
def _width(data: Any) -> int | None:
    return len(data[0]) if isinstance(data, list | tuple) and isinstance(data[0], list | tuple) else None


def targets_of(y: Any, rows: int, name: str, data: str) -> tuple[NDArray[Any], tuple[str, ...]]:
    """Return the targets as an array, and the names of several outputs.

    Raises
    ------
    UsageProblem
        There is not one for each row, or some are missing.
    """
    import pandas as pd

    if rows_of(y, name) != rows:
        raise UsageProblem(
            f"{name} has {rows_of(y, name):,} values, and {data} has {rows:,} rows: give one for each row"
        )
    names = column_names(y)
    array = _as_rows(y, name)
    if array.ndim > 1 and array.shape[1] == 1:
        array = array.reshape(-1)
    if array.ndim > 2:  # noqa: PLR2004  # rows and outputs
        raise UsageProblem(f"{name} has {array.ndim} dimensions: give a column, or a column for each output")
    missing = pd.isna(array)
    count = int((missing.any(axis=1) if array.ndim > 1 else missing).sum())
    if count:
        raise UsageProblem(
            f"{name} is missing (NaN) in {count:,} of {rows:,} rows: no metric is defined there. Leave them out: "
            f"known = pd.notna({name}), then {data}[known] and {name}[known]"
        )
    if array.dtype == object and len({isinstance(one, str) for one in array.ravel().tolist()}) > 1:
        raise UsageProblem(f"{name} mixes text and other values: give labels of one type, {name}.astype(str)")
    outputs = array.shape[1] if array.ndim > 1 else 0
    return array, tuple(map(str, names if names and len(names) == outputs else range(outputs)))


def _as_rows(values: Any, name: str) -> NDArray[Any]:
    try:
        array: NDArray[Any] = as_array(values)
    except ValueError as error:  # NumPy says "inhomogeneous shape"
        raise UsageProblem(f"{name} has rows of different lengths: give one value for each row") from error
    return array


def warnings_of(data: Any, targets: Any, name: str, targets_name: str) -> list[str]:
    """Return what speaks against judging a model by these rows.

    Raises
    ------
    UsageProblem
        Data and targets are different sides of a split.
    """
    of_data, of_targets = splits_of(data)[:1], splits_of(targets)[:1]
    found = []
    if of_data and of_targets and of_data[0].side != of_targets[0].side:
        raise UsageProblem(
            f"{name} is the {of_data[0].side} side of a split, and {targets_name} the {of_targets[0].side} side: "
            "their rows are not the same"
        )
    if of_data and of_data[0].side == "train":
        found.append(f"{name} is the train side of a split: a model that was fitted on it has seen these rows")
    indexes: list[Any] = [getattr(one, "index", None) for one in (data, targets)]  # a list has a method of this name
    if all(hasattr(one, "equals") for one in indexes) and not indexes[0].equals(indexes[1]):
        found.append(f"{name} and {targets_name} have different indexes: their rows were matched by position")
    return found


def values_for_rows(option: str, wanted: Any, data: Any, rows: int, name: str) -> tuple[str, NDArray[Any]]:
    """Return the name and the values, one for each row, of a column of *data*, or of given values.

    Raises
    ------
    UsageProblem
        There is no such column, or not one value for each row.
    """
    if isinstance(wanted, str):
        names = [] if (found := column_names(data)) is None else found
        texts = [str(one) for one in names]
        if wanted not in texts:
            has = f"It has {', '.join(texts[:_MOST_NAMED])}." if texts else "It has no named columns: give the values."
            raise UsageProblem(f"{option}: {name} has no column {wanted!r}.{did_you_mean(wanted, texts)} {has}")
        column = data[names[texts.index(wanted)]]
        label = wanted
    else:
        given = wanted if isinstance(wanted, NamedColumn) else NamedColumn(option, wanted)
        column, label = given.values, given.name  # noqa: PD011  # not a pandas object
    array = _as_rows(column, f"{option}: {label}")
    if array.ndim != 1 or len(array) != rows:
        raise UsageProblem(f"{option}: {label} has {len(array):,} values, and {name} has {rows:,} rows")
    return label, array


def text_columns(data: Any) -> Sequence[str]:
    """Return the names of the columns of a pandas or polars table that hold text which is no number."""
    names = column_names(data) or []
    kinds = [str(kind).lower() for kind in data.dtypes] if names and hasattr(data, "dtypes") else []
    texts = ("object", "str", "string", "utf8", "large_string")
    suspects = [name for name, kind in zip(names, kinds, strict=False) if kind.startswith(texts)]
    return [str(name) for name in suspects if _is_no_number(data[name])]


@guarded(default=True)
def _is_no_number(column: Any) -> bool:
    import pandas as pd

    values = pd.Series(column.to_list())
    return bool(pd.to_numeric(values, errors="coerce").isna()[values.notna()].any())


@guarded(default=())
def missing_columns(data: Any) -> Sequence[str]:
    """Return the names of the columns with missing values, of an array their numbers."""
    import pandas as pd

    table = data.to_pandas() if hasattr(data, "to_pandas") else pd.DataFrame(data)
    return [str(name) for name, is_missing in table.isna().any().items() if is_missing]
