# SPDX-License-Identifier: Apache-2.0
"""What must stay is asked of one value, the same whoever asks: the gate, the clock, and what tells users of it."""

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from house import START, declared, newcomer, open_site

from keshou.acts.request import Cancel
from keshou.acts.staying import Staying, Suspended, staying
from keshou.app.site import Site
from keshou.db import Database
from keshou.declaration.model import Declaration
from keshou.gate.facts import StaffAppointed, SuspensionOrdered
from keshou.gate.holds import Asked, HoldSet, is_kept, touches
from keshou.law.terms import ActKind, RetentionClass
from keshou.vault.lookup import collected_of, users_after

HOLD = HoldSet(at=START, hold="h", ground="case", document="d", by="judge", users=frozenset({"u"}))
SERVICE, REGISTRATION, RECORD = RetentionClass.SERVICE, RetentionClass.REGISTRATION, RetentionClass.RECORD


@pytest.mark.parametrize(
    ("classes", "kept"),
    [
        ((), {SERVICE, RECORD, REGISTRATION}), ((SERVICE,), {SERVICE, RECORD}), ((REGISTRATION,), {REGISTRATION}),
        ((SERVICE, REGISTRATION), {SERVICE, RECORD, REGISTRATION}),
    ],
)  # fmt: skip
def test_what_is_kept_as_a_record_is_under_a_hold_on_services_whoever_asks(
    classes: tuple[RetentionClass, ...], kept: set[RetentionClass]
) -> None:
    hold = msgspec.structs.replace(HOLD, classes=frozenset(classes))
    stays = Staying((hold,), Suspended())
    assert {each for each in RetentionClass if is_kept(hold, "item", each)} == kept
    assert {each for each in RetentionClass if stays.keeps("u", "item", each)} == kept
    assert touches(hold, {"item"}, registration=()) is (RECORD in kept)
    assert not any(stays.keeps("somebody else", "item", each) for each in RetentionClass)


def test_what_the_authority_asked_not_to_destroy_stays_though_no_hold_keeps_it() -> None:
    stays = Staying((HOLD,), Suspended(frozenset({"tariff_plan"})))
    assert stays.holding("u", "tariff_plan", SERVICE) == [HOLD]
    assert [stays.keeps("other", each, SERVICE) for each in ("tariff_plan", "mobile_number")] == [True, False]
    assert Staying((), Suspended(everything=True)).keeps("other", "what no rules need", REGISTRATION)


def with_record() -> Declaration:
    """Return the small operator's rules, by which the tariff plan is kept as a record."""
    found = declared()
    purposes = tuple(
        msgspec.structs.replace(
            each,
            needs=tuple(
                msgspec.structs.replace(need, class_=RECORD) if need.item == "tariff_plan" else need
                for need in each.needs
            ),
        )
        for each in found.purposes
    )
    return msgspec.structs.replace(found, purposes=purposes)


@pytest.fixture
def site(database: Database, tmp_path: Path) -> Iterator[Site]:
    with open_site(database, tmp_path) as site:
        site.publish(with_record(), by="officer")
        posts = [("clerk1", "clerk"), ("judge", "reviewer")]
        site.record_site(*(StaffAppointed(at=START, staff=who, post=post) for who, post in posts), by="officer")
        site.do(newcomer(site, "u1"))
        yield site


def held_of_the_one(site: Site) -> dict[str, RetentionClass]:
    """Return what is held of the only user."""
    with site.reading() as tx:
        (values,) = collected_of(tx, users_after(tx, 0, 2)).values()
    return {each.item: each.class_ for each in values}


def test_a_user_is_told_of_a_record_what_the_clock_goes_by(site: Site) -> None:
    held = held_of_the_one(site)
    assert held["tariff_plan"] is RECORD
    site.record_site(site.holds.fact("h", Asked("case", "d-1", users=("u1",), classes=(SERVICE,)), "judge"), by="judge")
    (told,) = site.holds.of_user("u1")
    (name,) = site.state().holds()[0].users
    stays = staying(site.state(), [with_record()])
    assert set(told.items) == {item for item, class_ in held.items() if stays.keeps(name, item, class_)}
    assert "tariff_plan" in told.items


def test_what_is_suspended_is_told_and_stays_when_services_end(site: Site) -> None:
    site.record_site(SuspensionOrdered(at=site.now(), suspension="s", kinds=frozenset({ActKind.DESTROY})), by="officer")
    assert not site.do(Cancel(user="u1", by="user")).shredded
    held = held_of_the_one(site)
    assert set(site.holds.suspended_of("u1")) == {item for item, class_ in held.items() if class_ is SERVICE} != set()
