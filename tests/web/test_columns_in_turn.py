# SPDX-License-Identifier: Apache-2.0
"""Of many streams at once only a few lie in memory: the others are not read before there is room for them."""

from pathlib import Path
from typing import Any

import anyio
import pyarrow as pa
import pytest
from callers import CRM, bearer, served
from house import newcomer, ready

from keshou.db import Database
from keshou.web.authzen import columns as face
from keshou.wire.authzen_arrow import MEDIA_TYPE

ROW = {"user": "u1", "kind": "use", "by": "clerk1", "purpose": "service", "items": ["tariff_plan"]}


def stream() -> bytes:
    sink = pa.BufferOutputStream()
    table = pa.table({name: [value] for name, value in ROW.items()})
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return bytes(sink.getvalue().to_pybytes())


class Asking:
    """Callers who send the first half of a stream, and the rest when they are let go on."""

    def __init__(self, app: Any) -> None:
        self._app, self.go = app, anyio.Event()
        self.read, self.statuses = 0, list[int]()
        body = stream()
        self._halves = body[: len(body) // 2], body[len(body) // 2 :]

    async def ask(self) -> None:
        """Send one stream and take note of the answer."""
        parts = iter(self._halves)

        async def receive() -> Any:
            part = next(parts, None)
            if part is self._halves[0]:
                self.read += 1
            elif part is not None:
                await self.go.wait()
            return {"type": "http.request", "body": part or b"", "more_body": part is self._halves[0]}

        async def send(message: Any) -> None:
            if message["type"] == "http.response.start":
                self.statuses.append(message["status"])

        told = {"host": "127.0.0.1:8400", "content-type": MEDIA_TYPE, "content-length": "9"} | bearer("crm")
        await self._app(
            {
                "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "POST", "scheme": "http",
                "path": "/api/v1/evaluations", "raw_path": b"/api/v1/evaluations", "query_string": b"",
                "root_path": "", "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 8400), "state": {},
                "headers": [(name.lower().encode(), value.encode()) for name, value in told.items()],
            }, receive, send,
        )  # fmt: skip


@pytest.mark.parametrize("patience", [10.0, 0.1])
def test_a_stream_is_read_when_there_is_room_for_it_and_who_waits_too_long_is_asked_to_come_again(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, patience: float
) -> None:
    monkeypatch.setattr(face, "_PATIENCE", patience)

    async def many() -> tuple[int, list[int]]:
        asking = Asking(served(site, {"crm": CRM}))
        async with anyio.create_task_group() as tasks:
            for _ in range(9):
                tasks.start_soon(asking.ask)
            await anyio.sleep(0.5)
            before = asking.read
            asking.go.set()
        return before, sorted(asking.statuses)

    with ready(database, tmp_path) as site:
        site.do(newcomer(site, "u1"))
        before, statuses = anyio.run(many)
    assert before == 4
    assert statuses == ([200] * 9 if patience > 1 else [200] * 4 + [429] * 5)
