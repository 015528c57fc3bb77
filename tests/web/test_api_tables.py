# SPDX-License-Identifier: Apache-2.0
"""Over the API a table comes back with the rows that may be used and why not the rest; users are taken in by rows."""

import io
import json
import resource
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq
import pytest
from api_house import Api, size
from house import VALUES, between, grounded, newcomer, reopened
from office_house import serving, with_offices

from keshou.acts.request import Record
from keshou.app import table_gate
from keshou.app.site import Site
from keshou.db import Database
from keshou.gate.facts import ConsentGiven, ConsentWithdrawn
from keshou.law.terms import ConsentStrength
from keshou.ledger.entry import decode

USERS = ["u1", "u2", "u3", "nobody"]
ROWS = pa.table({"user_id": USERS, "tariff_plan": ["a", "b", "c", "d"], "note": ["1", "2", "3", "4"]})
JUDGE = "/tables/judgements?purpose=service"
CSV, PARQUET, ARROW = "text/csv", "application/vnd.apache.parquet", "application/vnd.apache.arrow.stream"
NEW = "user_id,user_name,mobile_number,services,consents\n{}"


@pytest.fixture
def site(database: Database, tmp_path: Path) -> Iterator[Site]:
    with with_offices(database, tmp_path) as site:
        site.do_all([newcomer(site, user) for user in USERS[:3]])
        site.do(Record(user="u2", facts=(ConsentWithdrawn(at=site.now(), purpose="service"),), by="user"))
        yield site


@pytest.fixture
def api(site: Site) -> Iterator[Api]:
    with serving(site) as api:
        yield api


def written(kind: str, rows: pa.Table = ROWS) -> bytes:
    sink = io.BytesIO()
    if kind == CSV:
        pacsv.write_csv(rows, sink)
    elif kind == PARQUET:
        pq.write_table(rows, sink)
    else:
        with pa.ipc.new_stream(sink, rows.schema) as stream:
            stream.write_table(rows)
    return sink.getvalue()


def table_of(kind: str, data: bytes) -> dict[str, list[Any]]:
    source = io.BytesIO(data)
    if kind == CSV:
        found = pacsv.read_csv(source)
    else:
        found = pq.read_table(source) if kind == PARQUET else pa.ipc.open_stream(source).read_all()
    columns: dict[str, list[Any]] = found.to_pydict()
    return columns


def judged(api: Api, body: bytes, kind: str = CSV, *, who: str = "clerk1", path: str = JUDGE, key: str = "") -> Any:
    return api.post(path, body, who, key=key, **{"Content-Type": kind})


def opened(answer: Any) -> dict[str, bytes]:
    assert answer.status_code == 200, answer.text
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        return {name.partition(".")[0]: archive.read(name) for name in archive.namelist()}


@pytest.mark.parametrize("kind", [CSV, PARQUET, ARROW])
def test_the_rows_that_may_be_used_come_back_and_why_not_the_rest(api: Api, site: Site, kind: str) -> None:
    parts = opened(judged(api, written(kind), kind))
    verdict = json.loads(parts["verdict"])
    assert table_of(kind, parts["kept"])["user_id"] == ["u1", "u3"]
    denied = table_of(kind, parts["denied"])
    assert denied["user"] == ["u2", "nobody"]
    assert all(denied["cites"])
    assert (verdict["rows"], verdict["permitted"], verdict["items"]) == (4, 2, ["tariff_plan"])
    with site.reading() as tx:
        header = decode(site.ledger.entry(tx, verdict["entry"]))
    assert (header.who, header.event, header.count) == ("clerk1", "judged:use", 4)


