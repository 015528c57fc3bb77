# SPDX-License-Identifier: Apache-2.0
"""A link shows one user's record to one recipient: for minutes, so often, each time as an act, until it is ended."""

import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
import sqlalchemy as sa
from api_house import Api, serving, size
from house import START, VALUES, Clock, declared, newcomer, open_site

from keshou.acts.request import ActError, Erase
from keshou.acts.stands import NothingToEndError
from keshou.app import sharing
from keshou.app.sharing import Asked, open_link
from keshou.app.site import Site
from keshou.db import Database
from keshou.declaration.model import Declaration, Recipient
from keshou.gate.act import Act
from keshou.gate.decision import Permit
from keshou.gate.facts import ConsentWithdrawn, LinkMade, StaffAppointed, StaffRemoved
from keshou.language import Text
from keshou.law.terms import ActKind
from keshou.ledger.entry import Header, decode
from keshou.links import store as links_store
from keshou.links.link import LinkError, Shared
from keshou.links.store import LinkTamperedError, link_table
from keshou.wire.caller import Caller, CallerKind, Scope

MINUTE = dt.timedelta(minutes=1)


def rules() -> Declaration:
    found = declared()
    purposes = tuple(
        msgspec.structs.replace(each, recipients=("bank",), acts=(*each.acts, ActKind.PROVIDE))
        if each.id == "service" else each
        for each in found.purposes
    )  # fmt: skip
    grants = tuple(
        msgspec.structs.replace(each, acts=(*each.acts, ActKind.PROVIDE)) if each.post == "clerk" else each
        for each in found.grants
    )
    recipients = (Recipient(id="bank", name=Text("银行", "Bank")),)
    return msgspec.structs.replace(found, purposes=purposes, grants=grants, recipients=recipients)


@pytest.fixture
def site(database: Database, tmp_path: Path, clock: Clock) -> Iterator[Site]:
    with open_site(database, tmp_path, clock) as site:
        site.publish(rules(), by="officer")
        seats = [("clerk1", "clerk"), ("lister", "analyst"), ("judge", "reviewer")]
        site.record_site(*(StaffAppointed(at=START, staff=who, post=post) for who, post in seats), by="officer")
        site.do_all([newcomer(site, "u1"), newcomer(site, "u2")])
        yield site


@pytest.fixture
def api(site: Site) -> Iterator[Api]:
    with serving(site) as api:
        yield api


def wanted(minutes: int = 30, most: int = 2, by: str = "clerk1", recipient: str = "bank") -> Asked:
    shared = Shared(purpose="service", items=("tariff_plan",), recipient=recipient, by=by)
    return Asked("u1", shared, minutes, most)


def shared(site: Site, name: str = "l1", **more: Any) -> str:
    asked = wanted(**more)
    assert isinstance(sharing.may_share(site, asked), Permit)
    return sharing.share(site, name, asked)[1]


def header(site: Site, entry: int) -> Header:
    with site.reading() as tx:
        return decode(site.ledger.entry(tx, entry))


def shown(site: Site, token: str) -> bool:
    return sharing.shows(open_link(site, token))


def test_each_opening_is_an_act_of_who_made_it_and_there_are_so_many(site: Site) -> None:
    token = shared(site)
    for left in (1, 0):
        opened = open_link(site, token)
        assert opened is not None
        assert dict(opened.done.values) == {"tariff_plan": VALUES["tariff_plan"]}
        assert opened.taken.left == left
        told = header(site, opened.done.entry)
        assert (told.event, told.who, told.recipient, told.purpose) == ("provide", "clerk1", "bank", "service")
    before = size(site)
    assert open_link(site, token) is None
    assert size(site) == before
    (link,) = sharing.made_by(site)
    assert (link.opened, len(link.entries)) == (2, 2)
    site.audit(by="clerk1")


