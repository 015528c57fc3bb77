# SPDX-License-Identifier: Apache-2.0
"""A large table is taken in in the background: put down sealed, in its turn, told by rows and never by values."""

import datetime as dt
import itertools
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import anyio
import msgspec
import pytest
from api_house import Api, size
from callers import bearer
from house import SITE, Clock, declared, newcomer
from office_house import serving, with_offices

from keshou.app.importer import Importer, Wanted
from keshou.app.intake import Intake
from keshou.app.site import Site
from keshou.db import Database
from keshou.declaration.model import Declaration
from keshou.gate.facts import StaffRemoved
from keshou.imports.job import Failure, State
from keshou.imports.sealed_table import SealedTable
from keshou.vault.keys import FileKeys

HEAD = "user_id,user_name,mobile_number,services,consents\n"
VALUE = "planted-value"
MINUTES = dt.timedelta(minutes=5)


@pytest.fixture
def site(database: Database, tmp_path: Path, clock: Clock) -> Iterator[Site]:
    with with_offices(database, tmp_path, clock) as site:
        site.do(newcomer(site, "known"))
        yield site


@pytest.fixture
def api(site: Site) -> Iterator[Api]:
    with serving(site) as api:
        yield api


def rows(count: int, first: int = 0) -> str:
    return "".join(f"N-{n},{VALUE},154999{n:05},mobile,service:express\n" for n in range(first, first + count))


def send(api: Api, table: Any, query: str = "", *, who: str = "clerk1", key: str = "", kind: str = "text/csv") -> Any:
    data = table.encode() if isinstance(table, str) else table
    return api.post(f"/imports{query}", data, who, key=key, **{"Content-Type": kind})


def outcome(api: Api, sent: Any, who: str = "clerk1") -> Any:
    """Wait for what becomes of a table."""
    assert sent.status_code == 202, sent.text
    for _ in range(600):
        found = api.get(f"/imports/{sent.json()['id']}", who)
        assert found.status_code == 200, found.text
        assert VALUE not in found.text
        if found.json()["state"] in ("done", "failed"):
            return found.json()
        time.sleep(0.05)
    raise AssertionError(found.text)


def on_record(site: Site, *users: str) -> list[bool]:
    with site.reading() as tx:
        return [site._is_known(tx, user) for user in users]


def test_a_table_is_taken_in_and_its_report_names_rows_and_reasons(api: Api, site: Site) -> None:
    bad = f"N-3,{VALUE},15499900003,television,\nknown,{VALUE},1,mobile,service:express\n"
    sent = send(api, HEAD + rows(3) + bad, "?on_error=skip")
    assert (sent.json()["state"], sent.json()["outcome"]) == ("waiting", None)
    found = outcome(api, sent)
    assert (found["state"], found["failure"], found["rows"], found["seen"]) == ("done", None, 5, 5)
    told = found["outcome"]
    assert (told["rows"], told["taken"], told["refused"]) == (5, 3, {"unknown_service": 1, "user_known": 1})
    assert [(each["row"], each["code"], each["column"]) for each in told["faults"]] == [
        (4, "unknown_service", "services"), (5, "user_known", "user_id"),
    ]  # fmt: skip
    assert on_record(site, "N-0", "N-2", "N-3") == [True, True, False]


def test_with_stop_one_bad_row_keeps_all_out(api: Api, site: Site) -> None:
    before = size(site)
    found = outcome(api, send(api, HEAD + rows(3) + "N-9,x,1,television,\n"))
    assert (found["state"], found["outcome"]["taken"], found["seen"]) == ("done", 0, 4)
    assert (size(site), on_record(site, "N-0")) == (before, [False])


DENIED = f"N-9999,{VALUE},15499909999,mobile,\n"
"""A row of somebody who agreed to nothing."""