def test_a_column_that_nobody_explained_is_not_answered_and_one_that_is_kept_is_recorded(api: Api, site: Site) -> None:
    rows = ROWS.append_column("phone", [["15499990001"] * 4])
    parts = opened(judged(api, written(CSV, rows)))
    assert list(table_of(CSV, parts["kept"])) == ["user_id", "tariff_plan"]
    assert json.loads(parts["verdict"])["left_out"] == ["note", "phone"]
    parts = opened(judged(api, written(CSV, rows), path=f"{JUDGE}&map=phone=mobile_number&keep=note"))
    assert list(table_of(CSV, parts["kept"])) == rows.column_names
    verdict = json.loads(parts["verdict"])
    assert (verdict["left_out"], verdict["items"]) == ([], ["mobile_number", "tariff_plan"])
    with site.reading() as tx:
        assert b'"plain":["note"]' in site.ledger.entry(tx, verdict["entry"])


def test_sent_again_it_is_recorded_once_and_no_table_is_shown(api: Api, site: Site) -> None:
    body = written(CSV)
    first = json.loads(opened(judged(api, body, key="k"))["verdict"])
    before = size(site)
    again = opened(judged(api, body, key="k"))
    assert set(again) == {"verdict"}
    assert json.loads(again["verdict"]) == first | {"repeated": True}
    other = judged(api, written(CSV, ROWS.slice(1)), key="k")
    assert judged(api, body, key="k", path=f"{JUDGE}&keep=note").json()["type"] == other.json()["type"]
    assert other.json()["type"] == "/problems/request-repeated"
    assert size(site) == before


def test_a_review_is_used_up_by_the_table_that_it_let_through(api: Api) -> None:
    asked = {"kind": "export", "purpose": "service", "items": ["tariff_plan"], "count": 4}
    name = api.post("/reviews", asked, "lister").json()["id"]
    path = f"/tables/judgements?purpose=service&kind=export&review={name}"
    assert json.loads(opened(judged(api, written(CSV), who="lister", path=path))["verdict"])["permitted"] == 0
    assert api.post(f"/reviews/{name}/answer", {"approved": True}, "judge", **{"If-Match": '"1"'}).status_code == 200
    assert json.loads(opened(judged(api, written(CSV), who="lister", path=path, key="e"))["verdict"])["permitted"] == 2
    assert api.get(f"/reviews/{name}", "lister").json()["state"] == "used"
    assert json.loads(opened(judged(api, written(CSV), who="lister", path=path, key="e"))["verdict"])["repeated"]


def test_sent_again_a_table_that_went_out_is_told_as_recorded_whatever_adds_up_or_came_true(
    api: Api, site: Site
) -> None:
    """Judged anew it would be one user more than may go without a review, and then nobody's."""
    body, path = written(CSV), f"{JUDGE}&kind=export"
    small = written(CSV, ROWS.slice(0, 2))
    first = json.loads(opened(judged(api, small, who="lister", path=path, key="e"))["verdict"])
    assert (first["permitted"], first["rows"], set(first["by_article"].values())) == (1, 2, {1})
    assert json.loads(opened(judged(api, body, who="lister", path=path))["verdict"])["permitted"] == 0
    before = size(site)
    for _ in range(2):
        again = opened(judged(api, small, who="lister", path=path, key="e"))
        assert (set(again), json.loads(again["verdict"])) == ({"verdict"}, first | {"repeated": True})
    assert size(site) == before
    site.do(Record(user="u1", facts=(ConsentWithdrawn(at=site.now(), purpose="service"),), by="user"))
    given = ConsentGiven(at=site.now(), purpose="service", strength=ConsentStrength.EXPRESS, version=1)
    site.do(Record(user="u2", facts=(given,), by="user"))
    again = opened(judged(api, small, who="lister", path=path, key="e"))
    assert json.loads(again["verdict"]) == first | {"repeated": True}, "no row is newly permitted or refused"


