# SPDX-License-Identifier: Apache-2.0
"""What became true is told: by type, with dates and ids, and with nothing of what is held."""

import datetime as dt
from pathlib import Path

import msgspec
from house import START, VALUES, Clock, act, declared, newcomer, open_site, ready

from keshou.acts.draft import Draft
from keshou.acts.request import Cancel, Erase, Job, Perform, Publish, Record, RecordSite
from keshou.acts.work import Pending
from keshou.app.site import Site
from keshou.db import Database
from keshou.gate import every_fact, facts
from keshou.gate.facts import ConsentGiven, ConsentWithdrawn, StaffAppointed, SuspensionLifted, SuspensionOrdered
from keshou.law.terms import ActKind, ConsentStrength
from keshou.webhooks.done import backup_made, link_opened
from keshou.webhooks.events import (
    _SITE_EVENTS,
    _USER_EVENTS,
    BACKUP_MADE,
    DONE,
    LAPSED,
    LINK_OPENED,
    LINK_USED_UP,
    TYPES,
    Event,
    events_of,
)
from planting import Planted


def _told(site: Site, *jobs: Job) -> list[Event]:
    with site.writing() as tx:
        work = site._acts.start(tx)
        pendings: list[Pending] = work.perform(jobs, site.now())
    work.committed()
    return [event for job, pending in zip(jobs, pendings, strict=True) for event in events_of(job, pending)]


def test_a_users_coming_consent_withdrawal_and_going_are_told_with_the_user(database: Database, tmp_path: Path) -> None:
    clock = Clock()
    site = ready(database, tmp_path, clock)
    came = _told(site, newcomer(site, "u1"))
    assert [event.type for event in came] == ["keshou.consent.given", "keshou.service.started"]
    withdrawn = _told(site, Record(user="u1", facts=(ConsentWithdrawn(at=site.now(), purpose="service"),), by="user"))
    assert [(event.type, event.user, event.data) for event in withdrawn] == [
        ("keshou.consent.withdrawn", "u1", {"purpose": "service"})
    ]
    ended = _told(site, Cancel(user="u1", by="user"))
    assert [(event.type, event.user, event.data) for event in ended] == [
        ("keshou.service.ended", "u1", {"service": "mobile"})
    ]
    clock.moment += dt.timedelta(days=366 * 2)
    erased = _told(site, Erase(act=act(ActKind.DESTROY, "u1", "user_name")))
    assert [(event.type, event.user) for event in erased] == [("keshou.user.erased", "u1")]
    assert all(event.user == "u1" for event in [*came, *withdrawn, *ended, *erased])
    site.close()


def test_what_the_operator_and_the_authority_do_is_told_without_a_user(database: Database, tmp_path: Path) -> None:
    site = ready(database, tmp_path)
    now = site.now()
    told = _told(
        site,
        RecordSite(
            facts=(
                SuspensionOrdered(at=now, suspension="s1", kinds=frozenset({ActKind.USE, ActKind.COLLECT})),
                StaffAppointed(at=now, staff="clerk2", post="clerk", until=now + dt.timedelta(days=1)),
            ),
            by="officer",
        ),
        RecordSite(facts=(SuspensionLifted(at=now, suspension="s1"),), by="officer"),
    )
    assert [event.type for event in told] == [
        "keshou.suspension.ordered", "keshou.staff.appointed", "keshou.suspension.lifted",
    ]  # fmt: skip
    assert told[0].data == {"suspension": "s1", "kinds": ["collect", "use"]}
    assert {event.user for event in told} == {""}
    site.close()


def test_rules_that_are_published_are_told(database: Database, tmp_path: Path) -> None:
    site = open_site(database, tmp_path)
    (event,) = _told(site, Publish(declaration=declared(), by="officer"))
    assert (event.type, event.data["version"]) == ("keshou.rules.published", 1)
    site.close()


