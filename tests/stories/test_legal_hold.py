# SPDX-License-Identifier: Apache-2.0
"""A hold keeps information from going, however its time runs; it permits nothing; what was due goes when it ends."""

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from house import START, Clock, act, declared, newcomer, ready

from keshou.acts.request import ActError, BulkPerform, Cancel, Erase, Perform
from keshou.acts.separation import SeparationError
from keshou.app.site import Site
from keshou.backup import erased
from keshou.backup.store import Erasures
from keshou.db import Database
from keshou.gate import calendar
from keshou.gate.act import Act
from keshou.gate.decision import Deny, Permit
from keshou.gate.facts import ReviewApproved, ServiceStarted
from keshou.gate.holds import Asked, HoldLifted
from keshou.law.terms import ActKind, RetentionClass
from keshou.ledger.certificate import of_entry
from keshou.ledger.entry import decode

DAY = dt.timedelta(days=1)
CASE = Asked("case", "d-1", users=("u1",))


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def site(database: Database, tmp_path: Path, clock: Clock) -> Iterator[Site]:
    with ready(database, tmp_path, clock) as site:
        site.do_all([newcomer(site, each) for each in ("u1", "u2", "u3")])
        yield site


def put(site: Site, name: str, asked: Asked = CASE, by: str = "clerk1") -> None:
    site.record_site(site.holds.fact(name, asked, by), by=by)


def lift(site: Site, name: str, by: str = "judge") -> int:
    return site.record_site(HoldLifted(at=site.now(), hold=name, by=by, reason="closed"), by=by)


def held(site: Site, user: str) -> set[str]:
    with site.reading() as tx:
        key = site._known.vault.find_user(tx, user)
        return set() if key is None else set(site._known.vault.items_of(tx, key))


def missing(decision: object) -> set[str]:
    assert isinstance(decision, Deny), decision
    return {each.missing for each in decision.reasons}


def service_items(site: Site, user: str) -> set[str]:
    with site.reading() as tx:
        key = site._known.vault.find_user(tx, user)
        assert key is not None
        found = site._known.vault.items_of(tx, key)
    return {item for item, class_ in found.items() if class_ is RetentionClass.SERVICE}


def test_what_is_held_is_not_deleted_destroyed_or_erased_by_anybody(site: Site) -> None:
    put(site, "h1")
    before = held(site, "u1")
    for kind, by in ((ActKind.DELETE, "user"), (ActKind.DESTROY, "clerk1")):
        done = site.do(Perform(act=act(kind, "u1", "tariff_plan", by=by)))
        assert "hold" in missing(done.decision)
        assert "miit24:10" in decode_cites(site, done.entry)
        assert "hold" in missing(site.do(Erase(act=act(kind, "u1", "tariff_plan", by=by))).decision)
    assert held(site, "u1") == before
    assert "hold" not in missing(site.do(Erase(act=act(ActKind.DESTROY, "u2", "tariff_plan"))).decision)


def at_once(site: Site, user: str, *items: str) -> Act:
    return msgspec.structs.replace(act(ActKind.DESTROY, user, *items), when=site.now())


def decode_cites(site: Site, entry: int) -> tuple[str, ...]:
    with site.reading() as tx:
        return decode(site.ledger.entry(tx, entry)).cites


def test_a_hold_stands_in_the_way_of_nothing_but_erasing_and_permits_nothing(site: Site) -> None:
    asked = [act(kind, "u1", "tariff_plan") for kind in ActKind if kind not in (ActKind.DELETE, ActKind.DESTROY)]
    before = [site.ask(each).permitted for each in asked]
    put(site, "h1")
    assert [site.ask(each).permitted for each in asked] == before
    site.do(Cancel(user="u1", by="user"))
    later = [msgspec.structs.replace(each, when=site.now()) for each in asked if each.kind is ActKind.USE]
    assert not any(site.ask(each).permitted for each in later)


def test_a_service_that_ends_leaves_what_is_held_and_lets_the_rest_go(site: Site) -> None:
    put(site, "h1")
    put(site, "h2", Asked("dispute", "d-2", users=("u2",), classes=(RetentionClass.REGISTRATION,)))
    kept = service_items(site, "u1")
    assert kept
    done = [site.do(Cancel(user=each, by="user")) for each in ("u1", "u2", "u3")]
    assert [bool(each.shredded) for each in done] == [False, True, True]
    assert service_items(site, "u1") == kept
    assert service_items(site, "u2") == service_items(site, "u3") == set()


