# SPDX-License-Identifier: Apache-2.0
"""Questions and answers as streams of Arrow record batches: a row a question, a row an answer.

A stream comes from outside, so nothing of it is decoded before its frame was walked (`keshou.gate.frames`). Then every
offset, index and text is checked.
"""

from collections.abc import Collection, Mapping
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa

from keshou.gate.columns import Numbers
from keshou.gate.frames import StreamError, walk
from keshou.gate.table import encoded

MEDIA_TYPE = "application/vnd.apache.arrow.stream"
TEXTS = ("user", "kind", "by", "subject", "purpose", "post", "where", "recipient", "review", "ground")
"""Columns of text, dictionary-encoded or not."""
ITEMS, COUNT = "items", "count"
NEEDED = ("user", "kind", "by")
"""Columns that every stream has."""
_NUMBER = np.dtype(np.int32)


def read_stream(body: bytes, most: int) -> pa.Table:
    """Return the questions of a whole stream as a table whose columns are of the documented types.

    A column of nothing but missing values, which has no type of its own, is as if it were not there.

    Raises:
        StreamTooLongError: there are more than `most` rows.
        StreamError: it is cut short, forged, compressed, or its columns are not those that are documented.

    """
    try:
        walk(body, most)
        with pa.ipc.open_stream(body) as reader:
            absent = [each.name for each in reader.schema if pa.types.is_null(each.type)]
            _check_columns(reader.schema, absent)
            table = reader.read_all()
        table.validate(full=True)
        table = table.drop_columns(absent)
    except (pa.ArrowException, OSError, ValueError) as error:
        if isinstance(error, StreamError):
            raise
        raise StreamError("the body is not a whole Arrow stream") from None
    return table


def _check_columns(schema: pa.Schema, absent: Collection[str]) -> None:
    if len(set(schema.names)) != len(schema.names):
        raise StreamError("a column comes twice")
    missing = [name for name in NEEDED if name not in schema.names or name in absent]
    if missing:
        raise StreamError(f"there is no column `{missing[0]}`")
    if set(schema.names) - {*TEXTS, ITEMS, COUNT}:
        raise StreamError(f"there are columns besides {', '.join(f'`{name}`' for name in (*TEXTS, ITEMS, COUNT))}")
    for field in schema:
        if field.name in absent:
            continue
        if field.name == COUNT:
            fits = pa.types.is_integer(field.type)
        elif field.name == ITEMS and (pa.types.is_list(field.type) or pa.types.is_large_list(field.type)):
            fits = _is_text(field.type.value_type)
        else:
            fits = _is_text(field.type)
        if not fits:
            raise StreamError(f"the column `{field.name}` is of the wrong type")


def _is_text(kind: pa.DataType) -> bool:
    plain = kind.value_type if pa.types.is_dictionary(kind) else kind
    return bool(pa.types.is_string(plain) or pa.types.is_large_string(plain))


def encoded_items(column: pa.ChunkedArray) -> tuple[Numbers, list[tuple[str, ...] | None]]:
    """Return a column of items as numbers, and the items each number stands for; the last stands for a missing value.

    Rows are told apart by their items' numbers, laid out as bytes: the ids themselves are looked at once.

    Raises:
        StreamError: an item is missing in a row.

    """
    if not (pa.types.is_list(column.type) or pa.types.is_large_list(column.type)):
        numbers, texts = encoded(column)
        return numbers, [None if text is None else (text,) for text in texts]
    whole = column.combine_chunks()
    whole = whole.chunk(0) if isinstance(whole, pa.ChunkedArray) and whole.num_chunks else whole
    if not len(whole):
        return np.zeros(0, np.int64), [None]
    items = whole.flatten()
    if (items.dictionary_decode() if pa.types.is_dictionary(items.type) else items).null_count:
        raise StreamError("an item in the column `items` is missing")
    numbers, texts = encoded(pa.chunked_array([whole.values]))
    ends = pa.array(whole.offsets.to_numpy().astype(np.int64) * _NUMBER.itemsize)
    content = pa.py_buffer(np.ascontiguousarray(numbers, _NUMBER))
    found = pa.Array.from_buffers(pa.large_binary(), len(whole), [None, ends.buffers()[1], content]).dictionary_encode()
    rows = [np.frombuffer(each, _NUMBER).tolist() for each in found.dictionary.to_pylist()]
    which = found.indices.to_numpy(zero_copy_only=False)
    if whole.null_count:
        which = np.where(whole.is_null().to_numpy(zero_copy_only=False), len(rows), which)
    return which, [*(tuple(texts[each] or "" for each in row) for row in rows), None]


def write_answers(
    sizes: list[int],
    codes: np.ndarray[Any, np.dtype[np.uint64]],
    faults: tuple[np.ndarray[Any, np.dtype[np.int32]], list[str]],
    about: Mapping[str, Any] | None,
) -> bytes:
    """Return the answers as a stream of batches of `sizes` rows: `decision`, `reason_code`, `error`.

    `codes` are reason codes; `faults` says of each row which of the errors it has, -1 for none: such a row is denied
    and has no code. `about` is told in the stream's metadata, a JSON value a name; without it no codes are told.
    """
    numbers, texts = faults
    faulty = numbers >= 0
    errors = pa.DictionaryArray.from_arrays(pa.array(numbers, mask=~faulty), pa.array(texts, pa.string()))
    columns = {"decision": pa.array((codes == 0) & ~faulty)}
    if about is not None:
        columns["reason_code"] = pa.array(codes, mask=faulty)
    columns["error"] = errors
    told = {f"keshou.{name}": msgspec.json.encode(value).decode() for name, value in (about or {}).items()}
    whole = pa.RecordBatch.from_arrays(list(columns.values()), names=list(columns)).replace_schema_metadata(told)
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, whole.schema) as writer:
        start = 0
        for size in sizes:
            writer.write_batch(whole.slice(start, size))
            start += size
    return sink.getvalue().to_pybytes()  # type: ignore[no-any-return]
