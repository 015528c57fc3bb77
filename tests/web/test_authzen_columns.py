# SPDX-License-Identifier: Apache-2.0
"""Streams of questions are answered row by row as the protocol's JSON would be; what is no whole stream, not at all."""

import datetime as dt
import itertools
import json
import random
import struct
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
import pytest
from callers import CLERK, CRM, bearer, served
from house import START, Clock, newcomer, ready
from litestar import Litestar
from litestar.testing import TestClient

from keshou.app.site import Site
from keshou.db import Database
from keshou.gate.facts import ConsentGiven, ConsentWithdrawn, GroundRecorded, ReviewApproved
from keshou.law.terms import ActKind, ConsentStrength
from keshou.web.authzen import columns as face
from keshou.wire.authzen_arrow import MEDIA_TYPE, TEXTS
from keshou.wire.caller import Caller, CallerKind, Scope

NARROW = Caller(
    id="biller", kind=CallerKind.PROGRAM, scopes=frozenset({Scope.EVALUATE}), purposes=frozenset({"service"}),
    acts=frozenset({ActKind.USE, ActKind.QUERY}),
)  # fmt: skip
USER = Caller(id="user", kind=CallerKind.USER, user="u1")
LIFE = dt.timedelta(days=30)
CALLERS = {"crm": CRM, "clerk": CLERK, "narrow": NARROW, "user": USER}
USERS = ("u1", "u2", "u3", "u4", "stranger", "user", "self", "", "\0", None)
WORDS: dict[str, tuple[Any, ...]] = {
    "user": USERS,
    "kind": ("use", "use", "use", "query", "collect", "delete", "destroy", "export", "provide", "teleport", "", None),
    "by": ("clerk1", "clerk1", "biller", "lister", "nobody", "self", "user", "u1", "u2", "", "\0", None),
    "subject": ("staff", "staff", "agent", "service", "user", "user", "robot", "", None),
    "purpose": ("service", "service", "billing", "marketing", "none", "", None),
    "post": ("clerk", "counter", "", None, None, None),
    "where": ("b1", "", None, None),
    "recipient": ("courier", "nobody", "", None, None, None),
    "review": ("r1", None, None),
    "ground": ("g1", None, None),
    "items": (
        ["tariff_plan"], ["tariff_plan"], ["user_name", "tariff_plan"], ["id_document_number"], ["bill"], [],
        ["tariff_plan", "tariff_plan"], ["nonsense,tariff_plan"], [""], None,
    ),
    "count": (1, 1, 1, 2, 5000, 0, -1, None),
}  # fmt: skip


GROUND = GroundRecorded(
    at=START, ground="g1", cite="csl:28", rank="law", recorded_by="officer", kinds=frozenset({ActKind.USE}),
    purposes=frozenset({"service"}), items=frozenset({"tariff_plan"}), users=frozenset({"u2"}), until=START + LIFE,
)  # fmt: skip
REVIEW = ReviewApproved(
    at=START, review="r1", requester="lister", reviewer="judge", kind=ActKind.EXPORT, purpose="service",
    items=frozenset({"tariff_plan"}), count=100_000, until=START + LIFE,
)  # fmt: skip


@pytest.fixture
def site(database: Database, tmp_path: Path, clock: Clock) -> Iterator[Site]:
    site = ready(database, tmp_path, clock)
    site.do_all([newcomer(site, f"u{number}") for number in range(1, 5)])
    site.record_site(GROUND, by="officer")
    site.record_site(REVIEW, by="judge")
    site.record("u2", ConsentWithdrawn(at=site.now(), purpose="service"))
    site.cancel("u3")
    yield site
    site.close()


@pytest.fixture
def client(site: Site) -> Iterator[TestClient[Litestar]]:
    with TestClient(served(site, CALLERS), base_url="http://127.0.0.1") as client:
        yield client