def test_one_kind_is_kept_and_the_rest_goes_and_is_listed_as_gone(site: Site, tmp_path: Path) -> None:
    rules = declared()
    needs = tuple(each for each in rules.purposes[0].needs if each.item == "tariff_plan")
    gift = msgspec.structs.replace(rules.purposes[0], id="gift", needs=needs)
    site.publish(msgspec.structs.replace(rules, purposes=(*rules.purposes, gift)), by="officer")
    forged = msgspec.structs.replace(site.holds.fact("h1", CASE, "clerk1"), items=frozenset({"mobile_number"}))
    with pytest.raises(ActError, match="items of a hold"):
        site.record_site(forged, by="clerk1")
    put(site, "h1", CASE._replace(purposes=("gift",)))
    assert service_items(site, "u1") == {"tariff_plan", "mobile_number"}
    done = site.do(Cancel(user="u1", by="user"))
    assert service_items(site, "u1") == {"tariff_plan"}
    with site.reading() as tx:
        assert [each.item for _, each in Erasures().after(tx, 0)] == ["mobile_number"]
        assert decode(site.ledger.entry(tx, done.entry)).items == ("mobile_number",)
    assert erased.last(tmp_path / erased.FILE, site.settings.site) == 1
    lift(site, "h1")
    assert service_items(site, "u1") == set()


def test_lifted_what_was_due_goes_at_once_with_an_entry_that_can_be_certified(site: Site) -> None:
    put(site, "h1")
    put(site, "h2", CASE._replace(document="d-9"))
    site.do(Cancel(user="u1", by="user"))
    lift(site, "h1")
    assert service_items(site, "u1"), "the other hold keeps it still"
    lift(site, "h2")
    assert service_items(site, "u1") == set()
    with site.reading() as tx:
        size = site.ledger.head(tx).size
        body = site.ledger.entry(tx, size - 1)
        entry = decode(body)
    assert (entry.event, entry.who, entry.cites, len(entry.keys)) == ("due:destroy", "judge", ("miit24:9.4",), 1)
    assert of_entry("log", size - 1, body, ()).keys == entry.keys
    site.audit(by="clerk1")


def test_over_by_time_what_was_due_goes_with_the_next_tick_and_not_before(site: Site, clock: Clock) -> None:
    put(site, "h1", CASE._replace(until=START + 10 * DAY))
    site.do(Cancel(user="u1", by="user"))
    clock.moment = START + 9 * DAY
    site.tidy()
    assert service_items(site, "u1")
    clock.moment = START + 11 * DAY
    site.tidy()
    assert service_items(site, "u1") == set()
    with site.reading() as tx:
        size = site.ledger.head(tx).size
    site.tidy()
    with site.reading() as tx:
        assert site.ledger.head(tx).size == size, "nothing is due twice"


def test_who_comes_back_loses_nothing_when_the_hold_ends(site: Site) -> None:
    put(site, "h1")
    site.do(Cancel(user="u1", by="user"))
    site.record("u1", ServiceStarted(at=site.now(), service="mobile"))
    kept = service_items(site, "u1")
    lift(site, "h1")
    assert service_items(site, "u1") == kept != set()


def test_a_bulk_destruction_leaves_out_whom_a_hold_names(site: Site, clock: Clock) -> None:
    put(site, "h1")
    for user in ("u1", "u2", "u3"):
        site.do(Cancel(user=user, by="user"))
    clock.moment = START + 800 * DAY
    items = frozenset({"user_name"})
    site.record_site(
        ReviewApproved(
            at=site.now(), review="v", requester="clerk1", reviewer="judge", kind=ActKind.DESTROY, purpose="service",
            items=items, count=3, until=clock.moment + DAY,
        ),
        by="judge",
    )  # fmt: skip
    done = site.do(BulkPerform(act=act(ActKind.DESTROY, "", *items, review="v"), users=("u1", "u2", "u3")))
    assert isinstance(done.decision, Permit), done.decision
    assert set(done.refused) == {"u1"}
    assert missing(done.refused["u1"]) == {"hold"}
    assert "user_name" in held(site, "u1")
    assert "user_name" not in held(site, "u2") | held(site, "u3")


def test_the_preview_shows_what_is_held_back_and_why(site: Site, clock: Clock) -> None:
    first = site.do(Cancel(user="u2", by="user"))
    assert first.shredded
    put(site, "h1", CASE._replace(until=START + 900 * DAY))
    put(site, "h2", Asked("authority", "d-2", cite="law:2", users=("u3",)))
    for user in ("u1", "u3"):
        site.do(Cancel(user=user, by="user"))
    today = calendar.day_of(clock.moment)
    found = site.retention.preview(today, today + 1000 * DAY)
    assert [each.users for each in found.days] == [1, 1], "u2 when its time is over, u1 when the hold is, u3 never"
    assert found.days[1].day >= calendar.day_of(START + 900 * DAY)
    assert [(each.hold, each.ground, each.cite, each.users) for each in found.held] == [
        ("h1", "case", "", 1), ("h2", "authority", "law:2", 1),
    ]  # fmt: skip
    clock.moment = START + 901 * DAY
    then = msgspec.structs.replace(act(ActKind.DESTROY, "u1", *found.days[1].items), when=site.now())
    late = site.ask(then)
    assert "hold" not in (missing(late) if isinstance(late, Deny) else set())


