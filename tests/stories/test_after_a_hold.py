# SPDX-License-Identifier: Apache-2.0
"""What a hold leaves behind: users who are still who they are, and items it keeps whatever later rules call them."""

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from house import VALUES, Clock, act, declared, newcomer, ready

from keshou.acts.request import Cancel, Perform
from keshou.app.site import Site
from keshou.app.user_view import user_view
from keshou.db import Database
from keshou.declaration.model import Declaration, Need
from keshou.gate.decision import Deny
from keshou.gate.holds import Asked, HoldLifted
from keshou.law.terms import ActKind, RetentionClass

NUMBERS = {"u1": "990101188001010018", "u2": "990101188001010026", "u3": "990101188001010034"}
CASE = Asked("case", "d-1", users=("u1",))


@pytest.fixture
def site(database: Database, tmp_path: Path) -> Iterator[Site]:
    with ready(database, tmp_path, Clock()) as site:
        site.do_all([newcomer(site, user, VALUES | {"resident_id_number": each}) for user, each in NUMBERS.items()])
        yield site


def put(site: Site, name: str, asked: Asked) -> None:
    site.record_site(site.holds.fact(name, asked, "clerk1"), by="clerk1")


def lift(site: Site, name: str) -> None:
    site.record_site(HoldLifted(at=site.now(), hold=name, by="judge", reason="closed"), by="judge")


def held(site: Site, user: str) -> dict[str, RetentionClass]:
    found = user_view(site, user)
    assert found is not None
    return dict(found.held)


def moved(given: Declaration, item: str, class_: RetentionClass) -> Declaration:
    """Return rules in which every purpose keeps `item` in another class."""

    def other(need: Need) -> Need:
        return msgspec.structs.replace(need, class_=class_) if need.item == item else need

    purposes = (msgspec.structs.replace(each, needs=tuple(map(other, each.needs))) for each in given.purposes)
    return msgspec.structs.replace(given, purposes=tuple(purposes))


def test_users_of_whom_something_was_let_go_are_still_found_and_known(site: Site) -> None:
    put(site, "h1", CASE._replace(users=("u1", "u2")))
    for user in ("u1", "u2"):
        site.do(Cancel(user=user, by="user"))
        assert "tariff_plan" in held(site, user)
    lift(site, "h1")
    for _ in range(2):
        for user, number in NUMBERS.items():
            assert "tariff_plan" not in held(site, user) or user == "u3"
            asked = act(ActKind.QUERY, "", "resident_id_number")
            assert site.searches.find(asked, number).hits == 1
        site.audit()
        done = site.keeper.rotate_index("keeper", lambda *_: None)
        assert not done.left
    with site.reading() as tx:
        keys = [site._known.vault.find_user(tx, user) for user in NUMBERS]
        assert site._known.vault.find_user(tx, "") is None
    assert len({*keys}) == len(NUMBERS)
    assert None not in keys


@pytest.mark.parametrize(
    ("item", "kept_as", "later"),
    [
        ("user_name", RetentionClass.REGISTRATION, RetentionClass.SERVICE),
        ("tariff_plan", RetentionClass.SERVICE, RetentionClass.REGISTRATION),
    ],
)
def test_what_a_hold_keeps_does_not_go_because_later_rules_call_it_something_else(
    site: Site, item: str, kept_as: RetentionClass, later: RetentionClass
) -> None:
    put(site, "h1", CASE._replace(classes=(kept_as,)))
    site.publish(moved(declared(), item, later), by="officer")
    gone = act(ActKind.DELETE, "u1", item, by="user")
    answer = site.ask(msgspec.structs.replace(gone, when=site.now()))
    assert isinstance(answer, Deny)
    assert "hold" in {each.missing for each in answer.reasons}
    site.do(Perform(act=act(ActKind.CORRECT, "u1", item, by="user"), values={item: "其他"}))
    site.do(Cancel(user="u1", by="user"))
    assert item in held(site, "u1")


def test_a_hold_on_a_class_is_of_what_any_rules_kept_in_it(site: Site) -> None:
    put(site, "h1", CASE._replace(classes=(RetentionClass.REGISTRATION,)))
    (before,) = site.state().holds()
    site.publish(moved(declared(), "tariff_plan", RetentionClass.REGISTRATION), by="officer")
    put(site, "h2", CASE._replace(classes=(RetentionClass.REGISTRATION,)))
    after = next(each for each in site.state().holds() if each.hold == "h2")
    assert after.items - before.items == {"tariff_plan"}
