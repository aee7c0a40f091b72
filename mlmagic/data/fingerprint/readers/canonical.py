"""The canonical form of a column that `mlmagic.data.columns` has read."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from mlmagic.data.columns.column import ArrayColumn, CodedColumn, TextColumn
from mlmagic.data.fingerprint.readers import chunks
from mlmagic.data.fingerprint.readers.columns import DataColumn, of_codes
from mlmagic.data.fingerprint.readers.instants import zone_name
from mlmagic.data.fingerprint.readers.numpy_columns import of_array
from mlmagic.data.fingerprint.readers.python_columns import of_values

if TYPE_CHECKING:
    from mlmagic.data.columns.column import Column
    from mlmagic.data.fingerprint.readers.plan import ReadPlan


def canonical(column: Column, plan: ReadPlan) -> DataColumn:
    """Return *column* in canonical form, with a type name that all libraries share."""
    plan.check()
    if isinstance(column, ArrayColumn):
        return _of_array_column(column, plan)
    if isinstance(column, TextColumn):
        text = column
        return DataColumn(text.kind, lambda start, stop: chunks.of_text(text.read(start, stop)), text.listed, {})
    if isinstance(column, CodedColumn):
        categories = canonical(column.categories, plan)
        return of_codes(column.codes, categories, column.categories.length, plan, ordered=column.ordered)
    return of_values(column.read, column.length, plan)


def _of_array_column(column: ArrayColumn, plan: ReadPlan) -> DataColumn:
    made = of_array(column.dtype, column.read, column.length, plan, mask=column.missing)
    if column.zone is not None:
        made = replace(made, logical=f"datetime<{zone_name(column.zone)}>")
    elif column.meaning is not None:
        made = replace(made, logical=column.meaning)
    return made if column.listed is None else replace(made, listed=column.listed)