def test_a_hold_is_set_and_lifted_by_two_people_of_the_operator(site: Site) -> None:
    with pytest.raises(SeparationError, match="another's name"):
        site.record_site(site.holds.fact("h1", CASE, "clerk1"), by="judge")
    with pytest.raises(SeparationError, match="no post"):
        put(site, "h1", by="stranger")
    put(site, "h1")
    with pytest.raises(SeparationError, match="does not lift"):
        lift(site, "h1", by="clerk1")
    with pytest.raises(SeparationError, match="no post"):
        lift(site, "h1", by="stranger")
    with pytest.raises(ActError, match="set before"):
        put(site, "h1")
    lift(site, "h1")
    with pytest.raises(ActError, match="no such hold"):
        lift(site, "h1")
    with pytest.raises(ActError, match="set before"):
        put(site, "h1")


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        (CASE._replace(users=()), "everything of everybody"),
        (CASE._replace(users=("nobody",)), "not on record"),
        (CASE._replace(ground="law"), "provision"),
        (CASE._replace(ground="authority"), "provision"),
        (CASE._replace(cite="x\u202e"), "provision"),
        (CASE._replace(until=START - DAY), "over before"),
        (CASE._replace(classes=(RetentionClass.RECORD,)), "class of information"),
        (CASE._replace(ground="whim"), "no ground"),  # type: ignore[arg-type]
        (CASE._replace(document="a name of somebody"), "not one"),
        (CASE._replace(purposes=("nothing",)), "no such purpose|no rules declared"),
    ],
)
def test_a_hold_that_cannot_be_is_refused_and_nothing_is_written(site: Site, asked: Asked, told: str) -> None:
    with site.reading() as tx:
        size = site.ledger.head(tx).size
    with pytest.raises(Exception, match=told):
        put(site, "h1", asked)
    with site.reading() as tx:
        assert site.ledger.head(tx).size == size


def test_the_log_and_the_table_name_users_of_a_hold_by_what_says_nothing(site: Site) -> None:
    put(site, "h1")
    with site.reading() as tx:
        size = site.ledger.head(tx).size
        body = site.ledger.entry(tx, size - 1)
    assert b'"u1"' not in body
    assert decode(body).who == "clerk1"
    assert [len(each.users) for each in site.state().holds()] == [1]


def test_users_are_told_what_is_kept_unless_the_hold_is_silent(site: Site) -> None:
    put(site, "h1", Asked("authority", "d-1", cite="law:1", users=("u1",), silent=True))
    assert site.holds.of_user("u1") == []
    put(site, "h2", Asked("dispute", "d-2", purposes=("service",)))
    (told,) = site.holds.of_user("u1")
    assert (told.ground, set(told.items) <= held(site, "u1")) == ("dispute", True)
    assert site.holds.of_user("unknown") == []


def test_a_hold_outlasts_a_new_key_of_the_index(site: Site) -> None:
    put(site, "h1")
    put(site, "h2", CASE._replace(users=("u2",), classes=(RetentionClass.REGISTRATION,)))
    site.keeper.rotate_index("keeper", lambda *_: None)
    assert "hold" in missing(site.do(Erase(act=act(ActKind.DESTROY, "u1", "tariff_plan"))).decision)
    for user in ("u1", "u2"):
        site.do(Cancel(user=user, by="user"))
    assert service_items(site, "u1")
    today = calendar.day_of(site.now())
    found = site.retention.preview(today, today + 1000 * DAY)
    assert [(each.hold, each.users) for each in found.held] == [("h1", 1), ("h2", 1)]
    lift(site, "h1")
    assert service_items(site, "u1") == set()
    assert "hold" in missing(site.ask(at_once(site, "u2", "user_name")))


def test_somebody_who_was_erased_and_comes_again_under_the_same_id_is_held_again(site: Site, clock: Clock) -> None:
    put(site, "h1", CASE._replace(classes=(RetentionClass.SERVICE,)))
    clock.moment = START + DAY
    site.do(Cancel(user="u2", by="user"))
    put(site, "h2", CASE._replace(users=("u2",), classes=(RetentionClass.SERVICE,)))
    clock.moment = START + 800 * DAY
    assert isinstance(site.do(Erase(act=act(ActKind.DELETE, "u2", "user_name", by="user"))).decision, Permit)
    site.do(newcomer(site, "u2"))
    assert "hold" in missing(
        site.ask(msgspec.structs.replace(act(ActKind.DESTROY, "u2", "tariff_plan"), when=site.now()))
    )
    site.do(Cancel(user="u2", by="user"))
    assert service_items(site, "u2")
    lift(site, "h2")
    assert service_items(site, "u2") == set()


def test_a_table_of_users_is_judged_user_by_user_where_a_hold_names_some(site: Site) -> None:
    put(site, "h1")
    asked = [at_once(site, user, "tariff_plan") for user in ("u1", "u2", "u1")]
    with site.reading() as tx:
        size = site.ledger.head(tx).size
    for _ in range(2):
        found = site.decide(asked, size)
        assert [each.permitted for each in found] == [False, True, False]
    assert [each.permitted for each in site.decide(asked[::-1], size)] == [False, True, False]