@pytest.mark.parametrize(
    ("who", "path", "status"),
    [
        ("user", JUDGE, 403), ("inspector", JUDGE, 403), ("reader", JUDGE, 403),
        ("narrow", "/tables/judgements?purpose=marketing", 403), ("stale_boss", f"{JUDGE}&kind=export", 403),
        ("clerk1", "/tables/judgements", 400), ("clerk1", f"{JUDGE}&kind=steal", 400),
        ("clerk1", f"{JUDGE}&items=a,,b", 400), ("clerk1", f"{JUDGE}&user_column=who", 422),
        ("clerk1", f"{JUDGE}&keep=a,,b", 400), ("clerk1", f"{JUDGE}&keep=tariff_plan", 422),
        ("clerk1", f"{JUDGE}&map=note", 422), ("clerk1", f"{JUDGE}&map=note=colour", 422),
    ],
)  # fmt: skip
def test_who_may_not_ask_or_asks_wrongly_is_refused(api: Api, site: Site, who: str, path: str, status: int) -> None:
    before = size(site)
    assert judged(api, written(CSV), who=who, path=path).status_code == status
    assert size(site) == before


@pytest.mark.parametrize(
    ("kind", "body", "status"),
    [
        ("application/json", b"{}", 415), (CSV, b"", 422), (CSV, b"user_id,user_id\nu1,u1\n", 422),
        (CSV, b"user_id,tariff_plan\nu1\n", 422), (CSV, b"user_id,tariff_plan\n\xff,a\n", 422),
        (CSV, b"user_id,note\nu1,a\n", 422), (PARQUET, b"PAR1 no", 422), (PARQUET, written(PARQUET)[:-20], 422),
        (PARQUET, written(PARQUET)[:40] + bytes(40) + written(PARQUET)[80:], 422), (ARROW, b"", 422),
        (ARROW, written(ARROW)[:-200], 422), (ARROW, b"\xff\xff\xff\xff\x00\x00\x00\x7f", 422),
    ],
)  # fmt: skip
def test_what_is_no_table_is_refused_and_nothing_recorded(
    api: Api, site: Site, kind: str, body: bytes, status: int
) -> None:
    before = size(site)
    answer = judged(api, body, kind)
    assert answer.status_code == status, answer.text
    assert size(site) == before


def packed(kind: str, rows: int, value: str, compression: str) -> bytes:
    """Return a small table that is large once it is read: one value over and over."""
    sink, same = io.BytesIO(), pa.array([value]).take(pa.array([0] * rows))
    table = pa.table({"user_id": same, "tariff_plan": same})
    if kind == PARQUET:
        pq.write_table(table, sink, compression=compression)
    else:
        options = pa.ipc.IpcWriteOptions(compression=compression)
        with pa.ipc.new_stream(sink, table.schema, options=options) as stream:
            stream.write_table(table)
    return sink.getvalue()


@pytest.mark.parametrize(
    ("kind", "rows", "value", "compression"),
    [
        (PARQUET, 1_000_001, "u1", "snappy"), (PARQUET, 10, "u1" * 5000, "zstd"), (PARQUET, 10, "u1" * 5000, "gzip"),
        (ARROW, 10, "u1" * 5000, "zstd"), (ARROW, 10, "u1" * 5000, "lz4"),
    ],
)  # fmt: skip
def test_a_small_table_that_unpacks_to_much_is_refused_before_it_is_unpacked(
    api: Api, site: Site, *, kind: str, rows: int, value: str, compression: str
) -> None:
    before = size(site)
    answer = judged(api, packed(kind, rows, value, compression), kind)
    assert answer.status_code == 422, answer.text
    assert size(site) == before


def test_a_text_that_very_many_rows_have_is_held_once_for_all(api: Api) -> None:
    """Read out for each row these would be thirty gigabytes."""
    rows = 60_000
    users, note = pa.array(["u1"]).take(pa.array([0] * rows)), pa.array(["x" * 500_000])
    table = pa.table({"user_id": users, "note": pa.DictionaryArray.from_arrays(pa.array([0] * rows, pa.int32()), note)})
    sink = io.BytesIO()
    pq.write_table(table, sink, compression="snappy", store_schema=False)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    answer = judged(api, sink.getvalue(), PARQUET, path=f"{JUDGE}&items=tariff_plan&keep=note")
    assert answer.status_code == 200, answer.text
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 1_000_000, "kilobytes"