def test_with_stop_a_row_that_the_gate_would_deny_keeps_all_out_and_nothing_is_recorded(api: Api, site: Site) -> None:
    before = size(site)
    found = outcome(api, send(api, HEAD + rows(1000) + DENIED + rows(1000, 2000)))["outcome"]
    assert (found["rows"], found["taken"], found["refused"]) == (2001, 0, {"denied": 1})
    assert found["faults"][0]["row"] == 1001
    assert found["faults"][0]["cites"]
    assert (size(site), on_record(site, "N-0", "N-9999")) == (before, [False, False])


def test_with_stop_what_changes_while_rows_go_in_ends_it_there_and_says_how_many_are_in(site: Site) -> None:
    def leave(_rows: int) -> None:
        if not site.state().appointments("clerk1"):
            return
        site.record_site(StaffRemoved(at=site.now(), staff="clerk1", post="clerk"), by="officer")

    intake = Intake(site, (HEAD + rows(2500)).encode(), by="clerk1")
    report = intake.run("stop", on_taken=leave, by_parts=True)
    assert (report.taken, {each.code for each in report.faults}) == (1000, {"denied"})
    assert [each.row for each in report.faults] == list(range(1001, 2001))
    assert on_record(site, "N-999", "N-1000") == [True, False]


def plan_apart() -> Declaration:
    """Return rules by which the plan is collected for a purpose of its own."""
    rules = declared()
    service, *others = rules.purposes
    for_plan = tuple(each for each in service.needs if each.item == "tariff_plan")
    for_rest = tuple(each for each in service.needs if each.item != "tariff_plan")
    plan = msgspec.structs.replace(service, id="plan", needs=for_plan)
    purposes = (msgspec.structs.replace(service, needs=for_rest), plan, *others)
    grants = tuple(
        msgspec.structs.replace(each, purposes=(*each.purposes, "plan")) if each.post == "clerk" else each
        for each in rules.grants
    )
    return msgspec.structs.replace(rules, purposes=purposes, grants=grants)


def test_what_the_gate_is_asked_beforehand_is_what_it_answers_when_rows_go_in(site: Site) -> None:
    """Of rows of every making, some of two acts, none is let through beforehand and denied at the door."""
    site.publish(plan_apart(), by="officer")
    consents = ("", "service:express", "service:tacit", "plan:express", "service:express;plan:express")
    head = "user_id,user_name,mobile_number,tariff_plan,services,consents,limited_capacity\n"
    made = itertools.product(consents, ("mobile", ""), ("true", "false"), (VALUE, ""), ("P-1", ""))
    table = head + "".join(
        f"M-{place},{name},154998{place:05},{plan},{services},{agreed},{limited}\n"
        for place, (agreed, services, limited, name, plan) in enumerate(made)
    )
    before = size(site)
    asked = Intake(site, table.encode(), by="clerk1").run("stop", by_parts=True)
    assert (asked.taken, size(site)) == (0, before)
    done = Intake(site, table.encode(), by="clerk1").run("skip", by_parts=True)
    assert asked.faults == done.faults
    assert {each.purpose for each in done.faults} == {"service", "plan"}
    assert 0 < done.taken < done.rows


def test_sent_again_it_is_the_same_import_and_another_table_is_another_request(api: Api, site: Site) -> None:
    first = send(api, HEAD + rows(2), key="k1")
    outcome(api, first)
    before = size(site)
    again = send(api, HEAD + rows(2), key="k1")
    assert (again.status_code, again.json()) == (202, first.json())
    assert send(api, HEAD + rows(3), key="k1").json()["type"] == "/problems/request-repeated"
    assert send(api, HEAD + rows(2), "?on_error=skip", key="k1").json()["type"] == "/problems/request-repeated"
    assert size(site) == before
    listed = api.get("/imports", "clerk1").json()["items"]
    assert [each["id"] for each in listed] == [first.json()["id"]]


def test_what_became_of_a_table_is_told_to_who_sent_it_alone(api: Api) -> None:
    sent = send(api, HEAD + rows(1))
    outcome(api, sent)
    for who in ("boss", "auditor1"):
        assert api.get(f"/imports/{sent.json()['id']}", who).json()["type"] == "/problems/not-found"
        assert api.get("/imports", who).json()["items"] == []
    assert api.get("/imports/import-0000000000000000", "clerk1").status_code == 404
    assert api.get(f"/imports/{sent.json()['id']}", "user").status_code == 403