def stream(table: pa.Table, **options: Any) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema, options=pa.ipc.IpcWriteOptions(**options)) as writer:
        writer.write_table(table, max_chunksize=100)
    return bytes(sink.getvalue().to_pybytes())


def post(client: TestClient[Litestar], body: bytes, who: str = "crm", **headers: str) -> Any:
    headers = {"Content-Type": MEDIA_TYPE, "Accept-Language": "en"} | bearer(who) | headers
    return client.post("/api/v1/evaluations", content=body, headers=headers)


def answers(client: TestClient[Litestar], body: bytes, who: str = "crm", **headers: str) -> pa.Table:
    found = post(client, body, who, **headers)
    assert found.status_code == 200, found.text
    assert found.headers["content-type"] == MEDIA_TYPE
    return pa.ipc.open_stream(found.content).read_all()


def in_json(row: dict[str, Any]) -> dict[str, Any]:
    """Return what a row asks in the protocol's words."""

    def given(**values: Any) -> dict[str, Any]:
        return {name: value for name, value in values.items() if value is not None}

    whole = {
        "subject": given(
            type="staff" if row.get("subject") is None else row["subject"],
            id=row["by"],
            properties=given(post=row.get("post"), where=row.get("where")),
        ),
        "action": given(name=row["kind"], properties=given(recipient=row.get("recipient"))),
        "resource": given(
            type="personal_information", id=row["user"],
            properties=given(items=row.get("items") or [], count=row.get("count")),
        ),
        "context": given(purpose=row.get("purpose"), review=row.get("review"), ground=row.get("ground")),
    }  # fmt: skip
    needed = {"subject": row["by"], "action": row["kind"], "resource": row["user"]}
    return {name: part for name, part in whole.items() if needed.get(name, "") is not None}


SOUND: tuple[dict[str, Any], ...] = (
    {"user": "u1", "kind": "use", "by": "clerk1", "purpose": "service", "items": ["tariff_plan"]},
    {"user": "u1", "kind": "query", "by": "u1", "subject": "user", "purpose": "service", "items": ["tariff_plan"]},
)


def random_rows(seed: int, size: int, names: tuple[str, ...] = tuple(WORDS)) -> list[dict[str, Any]]:
    """Return rows that would be permitted but for a few of their columns."""
    chance, blank = random.Random(seed), dict.fromkeys(names)
    rows = [blank | {name: value for name, value in chance.choice(SOUND).items() if name in names} for _ in range(size)]
    return [
        {name: chance.choice(WORDS[name]) if chance.random() < 0.2 else row[name] for name in names} for row in rows
    ]


def table_of(rows: list[dict[str, Any]], names: tuple[str, ...] = tuple(WORDS), *, coded: bool = False) -> pa.Table:
    kinds: dict[str, pa.DataType] = dict.fromkeys(TEXTS, pa.string())
    kinds |= {"items": pa.list_(pa.string()), "count": pa.int64()}
    table = pa.table({name: pa.array([row[name] for row in rows], kinds[name]) for name in names})
    for place, name in enumerate(table.column_names):
        if coded and name in TEXTS:
            table = table.set_column(place, name, table.column(name).dictionary_encode())
    return table


def judged_in_json(client: TestClient[Litestar], rows: list[dict[str, Any]], who: str) -> list[Any]:
    body = msgspec.json.encode({"evaluations": [in_json(row) for row in rows]})
    headers = bearer(who) | {"Content-Type": "application/json"}
    found = client.post("/access/v1/evaluations", content=body, headers=headers)
    assert found.status_code == 200, found.text
    return list(found.json()["evaluations"])


@pytest.mark.parametrize("who", ["crm", "clerk", "narrow", "user"])
@pytest.mark.parametrize("coded", [False, True])
def test_every_row_is_answered_as_the_json_face_answers_it(
    client: TestClient[Litestar], who: str, *, coded: bool
) -> None:
    met: Counter[str] = Counter()
    for seed in range(4):
        rows = random_rows(seed, 1000)
        met += compare(client, rows, who, coded=coded)
    assert min(met["permitted"], met["wrong"]) > 5
    assert met["denied"] > 5 or who == "user"


