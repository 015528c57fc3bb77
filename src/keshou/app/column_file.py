# SPDX-License-Identifier: Apache-2.0
"""Tables as columns, a batch at a time, from and to Parquet and CSV; a file's kind follows from its name."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Self

import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

from keshou.app.table_file import read_header
from keshou.errors import InputError, UnreachableError

ROWS = 1 << 16
"""Rows in a batch."""
_KINDS = (".parquet", ".csv")


def _kind(path: Path) -> str:
    suffix = path.suffix.lower()
    if suffix not in _KINDS:
        raise InputError(f"`*{suffix}` is no kind of table that is known", hint="name it .parquet or .csv")
    return suffix


class Reader:
    """A table to read, more than once if need be. In CSV every value is text."""

    def __init__(self, path: Path) -> None:
        self._path, self._csv = path, _kind(path) == ".csv"
        self._schema = self._read_schema()
        self.names: list[str] = list(self._schema.names)

    def _read_schema(self) -> pa.Schema:
        if self._csv:
            return pa.schema([(name, pa.string()) for name in read_header(self._path)])
        try:
            return pq.read_schema(self._path)
        except OSError as error:
            raise UnreachableError(f"`{self._path}` cannot be read", hint="check the name") from error
        except pa.ArrowException as error:
            raise self._not_a_table() from error

    def schema_of(self, names: Sequence[str]) -> pa.Schema:
        """Return the schema of some of the columns."""
        return pa.schema([self._schema.field(name) for name in names])

    def batches(self, names: Sequence[str] | None = None) -> Iterator[pa.Table]:
        """Yield the table, or some of its columns, a batch at a time.

        Raises:
            InputError: it is not what its name says; no value of it is repeated.

        """
        try:
            for batch in self._csv_batches(names) if self._csv else self._parquet_batches(names):
                if batch.num_rows:
                    yield pa.Table.from_batches([batch])
        except (pa.ArrowException, UnicodeDecodeError):
            raise self._not_a_table() from None

    def _parquet_batches(self, names: Sequence[str] | None) -> Iterator[pa.RecordBatch]:
        with pq.ParquetFile(self._path) as file:
            columns = None if names is None else list(names)
            yield from file.iter_batches(ROWS, columns=columns)

    def _csv_batches(self, names: Sequence[str] | None) -> Iterator[pa.RecordBatch]:
        types = {name: pa.string() for name in self.names}
        convert = pacsv.ConvertOptions(column_types=types, include_columns=names, strings_can_be_null=False)
        parse = pacsv.ParseOptions(newlines_in_values=True)
        with pacsv.open_csv(self._path, convert_options=convert, parse_options=parse) as file:
            yield from file

    def _not_a_table(self) -> InputError:
        if self._csv:
            hint = "save it in UTF-8, every row with as many values as the header"
            return InputError(f"`{self._path}` is not UTF-8 CSV throughout", hint=hint)
        return InputError(f"`{self._path}` is not Parquet throughout", hint="write it anew, or name it as what it is")


class Writer:
    """A table being written; use it as a context manager."""

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        try:
            if _kind(path) == ".csv":
                self._file: pacsv.CSVWriter | pq.ParquetWriter = pacsv.CSVWriter(path, _plain(schema))
            else:
                self._file = pq.ParquetWriter(path, schema, compression="zstd")
        except OSError as error:
            raise UnreachableError(f"`{path.name}` cannot be written: {error.strerror}") from error
        self._schema = _plain(schema) if _kind(path) == ".csv" else schema

    def write(self, table: pa.Table) -> None:
        """Write some rows."""
        if table.num_rows:
            self._file.write_table(table.cast(self._schema))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()


def _plain(schema: pa.Schema) -> pa.Schema:
    """Return the schema with dictionaries written out, as CSV needs it."""
    return pa.schema(
        [(each.name, each.type.value_type if pa.types.is_dictionary(each.type) else each.type) for each in schema]
    )