@pytest.mark.parametrize(
    ("table", "how", "wanted"),
    [
        (HEAD, ("", "user", "text/csv"), (403, "not-entitled")),
        (HEAD, ("", "reader", "text/csv"), (403, "not-entitled")),
        (HEAD, ("", "narrow", "text/csv"), (403, "not-entitled")),
        (HEAD, ("", "stale", "text/csv"), (403, "proof-too-old")),
        (HEAD, ("", "clerk1", "application/json"), (415, "media-type")),
        ("", ("", "clerk1", "text/csv"), (422, "input")),
        ("user_id,religion\n", ("", "clerk1", "text/csv"), (422, "input")),
        (HEAD, ("?map=nonsense", "clerk1", "text/csv"), (422, "input")),
        (HEAD, ("?on_error=hope", "clerk1", "text/csv"), (400, "malformed")),
    ],
)
def test_what_cannot_be_taken_in_is_refused_at_once(
    api: Api, table: str, how: tuple[str, str, str], wanted: tuple[int, str]
) -> None:
    query, who, kind = how
    answer = send(api, table, query, who=who, kind=kind)
    assert (answer.status_code, answer.json()["type"]) == (wanted[0], f"/problems/{wanted[1]}"), answer.text
    assert api.get("/imports", "clerk1").json()["items"] == []


def test_a_table_that_is_too_large_is_refused_while_it_comes_and_leaves_nothing(
    api: Api, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = msgspec.structs.replace(site.settings.server, table_bytes=1000)
    monkeypatch.setattr(site, "settings", msgspec.structs.replace(site.settings, server=server))
    answer = send(api, HEAD + rows(100))
    assert (answer.status_code, answer.json()["type"]) == (413, "/problems/too-large")
    assert api.get("/imports", "clerk1").json()["items"] == []


def test_a_table_that_breaks_off_on_its_way_leaves_nothing(api: Api, site: Site) -> None:
    parts = iter((HEAD.encode(), rows(50).encode()))
    told: list[Any] = []

    async def receive() -> Any:
        part = next(parts, None)
        return (
            {"type": "http.disconnect"} if part is None else {"type": "http.request", "body": part, "more_body": True}
        )

    async def send_(message: Any) -> None:
        told.append(message)

    given = bearer("clerk1") | {"content-type": "text/csv", "idempotency-key": "k1", "content-length": "100000"}
    headers = [(name.lower().encode(), value.encode()) for name, value in ({"host": "127.0.0.1"} | given).items()]
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "POST", "scheme": "http",
        "path": "/api/v1/imports", "raw_path": b"/api/v1/imports", "query_string": b"", "root_path": "",
        "headers": headers, "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 80), "state": {},
    }  # fmt: skip
    anyio.run(api.client.app, scope, receive, send_)
    assert [each.get("status") for each in told if each["type"] == "http.response.start"] in ([400], [])
    assert api.get("/imports", "clerk1").json()["items"] == []
    assert outcome(api, send(api, HEAD + rows(2), key="k1"))["outcome"]["taken"] == 2, "its name is still free"


