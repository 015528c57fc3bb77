# SPDX-License-Identifier: Apache-2.0
"""Tables outside the vault: who is counted, and who is told apart from nobody."""

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pytest
from house import act, newcomer, ready
from msgspec.structs import replace

from keshou.app.site import Site
from keshou.app.table_gate import Upload, gate_table
from keshou.db import Database
from keshou.law.terms import ActKind


@pytest.fixture
def site(database: Database, tmp_path: Path) -> Iterator[Site]:
    with ready(database, tmp_path) as site:
        for user in ("u1", "None"):
            site.do(newcomer(site, user))
        yield site


def test_a_row_that_names_nobody_is_of_nobody_even_where_somebody_is_called_none(site: Site) -> None:
    users = pa.DictionaryArray.from_arrays(pa.array([0, 1, None, 0]), pa.array(["u1", None]))
    table = pa.table({"user": users, "tariff_plan": ["a", "b", "c", "d"]})
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as stream:
        stream.write_table(table)
    upload = Upload(sink.getvalue().to_pybytes(), ".arrow")
    asked = replace(act(ActKind.USE, "", "tariff_plan", by="lister"), when=site.now())
    verdict = gate_table(site, asked, upload, "user")
    assert (verdict.permitted, verdict.rows, verdict.act.count) == (2, 4, 1)
    assert pa.ipc.open_stream(upload.kept).read_all().column("tariff_plan").to_pylist() == ["a", "d"]
    assert pa.ipc.open_stream(upload.denied).read_all().column("user").to_pylist() == [None, None]
