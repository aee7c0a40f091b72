"""CSV and Parquet files as tables: only the columns that are compared now are in memory."""

from __future__ import annotations

import re
import threading
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlmagic.errors import UsageProblem
from mlmagic.monitoring.drift.sources.tables import Table, index_columns, unique_names
from mlmagic.suggestions import did_you_mean
from mlmagic.user_objects import one_line
from mlmagic.visible import clean

if TYPE_CHECKING:
    from collections.abc import Iterable

SUFFIXES = (".csv", ".csv.gz", ".tsv", ".parquet", ".pq")
_CSV_BYTES_AT_ONCE = 400_000_000
_SEPARATORS, _LONGEST_HEADER = (",", ";", "\t", "|"), 1_000_000
_BAD_COLUMN = re.compile(r"In CSV column #(\d+)")


def is_file_name(text: str) -> bool:
    """Return whether *text* is meant as a file, not as the name of a run or a model.

    >>> is_file_name("data/may.parquet"), is_file_name("churn@champion")
    (True, False)
    """
    is_folder = text.endswith(("/", ".")) and Path(text).is_dir()
    return text.lower().endswith(SUFFIXES) or Path(text).is_file() or is_folder


def table_in_file(path: Path) -> Table:
    """Return a CSV or Parquet file as a table; the end of its name says which it is.

    Raises
    ------
    UsageProblem
        If there is no such file, it cannot be read, or two columns have the same name.
    """
    name = clean(path.name)
    if path.is_dir():
        raise UsageProblem(f"{clean(str(path))} is a folder: drift reads {', '.join(SUFFIXES)} files")
    if not path.is_file():
        near = [one.name for one in path.parent.glob("*") if one.name.lower().endswith(SUFFIXES)]
        raise UsageProblem(f"there is no file {clean(str(path))}.{did_you_mean(path.name, near)}")
    if not path.name.lower().endswith(SUFFIXES):
        raise UsageProblem(f"{name}: drift reads {', '.join(SUFFIXES)} files")
    try:
        return _parquet(path, name) if path.suffix.lower() in {".parquet", ".pq"} else _csv(path, name)
    except (OSError, ValueError) as error:
        if isinstance(error, UsageProblem):
            raise
        raise UsageProblem(f"{name} cannot be read: {one_line(error)[:200]}") from error


def _parquet(path: Path, name: str) -> Table:
    import pyarrow.parquet as pq

    file = pq.ParquetFile(path)
    index = index_columns(file.schema_arrow)
    names = [one for one in unique_names(file.schema_arrow.names, name) if one not in index]
    rows = file.metadata.num_rows
    file.close()

    def read(column: str) -> Any:
        with pq.ParquetFile(path) as opened:
            return opened.read(columns=[column], use_threads=False).column(column)

    def frame(columns: Iterable[str] | None) -> Any:
        with pq.ParquetFile(path) as opened:
            return opened.read(columns=list(columns or names)).to_pandas()

    return Table(name, rows, {one: partial(read, one) for one in names}, frame)


def _csv(path: Path, name: str) -> Table:
    groups = _CsvGroups(path, name)
    readers = {one: partial(groups.column, one) for one in groups.names}
    return Table(name, groups.rows, readers, groups.frame, groups.notes, is_text_file=True)


class _CsvGroups:
    """Reads a CSV file by groups of columns that fit into memory; the last group is kept."""

    def __init__(self, path: Path, name: str) -> None:
        import pyarrow as pa
        from pyarrow import csv

        self._path, self._name = path, name
        self.notes: list[str] = []
        self._parse = csv.ParseOptions(delimiter="\t" if path.suffix.lower() == ".tsv" else ",")
        if not path.stat().st_size:
            raise UsageProblem(f"{name} is empty: it has no header and no rows")
        self._require_separator()
        with csv.open_csv(path, parse_options=self._parse) as opened:
            self.names = self._without_index(unique_names(opened.schema.names, name))
        size = path.stat().st_size * (8 if path.suffix.lower() == ".gz" else 1)
        width = max(1, len(self.names) * _CSV_BYTES_AT_ONCE // max(size, 1))
        self._groups = [self.names[at : at + width] for at in range(0, len(self.names), width)]
        self._types: dict[str, Any] = {}
        self._kept: pa.Table | None = None
        self._lock = threading.Lock()
        self.rows = self._group(self._groups[0]).num_rows

    def _require_separator(self) -> None:
        """Require that the header has the separator, or none that others have."""
        import gzip

        is_packed = self._path.suffix.lower() == ".gz"
        with gzip.open(self._path) if is_packed else self._path.open("rb") as file:
            first = file.readline(_LONGEST_HEADER)
        try:
            header = first.decode()
        except UnicodeDecodeError as error:
            raise self._not_utf8("") from error
        used = self._parse.delimiter
        if (other := max(_SEPARATORS, key=header.count)) != used and other in header and used not in header:
            raise UsageProblem(
                f"{self._name} has {other!r} between its columns, not {used!r}: write it with {used!r}, or read it "
                f"with pd.read_csv({str(self._path)!r}, sep={other!r})"
            )

    def _without_index(self, names: list[str]) -> list[str]:
        self._all_names = names
        if names[0] or len(names) == 1:
            return names
        self.notes.append(f"the first column of {self._name} has no name and is left out: so pandas writes the index")
        return names[1:]

    def column(self, name: str) -> Any:
        """Return a column as an Arrow array."""
        with self._lock:
            return self._group(next(group for group in self._groups if name in group)).column(name)

    def frame(self, columns: Iterable[str] | None) -> Any:
        """Return some columns as a table of pandas."""
        return self._read(list(columns or self.names)).to_pandas()

    def _group(self, names: list[str]) -> Any:
        if self._kept is None or self._kept.column_names != names:
            self._kept = None  # the memory of the last one is needed
            self._kept = self._read(names)
        return self._kept

    def _read(self, names: list[str]) -> Any:
        """Return some columns; a type that holds for the first rows only becomes a wider one."""
        import pyarrow as pa
        from pyarrow import csv

        while True:
            convert = csv.ConvertOptions(include_columns=names, column_types=self._types, strings_can_be_null=True)
            try:
                found = csv.read_csv(self._path, parse_options=self._parse, convert_options=convert)
                for field in found.schema:
                    if pa.types.is_binary(field.type):
                        raise self._not_utf8(field.name)
                return found
            except pa.ArrowInvalid as error:
                bad = _BAD_COLUMN.search(str(error))
                column = self._all_names[int(bad[1])] if bad else ""
                if "UTF8" in str(error):
                    raise self._not_utf8(column) from error
                if not column or self._types.get(column) == pa.string():
                    raise UsageProblem(f"{self._name} cannot be read: {one_line(error)[:200]}") from error
                is_whole = "to int64" in str(error)
                self._types[column] = pa.float64() if is_whole else pa.string()

    def _not_utf8(self, column: str) -> UsageProblem:
        where = f" in the column {clean(column)!r}" if column else ""
        return UsageProblem(
            f"{self._name} is not UTF-8{where}: convert it, or read it first with pd.read_csv({str(self._path)!r}, "
            "encoding=...)"
        )