def compare(client: TestClient[Litestar], rows: list[dict[str, Any]], who: str, *, coded: bool) -> Counter[str]:
    """Hold a stream's answers against those in JSON; return how many there were of each."""
    met: Counter[str] = Counter()
    found = answers(client, stream(table_of(rows, coded=coded)), who)
    told = json.loads(found.schema.metadata[b"keshou.prohibitions"])
    named = {int(place): each["prohibition"] for place, each in told.items()}
    for row, answer, expected in zip(rows, found.to_pylist(), judged_in_json(client, rows, who), strict=True):
        assert answer["decision"] is expected["decision"], row
        error = expected.get("context", {}).get("error")
        assert answer["error"] == (error["message"] if error else None), row
        if error:
            assert answer["reason_code"] is None
            met["wrong"] += 1
            continue
        reasons = {each["prohibition"] for each in expected["context"].get("reasons", ())}
        assert {name for place, name in named.items() if answer["reason_code"] >> place & 1} == reasons, row
        met["permitted" if answer["decision"] else "denied"] += 1
    return met


@pytest.mark.parametrize("later", [dt.timedelta(seconds=-1), dt.timedelta(days=3650)])
def test_facts_a_little_ahead_of_the_clock_and_times_that_are_over_count_as_in_json(
    client: TestClient[Litestar], site: Site, clock: Clock, later: dt.timedelta
) -> None:
    clock.moment += dt.timedelta(hours=2)
    site.record("u4", ConsentWithdrawn(at=site.now(), purpose="service"))
    clock.moment += later
    rows = [row | {"user": chosen} for row, chosen in zip(random_rows(9, 3000), itertools.cycle(["u3", "u4"]))]
    for row in rows[::3]:
        row |= {"kind": "destroy", "by": "clerk1", "purpose": "service", "items": ["resident_id_number"], "count": 1}
    for row in rows[1::3]:
        row |= {**ASKED, "user": "u4", "ground": None, "count": 1, "recipient": None, "post": None, "subject": "staff"}
    met = compare(client, rows, "crm", coded=True)
    assert met["denied"] > 900, "the withdrawal counts"


def test_a_ground_that_names_users_counts_for_them_alone(client: TestClient[Litestar]) -> None:
    rows = [{**ASKED, "user": user, "ground": ground} for ground in ("g1", None) for user in ("u2", "u3", "stranger")]
    found = answers(client, stream(table_of(rows, (*ASKED, "ground"))))
    assert found.column("decision").to_pylist() == [True, False, False, False, False, False]


def test_columns_may_be_few_and_the_batches_come_back_as_they_went(client: TestClient[Litestar]) -> None:
    names = ("user", "kind", "by", "purpose", "items")
    rows = random_rows(7, 950, names)
    body = stream(table_of(rows, names))
    found = post(client, body)
    batches = list(pa.ipc.open_stream(found.content))
    assert [len(each) for each in batches] == [100] * 9 + [50]
    decisions = [each for batch in batches for each in batch.column("decision").to_pylist()]
    assert decisions == [each["decision"] for each in judged_in_json(client, rows, "crm")]


def test_no_rows_are_no_answers(client: TestClient[Litestar]) -> None:
    assert len(answers(client, stream(table_of([])))) == 0


def test_who_prefers_the_least_is_told_the_decisions_alone(client: TestClient[Litestar]) -> None:
    found = answers(client, stream(table_of(random_rows(3, 50))), Prefer="return=minimal")
    assert found.column_names == ["decision", "error"]
    assert not found.schema.metadata


ASKED = {"user": "u1", "kind": "use", "by": "clerk1", "purpose": "service", "items": ["tariff_plan"]}