def test_reading_correcting_and_being_denied_are_told_to_nobody(database: Database, tmp_path: Path) -> None:
    site = ready(database, tmp_path)
    site.do(newcomer(site, "u1"))
    read = Perform(act=act(ActKind.USE, "u1", "tariff_plan"))
    corrected = Perform(act=act(ActKind.CORRECT, "u1", "tariff_plan"), values={"tariff_plan": "P-1"})
    denied = Perform(act=act(ActKind.USE, "u1", "tariff_plan", by="nobody"))
    assert _told(site, read, corrected, denied) == []
    site.close()


def test_an_event_keeps_its_id_and_a_repeated_request_tells_nothing_anew(database: Database, tmp_path: Path) -> None:
    site = ready(database, tmp_path)
    site.do(newcomer(site, "u1"))
    again = Record(
        user="u1", facts=(ConsentWithdrawn(at=START, purpose="service"),), by="user", request_id="withdraw-1"
    )
    (event,) = _told(site, again)
    assert event.id == f"evt_{event.entry}_0"
    assert _told(site, again) == []
    site.close()


def test_nothing_that_is_held_or_written_freely_goes_out(database: Database, tmp_path: Path) -> None:
    site = ready(database, tmp_path)
    now = site.now()
    told = _told(
        site,
        newcomer(site, "u1"),
        Record(user="u1", facts=(ConsentGiven(at=now, purpose="service", version=1, strength=ConsentStrength.EXPRESS),),
               by="user"),
    )  # fmt: skip
    assert Planted([value for value in VALUES.values() if len(value) > 5]).find_in(msgspec.json.encode(told)) == []
    opened = facts.EmergencyOpened(
        at=now, emergency="e1", staff="clerk1", post="clerk", reason="to call 15499990001", case="15499990001",
        until=now + dt.timedelta(hours=1),
    )  # fmt: skip
    told = list(events_of(RecordSite(facts=(opened,), by="clerk1"), _pending(opened)))
    assert [event.type for event in told] == ["keshou.emergency.opened"]
    assert Planted(["15499990001"]).find_in(msgspec.json.encode(told)) == []
    site.close()


def _pending(fact: facts.SiteFact) -> Pending:
    return Pending(Draft({}, site_facts=(fact,)), 7)


def test_what_is_no_fact_is_told_with_just_what_the_page_lists() -> None:
    told = [
        backup_made(START, "b-1", by="boss", place="safe-2", size=9, sha256="ab"),
        *link_opened(START, "l-1", 7, recipient="bank", purpose="service", shown=False, left=0),
        *link_opened(START, "l-1", 8, recipient="bank", purpose="service", shown=True, left=2),
    ]
    assert [event.type for event in told] == [BACKUP_MADE, LINK_OPENED, LINK_USED_UP, LINK_OPENED]
    assert len({event.id for event in told}) == len(told)
    for event in told:
        assert set(event.data) == set(DONE[event.type])
        assert event.user == ""
    assert (told[1].entry, told[1].data["shown"], told[3].data["left"]) == (7, False, 2)


def test_types_are_named_for_the_facts_they_tell() -> None:
    known = {fact.__struct_config__.tag for fact in every_fact.AnyUserFact.__args__ + every_fact.AnySiteFact.__args__}
    assert {
        type_.removeprefix("keshou.").replace(".", "_") for type_ in TYPES - {"keshou.user.erased", *LAPSED, *DONE}
    } <= known


def test_the_page_for_receivers_lists_every_type_with_what_goes_out() -> None:
    page = (Path(__file__).parents[2] / "docs" / "how-to" / "take-webhooks.md").read_text("utf-8")
    lines = [line.split("|") for line in page.splitlines() if line.startswith("| `keshou.")]
    listed = {line[1].strip(" `"): tuple(line[2].replace("`", "").replace(",", " ").split()) for line in lines}
    told = {type_: fields for of in (_USER_EVENTS, _SITE_EVENTS) for type_, fields in of.values()}
    assert listed == told | LAPSED | DONE
