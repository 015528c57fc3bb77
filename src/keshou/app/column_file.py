# SPDX-License-Identifier: Apache-2.0
"""Tables as columns, a batch at a time, from and to Parquet and CSV; a file's kind follows from its name.

What came over the network is read and written in memory, and nothing of it touches a disk; there an Arrow stream is a
third kind.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO, Literal, Self

import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

from keshou.app.table_file import read_header
from keshou.errors import InputError, UnreachableError
from keshou.gate.frames import StreamError, StreamTooLongError, walk

ROWS = 1 << 16
"""Rows in a batch."""
_KINDS = (".parquet", ".csv")
Kind = Literal[".parquet", ".csv", ".arrow"]
_MOST_BYTES = 1 << 28
"""The most that an uploaded table may come to once it is unpacked."""
_MOST_ROWS = 1_000_000
"""The most rows of an uploaded table; equal ones take next to no place in it."""
_MILD = frozenset({"UNCOMPRESSED", "SNAPPY", "LZ4"})
"""Compressions by which little can not become too much, whatever a table says of itself."""


def _kind(path: Path) -> str:
    suffix = path.suffix.lower()
    if suffix not in _KINDS:
        raise InputError(f"`*{suffix}` is no kind of table that is known", hint="name it .parquet or .csv")
    return suffix


class Reader:
    """A table to read, more than once if need be. In CSV every value is text."""

    def __init__(self, source: Path | bytes, kind: Kind | None = None) -> None:
        self._source = source
        self._kind = kind or _kind(source if isinstance(source, Path) else Path())
        self._name = f"the table `{source}`" if isinstance(source, Path) else "the table"
        self._schema = self._read_schema()
        self.names: list[str] = list(self._schema.names)
        if len(set(self.names)) < len(self.names):
            raise InputError("two columns have the same name", hint="give every column a name of its own")

    def _read_schema(self) -> pa.Schema:
        if self._kind == ".csv":
            return pa.schema([(name, pa.string()) for name in read_header(self._source)])
        try:
            if self._kind == ".arrow":
                if isinstance(self._source, bytes):
                    walk(self._source, _MOST_ROWS)
                with pa.ipc.open_stream(self._opened()) as stream:
                    return stream.schema
            if isinstance(self._source, bytes):
                self._refuse_large()
            with pq.ParquetFile(self._opened(), read_dictionary=self._texts()) as file:
                return file.schema_arrow
        except StreamTooLongError:
            raise self._too_large() from None
        except StreamError as error:
            raise InputError(str(error), hint="send a whole Arrow stream that is not compressed") from None
        except pa.ArrowException as error:
            raise self._not_a_table() from error
        except OSError as error:
            if isinstance(self._source, bytes):
                raise self._not_a_table() from None
            raise UnreachableError(f"{self._name} cannot be read", hint="check the name") from error

    def _texts(self) -> list[str]:
        """Return the columns of text of an uploaded table: each text is held once, however many rows have it."""
        if not isinstance(self._source, bytes):
            return []
        return [each.name for each in pq.read_schema(self._opened()) if _is_text(each.type)]

    def _too_large(self) -> InputError:
        return InputError("the table unpacks to too much", hint="send it in parts")

    def _refuse_large(self) -> None:
        """Refuse what unpacks to more than is held in memory, before it is unpacked."""
        found = pq.read_metadata(self._opened())
        groups = [found.row_group(each) for each in range(found.num_row_groups)]
        if found.num_rows > _MOST_ROWS or sum(each.total_byte_size for each in groups) > _MOST_BYTES:
            raise self._too_large()
        used = {each.column(place).compression for each in groups for place in range(each.num_columns)}
        if not used <= _MILD:
            raise InputError(
                "the table is compressed in a way that is not taken", hint="write it with Snappy, or plain"
            )

    def _opened(self) -> Path | pa.BufferReader:
        return pa.BufferReader(self._source) if isinstance(self._source, bytes) else self._source

    def schema_of(self, names: Sequence[str]) -> pa.Schema:
        """Return the schema of some of the columns."""
        return pa.schema([self._schema.field(name) for name in names])

    def batches(self, names: Sequence[str] | None = None) -> Iterator[pa.Table]:
        """Yield the table, or some of its columns, a batch at a time.

        Raises:
            InputError: it is not what its name says; no value of it is repeated.

        """
        try:
            for batch in self._batches(names):
                if batch.num_rows:
                    yield pa.Table.from_batches([batch])
        except (pa.ArrowException, UnicodeDecodeError):
            raise self._not_a_table() from None
        except OSError:
            if isinstance(self._source, bytes):
                raise self._not_a_table() from None
            raise

    def _batches(self, names: Sequence[str] | None) -> Iterator[pa.RecordBatch]:
        if self._kind == ".arrow":
            return self._arrow_batches(names)
        return self._csv_batches(names) if self._kind == ".csv" else self._parquet_batches(names)

    def _arrow_batches(self, names: Sequence[str] | None) -> Iterator[pa.RecordBatch]:
        unpacked = 0
        with pa.ipc.open_stream(self._opened()) as stream:
            for batch in stream:
                batch.validate(full=True)
                unpacked += batch.nbytes
                if unpacked > _MOST_BYTES:
                    raise self._too_large()
                yield batch if names is None else batch.select(list(names))

    def _parquet_batches(self, names: Sequence[str] | None) -> Iterator[pa.RecordBatch]:
        with pq.ParquetFile(self._opened(), read_dictionary=self._texts()) as file:
            columns = None if names is None else list(names)
            yield from file.iter_batches(ROWS, columns=columns)

    def _csv_batches(self, names: Sequence[str] | None) -> Iterator[pa.RecordBatch]:
        types = {name: pa.string() for name in self.names}
        convert = pacsv.ConvertOptions(column_types=types, include_columns=names, strings_can_be_null=False)
        parse = pacsv.ParseOptions(newlines_in_values=True)
        with pacsv.open_csv(self._opened(), convert_options=convert, parse_options=parse) as file:
            yield from file

    def _not_a_table(self) -> InputError:
        if self._kind == ".csv":
            hint = "save it in UTF-8, every row with as many values as the header"
            return InputError(f"{self._name} is not UTF-8 CSV throughout", hint=hint)
        what = "Parquet" if self._kind == ".parquet" else "an Arrow stream"
        return InputError(f"{self._name} is not {what} throughout", hint="write it anew, or name it as what it is")


class Writer:
    """A table being written; use it as a context manager."""

    def __init__(self, target: Path | BinaryIO, schema: pa.Schema, kind: Kind | None = None) -> None:
        chosen = kind or _kind(target if isinstance(target, Path) else Path())
        self._schema = _plain(schema) if chosen == ".csv" else schema
        try:
            if chosen == ".csv":
                self._file: pacsv.CSVWriter | pq.ParquetWriter | pa.RecordBatchStreamWriter = pacsv.CSVWriter(
                    target, self._schema
                )
            elif chosen == ".arrow":
                self._file = pa.ipc.new_stream(target, schema)
            else:
                # what is answered can be sent again
                compression = "zstd" if isinstance(target, Path) else "snappy"
                self._file = pq.ParquetWriter(target, schema, compression=compression)
        except OSError as error:
            raise UnreachableError(f"a table cannot be written: {error.strerror}") from error

    def write(self, table: pa.Table) -> None:
        """Write some rows."""
        if table.num_rows:
            self._file.write_table(table.cast(self._schema))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()


def _is_text(type_: pa.DataType) -> bool:
    return bool(
        pa.types.is_string(type_) or pa.types.is_binary(type_) or pa.types.is_large_string(type_)
        or pa.types.is_large_binary(type_)
    )  # fmt: skip


def _plain(schema: pa.Schema) -> pa.Schema:
    """Return the schema with dictionaries written out, as CSV needs it."""
    return pa.schema(
        [(each.name, each.type.value_type if pa.types.is_dictionary(each.type) else each.type) for each in schema]
    )
