# SPDX-License-Identifier: Apache-2.0
"""Files of exports are fetched whole or from any byte on, and listed to the keys that they are for."""

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
import sqlalchemy as sa
from api_house import Api
from handing_house import asked, handing
from house import Clock
from office_house import serving

from keshou.app.site import Site
from keshou.db import Database
from keshou.handover.store import PART, order_table, part_table
from keshou.wire.caller import Caller, CallerKind, Scope


@pytest.fixture
def site(database: Database, tmp_path: Path) -> Iterator[Site]:
    with handing(database, tmp_path, Clock()) as site:
        yield site


@pytest.fixture
def api(site: Site) -> Iterator[Api]:
    with serving(site) as api:
        yield api


def test_large_files_are_kept_and_sent_in_parts(api: Api, site: Site) -> None:
    order = api.post("/exports", asked("b0"), "lister").json()
    body = bytes(range(256)) * 8 * 1024
    with site.writing() as tx:
        tx.execute(sa.delete(part_table))
        site.jobs.orders.put(tx, order["id"], body + b"x")
        tx.execute(sa.update(order_table).values(size=len(body) + 1))
    assert len(body) == 2 * PART
    body, path = body + b"x", f"/exports/{order['id']}/file"
    assert api.get(path, "lister").content == body
    for start, stop in (
        (0, 1),
        (PART - 1, PART + 1),
        (PART, 2 * PART),
        (PART + 7, 2 * PART + 1),
        (2 * PART, 2 * PART + 1),
    ):
        part = api.get(path, "lister", Range=f"bytes={start}-{stop - 1}")
        assert (part.status_code, part.content == body[start:stop]) == (206, True), (start, stop)


def test_a_file_goes_on_from_where_it_broke_off_and_only_the_same_file(api: Api, site: Site) -> None:
    order = api.post("/exports", asked("b0"), "lister").json()
    path = f"/exports/{order['id']}/file"
    whole = api.get(path, "lister")
    tag, size = whole.headers["etag"], len(whole.content)
    assert (tag, whole.headers["accept-ranges"]) == (f'"{order["sha256"]}"', "bytes")

    def part(wanted: str, **more: str) -> tuple[int, str, bytes]:
        got = api.get(path, "lister", **{"Range": wanted} | more)
        return got.status_code, got.headers.get("content-range", ""), got.content

    same = {"If-Range": tag}
    assert part("bytes=10-", **same) == (206, f"bytes 10-{size - 1}/{size}", whole.content[10:])
    assert part("bytes=0-0") == (206, f"bytes 0-0/{size}", whole.content[:1])
    assert part("bytes=-5", **same) == (206, f"bytes {size - 5}-{size - 1}/{size}", whole.content[-5:])
    assert part(f"bytes=5-{size * 9}") == (206, f"bytes 5-{size - 1}/{size}", whole.content[5:])
    for other in ('"another"', f"W/{tag}", "Mon, 02 Mar 2026 00:00:00 GMT"):
        assert part("bytes=10-", **{"If-Range": other}) == (200, "", whole.content), other
    for odd in ("", "bytes=-", "bytes=9-3", "bytes=0-1,4-5", "rows=1-2", "bytes=a-b"):
        assert part(odd) == (200, "", whole.content), odd
    for behind in (f"bytes={size}-", "bytes=-0"):
        refused = api.get(path, "lister", Range=behind)
        assert (refused.status_code, refused.json()["type"]) == (416, "/problems/no-such-part")
        assert refused.headers["content-range"] == f"bytes */{size}"
    head = api.client.head(f"/api/v1{path}", headers={"Authorization": "Bearer lister", "Range": "bytes=1-2"})
    assert (head.status_code, head.headers["content-length"]) == (200, str(size))


def test_an_auditors_key_that_is_limited_reads_no_handover_and_traces_nothing(api: Api, site: Site) -> None:
    made = api.post("/exports", asked("b0"), "lister").json()
    whole = Caller(id="auditor1", kind=CallerKind.PROGRAM, scopes=frozenset({Scope.ACT}), credential="k8")
    limited = msgspec.structs.replace(whole, purposes=frozenset({"service"}))
    with serving(site, whole=whole, limited=limited) as later:
        assert [each["id"] for each in later.get("/exports/handovers", "whole").json()["items"]] == [made["handover"]]
        assert later.get("/exports/handovers", "limited").status_code == 403
        assert later.get("/exports", "limited").json()["items"] == []
        for who, status in (("whole", 200), ("limited", 403)):
            sent = later.client.post(
                "/api/v1/exports/traces", content=b"tariff_plan\nx\n",
                headers={"Authorization": f"Bearer {who}", "Content-Type": "text/csv"},
            )  # fmt: skip
            assert sent.status_code == status
