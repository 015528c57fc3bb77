# SPDX-License-Identifier: Apache-2.0
"""The frames of a stream of Arrow record batches, looked at before anything of it is decoded.

A stream comes from outside: its messages are walked, their rows counted, and no buffer may be compressed, by which
little could become much. Source: Apache Arrow columnar format, "IPC Streaming Format" and "Encapsulated message
format".
"""

import struct

import pyarrow as pa

_END = b"\xff\xff\xff\xff\0\0\0\0"
_BATCH_LENGTH, _BATCH_COMPRESSION = 0, 3
"""Places of fields in the format's table `RecordBatch`."""
_DICTIONARY_DATA = 1
_HEADER = 2
"""Place of the header in the format's table `Message`."""


class StreamError(ValueError):
    """The bytes are no stream that is taken; the message says what is wrong and quotes no value."""


class StreamTooLongError(StreamError):
    """The stream has more rows than are answered at once."""


def walk(body: bytes, most: int) -> None:
    """Look at every message's frame of a stream without decoding any of its content.

    Raises:
        StreamTooLongError: there are more than `most` rows.
        StreamError: it is cut short, forged, or compressed.

    """
    try:
        _walk(body, most)
    except (pa.ArrowException, OSError, struct.error, IndexError, ValueError) as error:
        if isinstance(error, StreamError):
            raise
        raise StreamError("the body is not a whole Arrow stream") from None


def _walk(body: bytes, most: int) -> None:
    if not body.endswith(_END):
        raise StreamError("the stream has no end: it was cut short")
    source, rows = pa.BufferReader(body), 0
    messages = pa.ipc.MessageReader.open_stream(source)
    while True:
        try:
            message = messages.read_next_message()
        except StopIteration:
            break
        if message.type == "schema":
            continue
        batch = _table(message.metadata.to_pybytes(), of_dictionary=message.type == "dictionary")
        if batch.has(_BATCH_COMPRESSION):
            raise StreamError("the stream is compressed; send it plain")
        length = batch.number(_BATCH_LENGTH)
        rows += length if message.type == "record batch" else 0
        if not 0 <= length <= most or rows > most:
            raise StreamTooLongError(f"more than {most} rows at once")
    if source.tell() != len(body):
        raise StreamError("something follows the end of the stream")


class _Fields:
    """A table of the format's metadata, of which fields are found by their places. Source: FlatBuffers internals."""

    def __init__(self, data: bytes, place: int) -> None:
        self._data, self._place = data, place
        self._vtable = place - struct.unpack_from("<i", data, place)[0]
        if not 0 <= self._vtable <= len(data) - 4:
            raise StreamError("a message's frame is forged")
        self._size = struct.unpack_from("<H", data, self._vtable)[0]

    def _at(self, field: int) -> int:
        slot = 4 + 2 * field
        if slot + 2 > self._size:
            return 0
        offset: int = struct.unpack_from("<H", self._data, self._vtable + slot)[0]
        return offset and self._place + offset

    def has(self, field: int) -> bool:
        """Say whether a field is given."""
        return bool(self._at(field))

    def number(self, field: int) -> int:
        """Return a number of 64 bits; 0 when it is not given."""
        at = self._at(field)
        return int(struct.unpack_from("<q", self._data, at)[0]) if at else 0

    def table(self, field: int) -> "_Fields":
        """Return the table that a field refers to."""
        at = self._at(field)
        if not at:
            raise StreamError("a message's frame is forged")
        return _Fields(self._data, at + struct.unpack_from("<I", self._data, at)[0])


def _table(metadata: bytes, *, of_dictionary: bool) -> _Fields:
    """Return the frame of a record batch, which a dictionary's message has inside."""
    header = _Fields(metadata, struct.unpack_from("<I", metadata, 0)[0]).table(_HEADER)
    return header.table(_DICTIONARY_DATA) if of_dictionary else header