class Held:
    """An import that stands still while it is checked, until it is let go."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.begun, self.go = threading.Event(), threading.Event()
        check = Intake._check

        def waiting(intake: Intake, on_check: Any, **more: bool) -> None:
            self.begun.set()
            assert self.go.wait(20)
            check(intake, on_check, **more)

        monkeypatch.setattr(Intake, "_check", waiting)


def test_one_is_taken_in_at_a_time_and_no_more_wait_than_may(
    api: Api, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = Held(monkeypatch)
    server = msgspec.structs.replace(site.settings.server, tables_waiting=2)
    monkeypatch.setattr(site, "settings", msgspec.structs.replace(site.settings, server=server))
    first = send(api, HEAD + rows(1))
    assert held.begun.wait(20)
    second = send(api, HEAD + rows(1, 5))
    third = send(api, HEAD + rows(1, 9))
    assert (third.status_code, third.json()["type"]) == (429, "/problems/too-many-requests")
    states = [api.get(f"/imports/{each.json()['id']}", "clerk1").json()["state"] for each in (first, second)]
    assert states == ["checking", "waiting"]
    held.go.set()
    assert [outcome(api, each)["outcome"]["taken"] for each in (first, second)] == [1, 1]


def test_a_table_on_its_way_has_a_place_too_so_that_no_number_of_them_fills_the_disk(site: Site) -> None:
    importer = Importer(site)
    with importer.place(2) as first, importer.place(2) as second, importer.place(2) as third:
        assert (first, second, third) == (True, True, False)
    with importer.place(1) as again, importer.place(1) as more:
        assert (again, more) == (True, False)


def test_a_server_that_stops_fails_what_it_had_and_the_table_may_be_sent_again(
    database: Database, tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = Held(monkeypatch)
    site = with_offices(database, tmp_path, clock)
    with serving(site) as api:
        first = send(api, HEAD + rows(1))
        assert held.begun.wait(20)
        second = send(api, HEAD + rows(1, 5))
        threading.Timer(0.2, held.go.set).start()
    site.close()
    monkeypatch.undo()
    url = site.database.url.render_as_string(hide_password=False)
    keys = FileKeys.open(site.home / "keys", SITE)
    with Site(site.home, site.settings, Database(url), keys, clock) as again, serving(again) as api:
        for each in (first, second):
            found = api.get(f"/imports/{each.json()['id']}", "clerk1").json()
            assert (found["state"], found["failure"], found["outcome"]) == ("failed", "interrupted", None)
        assert on_record(again, "N-0", "N-5") == [False, False]
        assert outcome(api, send(api, HEAD + rows(1)))["outcome"]["taken"] == 1


def put(site: Site, importer: Importer, job: str, table: str) -> Wanted:
    sealed = SealedTable(site.home)
    sealed.write(table.encode())
    sealed.finish()
    with site.writing() as tx:
        importer.note(tx, job, "clerk1")
    return Wanted(sealed, "clerk1", "", (), {}, "stop")


def test_of_a_server_that_died_a_table_has_failed_and_the_next_one_goes_on(site: Site, api: Api, clock: Clock) -> None:
    dead, alive = Importer(site), Importer(site)
    put(site, dead, "import-0000000000000001", HEAD + rows(1)).table.close()
    with site.writing() as tx:
        assert site.imports.begin(tx, "import-0000000000000001", site.now())
    wanted = put(site, alive, "import-0000000000000002", HEAD + rows(1, 5))
    with site.writing() as tx:
        assert not site.imports.begin(tx, "import-0000000000000002", site.now()), "another one runs"
    clock.moment += MINUTES
    with site.writing() as tx:
        site.imports.beat(tx, ["import-0000000000000002"], site.now())
    found = api.get("/imports/import-0000000000000001", "clerk1").json()
    assert (found["state"], found["failure"]) == ("failed", "interrupted")
    alive.take("import-0000000000000002", wanted)
    for _ in range(200):
        with site.reading() as tx:
            job = site.imports.job(tx, "import-0000000000000002", site.now())
        if job.state is State.DONE:
            break
        time.sleep(0.05)
    assert job.outcome is not None
    assert job.outcome.taken == 1


def test_a_table_for_which_the_rules_changed_meanwhile_fails_with_the_reason(site: Site, clock: Clock) -> None:
    importer = Importer(site)
    wanted = put(site, importer, "import-0000000000000003", "user_id,religion\nN-1,x\n")
    importer.take("import-0000000000000003", wanted)
    for _ in range(200):
        with site.reading() as tx:
            job = site.imports.job(tx, "import-0000000000000003", site.now())
        if job.state is State.FAILED:
            break
        time.sleep(0.05)
    assert (job.state, job.failure) == (State.FAILED, Failure.INPUT)
    clock.moment += dt.timedelta(days=site.settings.server.table_days + 1)
    site.tidy()
    with site.reading() as tx:
        assert site.imports.jobs(tx, "clerk1", site.now()) == []