def ask(client: TestClient[Litestar], users: list[str]) -> list[bool]:
    rows = [{**ASKED, "user": user} for user in users]
    return answers(client, stream(table_of(rows, tuple(ASKED)))).column("decision").to_pylist()


def test_what_users_say_counts_from_the_next_stream_on(client: TestClient[Litestar], site: Site) -> None:
    assert ask(client, ["u1", "u2", "u4", "u5"]) == [True, False, True, False]
    site.record("u1", ConsentWithdrawn(at=site.now(), purpose="service"))
    assert ask(client, ["u1", "u2", "u4", "u5"]) == [False, False, True, False]
    site.do(newcomer(site, "u5"))
    rules = site.rules()
    assert rules is not None
    express = ConsentStrength.EXPRESS
    site.record("u2", ConsentGiven(at=site.now(), purpose="service", version=rules.version, strength=express))
    assert ask(client, ["u1", "u2", "u4", "u5"]) == [False, True, True, True]


def test_more_users_than_are_kept_are_answered_all_the_same(
    client: TestClient[Litestar], site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(site, "settings", msgspec.structs.replace(site.settings, standings=2))
    for _ in range(2):
        assert ask(client, ["u1", "u2", "u4", "nobody1", "nobody2"]) == [True, False, True, False, False]
        assert ask(client, ["u4"]) == [True]


def test_nothing_is_recorded(client: TestClient[Litestar], site: Site) -> None:
    with site.reading() as tx:
        before = site.ledger.head(tx).size
    ask(client, ["u1"])
    with site.reading() as tx:
        assert site.ledger.head(tx).size == before


def sound() -> bytes:
    return stream(table_of([ASKED] * 300, tuple(ASKED), coded=True))


def test_a_stream_that_is_cut_anywhere_is_refused_whole(client: TestClient[Litestar]) -> None:
    whole = sound()
    assert post(client, whole).status_code == 200
    for size in [*range(64), *range(64, len(whole), 97), len(whole) - 8, len(whole) - 1]:
        found = post(client, whole[:size])
        assert (found.status_code, found.json()["type"]) == (400, "/problems/malformed"), size


def test_a_stream_that_is_changed_anywhere_is_refused_or_answered_and_never_ends_the_server(
    client: TestClient[Litestar],
) -> None:
    chance, whole = random.Random(5), sound()
    refused = 0
    for _ in range(800):
        forged = bytearray(whole)
        for _ in range(chance.choice((1, 1, 4))):
            place = chance.randrange(len(forged))
            forged[place] = chance.randrange(256)
        status = post(client, bytes(forged)).status_code
        assert status in (200, 400, 413)
        refused += status != 200
    assert refused > 50
    assert post(client, whole).status_code == 200


def test_what_follows_the_end_is_refused(client: TestClient[Litestar]) -> None:
    assert post(client, sound() + sound()).status_code == 400


@pytest.mark.parametrize("body", [b"", b"{}", b"PAR1", b"ARROW1\0\0", b"\xff" * 64, bytes(64)])
def test_what_is_no_stream_is_refused(client: TestClient[Litestar], body: bytes) -> None:
    assert post(client, body).status_code == 400


@pytest.mark.parametrize("how", ["lz4", "zstd"])
def test_what_is_compressed_is_refused_so_that_little_never_becomes_much(
    client: TestClient[Litestar], how: str
) -> None:
    for coded in (False, True):
        table = table_of([ASKED] * 5000, tuple(ASKED), coded=coded)
        assert "compressed" in post(client, stream(table, compression=how)).json()["detail"]


def holed(word: str) -> pa.DictionaryArray:
    """Return `word` and a missing value that is a value of the dictionary's own."""
    return pa.DictionaryArray.from_arrays(pa.array([0, 1]), pa.array([word, None]))


@pytest.mark.parametrize("name", ["user", "by", "kind", "purpose"])
def test_a_value_missing_within_a_dictionary_is_missing(client: TestClient[Litestar], name: str) -> None:
    plain = table_of([ASKED, {**ASKED, name: None}], tuple(ASKED))
    table = plain.set_column(plain.schema.get_field_index(name), name, holed(str(ASKED[name])))
    found, expected = answers(client, stream(table)), answers(client, stream(plain))
    assert found.to_pylist() == expected.to_pylist()
    assert found.column("decision").to_pylist() == [True, False]


def test_an_item_missing_within_a_dictionary_is_refused(client: TestClient[Litestar]) -> None:
    items = pa.ListArray.from_arrays(pa.array([0, 1, 2], pa.int32()), holed("tariff_plan"))
    table = table_of([ASKED] * 2, tuple(ASKED)).drop_columns("items").append_column("items", items)
    found = post(client, stream(table))
    assert (found.status_code, found.json()["type"]) == (400, "/problems/malformed")


@pytest.mark.parametrize("change", [
    {"user": pa.array([1])}, {"user": pa.array([b"u1"])}, {"user": pa.nulls(1)}, {"kind": pa.array([True])},
    {"by": pa.array([["clerk1"]])}, {"items": pa.array([[1]])}, {"items": pa.array([[["tariff_plan"]]])},
    {"count": pa.array([1.0])}, {"count": pa.array(["1"])}, {"purposes": pa.array(["service"])},
    {"items": pa.array([["tariff_plan", None]])},
    {"purpose": pa.array([{"a": "service"}])}, {"user": None}, {"kind": None}, {"by": None},
    {"user": pa.array([1]).dictionary_encode()}, {"where": pa.array(["b1"]).cast(pa.string_view())},
])  # fmt: skip
def test_columns_that_are_missing_unknown_or_of_an_odd_type_are_refused(
    client: TestClient[Litestar], change: dict[str, Any]
) -> None:
    columns = {name: pa.array([value]) for name, value in ASKED.items()} | change
    table = pa.table({name: values for name, values in columns.items() if values is not None})
    found = post(client, stream(table))
    assert (found.status_code, found.json()["type"]) == (400, "/problems/malformed")
    assert "u1" not in found.text


def test_a_column_that_comes_twice_is_refused(client: TestClient[Litestar]) -> None:
    names = ["user", "kind", "by", "user"]
    table = pa.table([pa.array(["u1"]), pa.array(["use"]), pa.array(["clerk1"]), pa.array(["u2"])], names=names)
    assert post(client, stream(table)).status_code == 400


def test_too_many_rows_or_bytes_are_too_large(client: TestClient[Litestar], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(face, "MOST_ROWS", 299)
    assert post(client, sound()).status_code == 413
    monkeypatch.undo()
    monkeypatch.setattr(face, "MOST_QUESTIONS", 1)
    assert post(client, sound()).status_code == 200
    assert post(client, stream(table_of(random_rows(1, 50)))).status_code == 413
    monkeypatch.undo()
    assert post(client, bytes(face.MOST_BYTES + 1)).status_code == 413


def test_rows_that_are_told_and_not_there_are_refused_before_anything_is_made_of_them(
    client: TestClient[Litestar],
) -> None:
    whole = sound()
    forged = whole.replace(struct.pack("<q", 100), struct.pack("<q", 1 << 40))
    assert forged != whole
    assert post(client, forged).status_code in (400, 413)


@pytest.mark.parametrize("kind", ["application/json", "text/plain", "", "application/vnd.apache.arrow.file"])
def test_another_media_type_is_refused(client: TestClient[Litestar], kind: str) -> None:
    assert post(client, sound(), **{"Content-Type": kind}).status_code == 415


def test_nobody_asks_without_proving_who_they_are(client: TestClient[Litestar]) -> None:
    assert client.post("/api/v1/evaluations", content=sound(), headers={"Content-Type": MEDIA_TYPE}).status_code == 401