def test_an_id_that_is_too_long_to_be_one_is_refused(api: Api) -> None:
    rows = pa.table({"user_id": ["u1", "u" * 5000], "tariff_plan": ["a", "b"]})
    assert judged(api, written(PARQUET, rows), PARQUET).status_code == 422


def test_what_is_answered_in_parquet_can_be_sent_again(api: Api) -> None:
    kept = opened(judged(api, written(PARQUET), PARQUET))["kept"]
    assert judged(api, kept, PARQUET).status_code == 200


def test_nothing_of_a_table_touches_a_disk(api: Api, tmp_path: Path) -> None:
    mark = "PLANTED-7f3a"
    rows = ROWS.set_column(1, "tariff_plan", [[mark] * 4])
    for kind in (CSV, PARQUET, ARROW):
        assert mark.encode() in opened(judged(api, written(kind, rows), kind))["kept"] or kind == PARQUET
    assert not [path for path in tmp_path.rglob("*") if path.is_file() and mark.encode() in path.read_bytes()]


def take_in(api: Api, row: str, who: str = "clerk1", query: str = "") -> Any:
    return api.post(f"/tables/intakes{query}", NEW.format(row).encode(), who, **{"Content-Type": CSV})


def row(user: str) -> str:
    return f"{user},{VALUES['user_name']},{VALUES['mobile_number']},mobile,service:express\n"


def test_users_are_taken_in_once_and_may_be_served_then(api: Api, site: Site) -> None:
    session = {"who": "fresh"}
    first = take_in(api, row("n1") + row("n2"), **session)
    assert first.json() == {"rows": 2, "taken": 2, "faults": []}, first.text
    before = size(site)
    again = take_in(api, row("n1") + row("n2"), **session).json()
    assert (again["taken"], {each["code"] for each in again["faults"]}) == (0, {"user_known"})
    assert size(site) == before


def test_one_bad_row_keeps_all_out_or_only_itself(api: Api, site: Site) -> None:
    before = size(site)
    body = row("n1") + "n2\n"
    stopped = take_in(api, body, "fresh").json()
    assert (stopped["taken"], [each["row"] for each in stopped["faults"]]) == (0, [2])
    assert size(site) == before
    assert take_in(api, body, "fresh", "?on_error=skip").json()["taken"] == 1


def test_what_the_gate_denies_is_told_with_its_articles(api: Api) -> None:
    found = take_in(api, row("n1"), "lister").json()
    assert (found["taken"], found["faults"][0]["code"]) == (0, "denied")
    assert found["faults"][0]["cites"]


@pytest.mark.parametrize(
    ("who", "query", "status"),
    [
        ("user", "", 403), ("reader", "", 403), ("narrow", "", 403), ("narrow", "?purposes=service", 403),
        ("stale_boss", "", 403), ("fresh", "?on_error=perhaps", 400), ("fresh", "?map=a", 422),
        ("fresh", "?purposes=nothing", 422),
    ],
)  # fmt: skip
def test_who_may_not_take_users_in_is_refused(api: Api, site: Site, who: str, query: str, status: int) -> None:
    before = size(site)
    answer = take_in(api, row("n1"), who, query)
    assert answer.status_code == status, answer.text
    assert size(site) == before


@pytest.mark.parametrize("kind", [CSV, PARQUET, ARROW])
def test_a_server_that_has_just_begun_answers_as_of_now_whatever_is_said_meanwhile(
    site: Site, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    grounded(site, "u2", by="boss")
    with reopened(site) as other, serving(other) as api:

        def write() -> None:
            site.record("u1", ConsentWithdrawn(at=site.now(), purpose="service"))
            site.record("u2", ConsentWithdrawn(at=site.now(), purpose="service"))

        times = between(monkeypatch, table_gate, "_judge", write)
        parts = opened(judged(api, written(kind), kind, path=f"{JUDGE}&ground=g1"))
    assert table_of(kind, parts["kept"])["user_id"] == ["u2", "u3"]
    assert table_of(kind, parts["denied"])["user"] == ["u1", "nobody"]
    assert len(times) == 2