def test_a_link_is_over_after_its_minutes_or_when_revoked(site: Site, clock: Clock) -> None:
    first, second = shared(site), shared(site, "l2")
    sharing.revoke(site, "l2", by="judge")
    assert header(site, size(site) - 1).event == "fact:link_revoked"
    assert not shown(site, second)
    before = size(site)
    with pytest.raises(NothingToEndError):
        sharing.revoke(site, "l2", by="judge")
    assert size(site) == before
    clock.moment = START + 29 * MINUTE
    assert shown(site, first)
    clock.moment = START + 31 * MINUTE
    assert not shown(site, first)


def test_what_became_of_a_link_is_told_for_its_days_and_then_dropped(site: Site, clock: Clock) -> None:
    shared(site)
    days = site.settings.server.link_days * 24 * 60 * MINUTE
    clock.moment = START + days
    shared(site, "l2")
    site.tidy()
    assert [each.id for each in sharing.made_by(site)] == ["l1", "l2"], "it was over half an hour after its making"
    clock.moment = START + days + 31 * MINUTE
    site.tidy()
    assert [each.id for each in sharing.made_by(site)] == ["l2"]
    site.audit()


def test_links_are_dropped_also_while_something_else_cannot_be_let_go(
    site: Site, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(**_: object) -> int:
        raise RuntimeError("gone")

    shared(site)
    clock.moment = START + (site.settings.server.link_days + 1) * 24 * 60 * MINUTE
    monkeypatch.setattr(site.holds, "release", fail)
    with pytest.raises(RuntimeError):
        site.tidy()
    assert sharing.made_by(site) == []


def test_links_are_listed_by_page_and_what_opens_comes_first_on_the_console(
    site: Site, api: Api, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(links_store, "_AT_ONCE", 2)
    site.record_site(StaffAppointed(at=START, staff="clerk2", post="clerk"), by="officer")
    names = [f"l{number}" for number in range(5)]
    for number, name in enumerate(names):
        clock.moment = START + number * MINUTE
        shared(site, name, by="clerk2" if name == "l3" else "clerk1")
    sharing.revoke(site, "l4", by="judge")
    own = [each for each in names if each != "l3"]
    found, cursor = [], ""
    while True:
        page = api.get(f"/links?limit=3&cursor={cursor}").json()
        found += [each["id"] for each in page["items"]]
        if not (cursor := page["next"]):
            break
    assert found == own
    assert api.get("/links?limit=4").json()["next"] == "", "a page that is just full is the last"
    assert [each.id for each in sharing.made_by(site)] == names
    with site.reading() as tx:
        assert [[each.id for each in part] for part, _ in (
            site.links.newest(tx, site.now(), "clerk1", 0, 3), site.links.newest(tx, site.now(), "clerk1", 3, 3),
        )] == [["l2", "l1", "l0"], ["l4"]]  # fmt: skip
        assert site.links.newest(tx, site.now(), "", 0, 1)[1] == len(names)
        assert site.links.newest(tx, site.now() + 28.5 * MINUTE, "", 0, 1)[0][0].id == "l3", "the last that opens"
    assert api.post("/links/l3/revoke", b"").status_code == 404, "another's"
    assert api.post("/links/l0/revoke", b"").status_code == 200


def test_what_came_true_meanwhile_counts_at_each_opening(site: Site) -> None:
    token = shared(site, most=5)
    assert shown(site, token)
    site.record("u1", ConsentWithdrawn(at=site.now(), purpose="service"))
    opened = open_link(site, token)
    assert opened is not None
    assert not opened.done.values
    assert header(site, opened.done.entry).decision == "deny"
    other = sharing.share(site, "l2", wanted()._replace(user="u2"))[1]
    site.record_site(StaffRemoved(at=site.now(), staff="clerk1", post="clerk"), by="officer")
    assert not shown(site, other), "who made it holds the post no longer"


def test_receivers_are_told_of_a_link_from_its_making_to_its_last_opening(site: Site) -> None:
    with site.writing() as tx:
        site.webhooks.subscribe(tx, "https://crm.example/hook", (), site.now())
    token = shared(site)
    assert shown(site, token)
    assert shown(site, token)
    other = shared(site, "l2")
    sharing.revoke(site, "l2", by="judge")
    assert not shown(site, other)
    with site.reading() as tx:
        told = [
            row[0].removeprefix("keshou.link.") for row in tx.ask("SELECT type FROM webhook_delivery ORDER BY number")
        ]
    assert told == ["made", "opened", "opened", "used_up", "made", "revoked"]


def test_of_an_erased_user_no_link_is_left(site: Site) -> None:
    site.do(newcomer(site, "u3", {each: VALUES[each] for each in ("mobile_number", "tariff_plan")}))
    token = sharing.share(site, "l1", wanted()._replace(user="u3"))[1]
    act = Act(kind=ActKind.DELETE, user="u3", items=frozenset(), purpose="service", by="user", when=START)
    assert site.do(Erase(act=act)).shredded
    assert sharing.made_by(site) == []
    assert open_link(site, token) is None


def test_a_recipient_of_stand_ins_opens_a_link_to_them(site: Site) -> None:
    (bank,) = rules().recipients
    hidden = (msgspec.structs.replace(bank, stand_ins=("tariff_plan",)),)
    site.publish(msgspec.structs.replace(rules(), recipients=hidden), by="officer")
    opened = open_link(site, shared(site))
    assert opened is not None
    assert opened.done.stand_ins == {"tariff_plan"}
    assert opened.done.values["tariff_plan"].startswith("bank~")
    assert header(site, opened.done.entry).stand_ins == ("tariff_plan",)


def test_neither_token_nor_user_stands_in_the_table_or_the_log(site: Site) -> None:
    token = shared(site)
    with site.reading() as tx:
        row = str(tx.execute(sa.select(link_table)).one())
        log = b"".join(body for _, body in site.ledger.entries(tx, 0, site.ledger.head(tx).size))
    assert token not in row
    assert "'u1'" not in row
    assert token.encode() not in log
    assert b'"u1"' not in log


@pytest.mark.parametrize("change", [{"shared": True}, {"sealed": True}])
def test_an_altered_row_opens_nobody_elses_record(site: Site, change: dict[str, bool]) -> None:
    token = shared(site)
    sharing.share(site, "l2", wanted()._replace(user="u2"))
    with site.writing() as tx:
        rows = {row.id: row for row in tx.execute(sa.select(link_table))}
        values: dict[str, Any] = {"sealed": rows["l2"].sealed}
        if "shared" in change:
            values = {"shared": rows["l1"].shared.replace("tariff_plan", "mobile_number")}
        tx.execute(sa.update(link_table).where(link_table.c.id == "l1").values(**values))
    with pytest.raises(LinkTamperedError):
        open_link(site, token)


def test_links_that_cannot_be_are_refused(site: Site) -> None:
    for asked in (
        wanted(minutes=0),
        wanted(minutes=24 * 60 + 1),
        wanted(most=0),
        wanted(most=101),
        wanted(recipient=""),
    ):
        with pytest.raises(LinkError):
            sharing.may_share(site, asked)
    assert not sharing.may_share(site, wanted(by="lister")).permitted
    assert not sharing.may_share(site, wanted(recipient="broker")).permitted
    fact = LinkMade(
        at=START, link="l1", by="clerk1", purpose="service", items=frozenset({"tariff_plan"}), recipient="bank",
        most=1, until=START + 30 * MINUTE,
    )  # fmt: skip
    changes: tuple[dict[str, Any], ...] = (
        {"until": START}, {"recipient": "broker"}, {"purpose": "孔丘"}, {"items": frozenset({"15499990001"})},
        {"most": 0},
    )  # fmt: skip
    with pytest.raises(ActError):
        site.record_site(fact, by="judge")
    for change in changes:
        with pytest.raises(ActError):
            site.record_site(msgspec.structs.replace(fact, **change), by="clerk1")
    site.record_site(fact, by="clerk1")


ASKED = {"user": "u1", "items": ["tariff_plan"], "purpose": "service", "recipient": "bank", "minutes": 30}


def test_over_http_a_link_is_made_once_opened_by_anybody_and_ended(api: Api, site: Site) -> None:
    made = api.post("/links", ASKED, "fresh", key="one")
    assert made.status_code == 200, made.text
    again = api.post("/links", ASKED, "fresh", key="one")
    assert (again.status_code, again.json()["type"]) == (409, "/problems/secret-told")
    opened = api.client.post("/api/v1/links/openings", json={"token": made.json()["token"]})
    assert opened.status_code == 200, opened.text
    assert opened.json()["values"] == {"tariff_plan": VALUES["tariff_plan"]}
    assert opened.headers["cache-control"] == "no-store"
    refused = api.client.post("/api/v1/links/openings", json={"token": made.json()["token"]})
    unknown = api.client.post("/api/v1/links/openings", json={"token": "kl_nothing"})
    assert refused.status_code == unknown.status_code == 404
    assert refused.json() | {"request_id": ""} == unknown.json() | {"request_id": ""}
    listed = api.get("/links", "fresh").json()["items"]
    assert [(each["opened"], each["entries"]) for each in listed] == [(1, [opened.json()["entry"]])]
    assert made.json()["token"] not in str(listed)


def test_over_http_others_neither_see_nor_end_a_link_and_a_stale_proof_makes_none(api: Api, site: Site) -> None:
    made = api.post("/links", ASKED | {"openings": 3}, "fresh").json()
    assert api.get("/links", "lister").json()["items"] == []
    assert api.post(f"/links/{made['id']}/revoke", b"", "lister").status_code == 404
    assert api.post("/links", ASKED, "clerk").status_code == 403
    assert api.post("/links", ASKED, "user").status_code == 403
    assert api.post("/links", ASKED, "lister").status_code == 403, "no grant"
    assert api.post("/links", ASKED | {"minutes": 100_000}, "fresh").status_code == 400
    assert api.post(f"/links/{made['id']}/revoke", b"", "fresh").status_code == 200
    assert api.client.post("/api/v1/links/openings", json={"token": made["token"]}).status_code == 404


def test_over_http_a_key_neither_lists_nor_ends_a_link_that_it_could_not_make(site: Site, api: Api) -> None:
    made = api.post("/links", ASKED, "fresh").json()
    whole = Caller(id="clerk1", kind=CallerKind.PROGRAM, scopes=frozenset({Scope.ACT}), credential="k8")
    keys = {
        "other": msgspec.structs.replace(whole, purposes=frozenset({"marketing"})),
        "looks": msgspec.structs.replace(whole, acts=frozenset({ActKind.QUERY})),
        "whole": whole,
    }
    with serving(site, **keys) as later:
        listed = {who: [each["id"] for each in later.get("/links", who).json()["items"]] for who in keys}
        assert listed == {"other": [], "looks": [], "whole": [made["id"]]}
        ended = [later.post(f"/links/{made['id']}/revoke", b"", who).status_code for who in keys]
        assert ended == [404, 404, 200]


def test_ending_a_link_by_a_key_that_named_another_request_ends_nothing(api: Api, site: Site) -> None:
    made = api.post("/links", ASKED, "fresh", key="one").json()
    before = size(site)
    refused = api.post(f"/links/{made['id']}/revoke", b"", "fresh", key="one")
    assert (refused.status_code, refused.json()["type"]) == (422, "/problems/request-repeated")
    assert size(site) == before
    assert api.client.post("/api/v1/links/openings", json={"token": made["token"]}).status_code == 200
