"""One table of several whose columns may differ in their types: numbers stay numbers, also beside texts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlmagic.monitoring.serving.mixed import is_mixed, mixed_field, objects_in, with_json

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pyarrow as pa


def together(tables: Sequence[pa.Table]) -> pa.Table:
    """Return one table of all rows.

    Of a column that is bool in one table and a number in another, all values are numbers. Of one that is text in one
    table and something else in another, each value keeps its kind (`mlmagic.monitoring.serving.mixed`).
    """
    import pyarrow as pa

    for name, fields in _of_several_kinds(tables).items():
        tables = [_alike(table, name, fields) for table in tables]
    return pa.concat_tables(tables, promote_options="permissive")


def _of_several_kinds(tables: Sequence[pa.Table]) -> dict[str, list[pa.Field]]:
    """Return the columns that Arrow does not put together as they are, with their fields."""
    import pyarrow as pa

    fields: dict[str, list[pa.Field]] = {}
    for table in tables:
        for one in table.schema:
            if not pa.types.is_null(one.type):
                fields.setdefault(one.name, []).append(one)
    return {name: several for name, several in fields.items() if _are_several(several)}


def _are_several(fields: list[pa.Field]) -> bool:
    import pyarrow as pa

    if any(is_mixed(one) for one in fields):
        return True
    if len({one.type for one in fields}) == 1:
        return False
    try:
        pa.unify_schemas([pa.schema([one]) for one in fields], promote_options="permissive")
    except (pa.ArrowTypeError, pa.ArrowInvalid):
        return True
    return False


def _alike(table: pa.Table, name: str, fields: list[pa.Field]) -> pa.Table:
    import pyarrow as pa

    at = table.schema.get_field_index(name)
    if at < 0 or pa.types.is_null(table.schema.field(at).type):
        return table
    field, column = table.schema.field(at), table.column(at)
    if all(_is_number(one.type) and not is_mixed(one) for one in fields):
        as_number = column.cast(pa.int8()) if pa.types.is_boolean(field.type) else column
        return table.set_column(at, name, as_number)
    return table.set_column(at, mixed_field(name), with_json(objects_in(field, column)))


def _is_number(kind: pa.DataType) -> bool:
    import pyarrow as pa

    return bool(pa.types.is_boolean(kind) or pa.types.is_integer(kind) or pa.types.is_floating(kind))
