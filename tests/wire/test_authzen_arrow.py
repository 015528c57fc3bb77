# SPDX-License-Identifier: Apache-2.0
"""Streams of questions are read as programs write them, whatever made their columns."""

import pyarrow as pa
import pytest

from keshou.gate.frames import StreamError
from keshou.wire.authzen_arrow import COUNT, ITEMS, NEEDED, TEXTS, read_stream

ROWS = {"user": ["A-1", "A-2"], "kind": ["use", "use"], "by": ["mei", "mei"], "purpose": ["billing", "billing"]}


def stream(table: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    written: bytes = sink.getvalue().to_pybytes()
    return written


@pytest.mark.parametrize("name", [each for each in (*TEXTS, ITEMS, COUNT) if each not in NEEDED])
def test_a_column_of_nothing_but_missing_values_is_as_if_it_were_not_there(name: str) -> None:
    without = pa.table({each: values for each, values in ROWS.items() if each != name})
    assert read_stream(stream(without.append_column(name, pa.nulls(2))), 10) == without


@pytest.mark.parametrize("name", NEEDED)
def test_a_column_that_is_needed_must_not_be_missing_in_every_row(name: str) -> None:
    with pytest.raises(StreamError, match=f"there is no column `{name}`"):
        read_stream(stream(pa.table(ROWS | {name: pa.nulls(2)})), 10)


def test_another_column_is_refused_though_nothing_is_in_it() -> None:
    with pytest.raises(StreamError, match="columns besides"):
        read_stream(stream(pa.table(ROWS | {"note": pa.nulls(2)})), 10)
