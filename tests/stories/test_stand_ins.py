# SPDX-License-Identifier: Apache-2.0
"""Agents and recipients work with stand-ins: who it is stays the operator's, and what they bring back is understood."""

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from agents_house import HIDDEN, rules, seated
from house import VALUES, Clock, act, newcomer, open_site

from keshou.acts.request import BulkPerform, Erase, Perform
from keshou.app.copy_sheet import sheet
from keshou.app.own_copy import own_copy
from keshou.app.site import Site
from keshou.db import Database
from keshou.declaration.findable import Part
from keshou.declaration.model import FoundBy
from keshou.gate.decision import Permit
from keshou.gate.reach import reach
from keshou.law.terms import ActKind
from keshou.ledger.entry import decode

BY = (FoundBy(item="mobile_number", last_four=True, prefix=7),)


@pytest.fixture
def site(database: Database, tmp_path: Path) -> Iterator[Site]:
    with open_site(database, tmp_path, Clock()) as site:
        site.publish(msgspec.structs.replace(rules(), finding=BY), by="officer")
        site.record_site(*seated(), by="officer")
        site.do_all([newcomer(site, "u1"), newcomer(site, "u2", VALUES | {"mobile_number": "15499990002"})])
        yield site


def look(site: Site, *items: str, by: str = "rider1", user: str = "u1") -> dict[str, str]:
    done = site.perform(act(ActKind.USE, user, *items, by=by))
    assert isinstance(done.decision, Permit)
    return dict(done.values)


def found(site: Site, value: str, by: str = "clerk1", item: str = "mobile_number") -> dict[str, str]:
    told = site.searches.find(act(ActKind.QUERY, "", item, by=by), value)
    return {user: done.values[item] for user, done in told.users.items()}


def test_an_agents_staff_see_stand_ins_whatever_their_post_is_granted(site: Site) -> None:
    shown = look(site, *HIDDEN)
    assert {item: value.partition("~")[0] for item, value in shown.items()} == dict.fromkeys(HIDDEN, "courier")
    assert not {VALUES[item] for item in HIDDEN} & set(shown.values())


def test_the_operators_own_staff_and_other_agents_see_what_they_did(site: Site) -> None:
    assert look(site, "mobile_number", by="clerk1") == {"mobile_number": VALUES["mobile_number"]}
    assert look(site, "mobile_number", by="caller1") == {"mobile_number": VALUES["mobile_number"]}


def test_what_has_no_stand_in_is_shown_as_it_would_be_alone(site: Site) -> None:
    shown = look(site, "mobile_number", "tariff_plan", "resident_id_number")
    assert shown["mobile_number"].startswith("courier~")
    assert (shown["tariff_plan"], shown["resident_id_number"]) == (VALUES["tariff_plan"], VALUES["resident_id_number"])
    done = site.do(Perform(act=act(ActKind.USE, "u1", "mobile_number", "resident_id_number", by="rider1"), masked=True))
    assert done.values["mobile_number"] == shown["mobile_number"]
    assert done.values["resident_id_number"] == "990101********0018"


def test_the_log_says_masked_where_nothing_but_stand_ins_was_shown(site: Site) -> None:
    def shown(*items: str) -> str:
        entry = site.perform(act(ActKind.USE, "u1", *items, by="rider1")).entry
        with site.reading() as tx:
            return decode(site.ledger.entry(tx, entry)).shown

    assert (shown("mobile_number"), shown("tariff_plan"), shown("mobile_number", "tariff_plan")) == (
        "masked", "full", "full",
    )  # fmt: skip


def test_the_log_names_the_stand_ins_that_were_given(site: Site) -> None:
    entry = site.perform(act(ActKind.USE, "u1", "mobile_number", "tariff_plan", by="rider1")).entry
    own = site.perform(act(ActKind.USE, "u1", "mobile_number", "tariff_plan")).entry
    with site.reading() as tx:
        assert decode(site.ledger.entry(tx, entry)).stand_ins == ("mobile_number",)
        assert decode(site.ledger.entry(tx, own)).stand_ins == ()


def test_an_answer_says_that_full_values_are_not_to_be_shown_whatever_is_shown_beside(site: Site) -> None:
    """What a system of the operator's own goes by is the decision, and it makes no stand-ins."""
    done = site.perform(act(ActKind.USE, "u1", "mobile_number", "tariff_plan", by="rider1"))
    assert isinstance(done.decision, Permit)
    assert not done.decision.full
    assert (done.in_full, done.stand_ins) == (True, {"mobile_number"})


def test_a_question_tells_that_no_full_value_is_to_be_shown(site: Site) -> None:
    asked = site.ask(act(ActKind.USE, "u1", "mobile_number", "tariff_plan", by="rider1"))
    assert isinstance(asked, Permit)
    assert not asked.full
    plain = site.ask(act(ActKind.USE, "u1", "tariff_plan", by="rider1"))
    assert isinstance(plain, Permit)
    assert plain.full


def test_the_operator_reads_from_a_stand_in_whose_it_is_in_an_act_on_record(site: Site) -> None:
    text = look(site, "mobile_number")["mobile_number"]
    told = site.searches.find(act(ActKind.QUERY, "", "mobile_number", by="clerk1"), text)
    assert {user: done.values for user, done in told.users.items()} == {
        "u1": {"mobile_number": VALUES["mobile_number"]}
    }
    with site.reading() as tx:
        search = decode(site.ledger.entry(tx, told.entry))
        bodies = b"".join(body for _, body in site.ledger.entries(tx, 0, site.ledger.head(tx).size))
    assert (search.event, search.count, search.who) == ("search", 1, "clerk1")
    assert text.partition("~")[2].encode() not in bodies


def test_an_agents_staff_find_by_their_own_stand_ins_and_by_no_others(site: Site) -> None:
    own = look(site, "mobile_number")["mobile_number"]
    assert found(site, own, by="rider1") == {"u1": own}
    assert found(site, own, by="caller1") == {}
    others = own.replace("courier", "calls")
    assert found(site, others, by="rider1") == {}


@pytest.mark.parametrize(("value", "part"), [
    (VALUES["mobile_number"], Part.WHOLE), ("0001", Part.LAST_FOUR), ("1549999", Part.PREFIX),
])  # fmt: skip
def test_an_agents_staff_do_not_learn_by_trying_values_whose_they_are(site: Site, value: str, part: Part) -> None:
    def hits(by: str) -> int:
        return site.searches.find(act(ActKind.QUERY, "", "mobile_number", by=by), value, part).hits

    assert (hits("rider1"), hits("caller1"), hits("clerk1")) == (0, *[2 if part is Part.PREFIX else 1] * 2)


def test_a_copy_says_what_is_not_given_in_full(site: Site) -> None:
    copy = own_copy(site, "u1", by="rider1")
    assert copy.partly == set(HIDDEN)
    assert copy.information["mobile_number"].startswith("courier~")
    assert own_copy(site, "u1", by="clerk1").partly == set()
    told = {each["item"]: each["masked"] for each in copy.data("en", site)["information"]}  # type: ignore[attr-defined]
    assert told == {item: item in HIDDEN for item in VALUES}
    table = next(each for each in sheet(site, copy, "en").tables if each.key == "information")
    assert sum("(not in full)" in value for _, value in table.rows) == len(HIDDEN)


def test_a_stand_in_is_found_by_where_values_are_not(site: Site) -> None:
    name = look(site, "user_name")["user_name"]
    assert found(site, name, item="user_name") == {"u1": VALUES["user_name"]}


def test_a_corrected_value_keeps_its_stand_in(site: Site) -> None:
    before = look(site, "mobile_number")["mobile_number"]
    site.perform(act(ActKind.CORRECT, "u1", "mobile_number"), {"mobile_number": "15499990009"})
    assert look(site, "mobile_number")["mobile_number"] == before
    assert found(site, before) == {"u1": "15499990009"}


def test_the_stand_in_of_somebody_erased_is_nobodys(site: Site) -> None:
    site.do(newcomer(site, "u3", {each: VALUES[each] for each in ("mobile_number", "tariff_plan")}))
    text = look(site, "mobile_number", user="u3")["mobile_number"]
    assert site.do(Erase(act=act(ActKind.DELETE, "u3", by="user"))).shredded
    site.do(newcomer(site, "u3"))
    assert found(site, text) == {}
    assert look(site, "mobile_number", user="u3")["mobile_number"] != text


def test_a_list_for_a_recipient_has_its_stand_ins_and_the_rest_in_full(site: Site) -> None:
    asked = act(ActKind.EXPORT, "", "mobile_number", "tariff_plan", by="lister", recipient="bank")
    done = site.do(BulkPerform(act=asked, users=("u1", "u2")))
    assert isinstance(done.decision, Permit)
    assert done.stand_ins == {"mobile_number"}
    assert {each["tariff_plan"] for each in done.by_user.values()} == {VALUES["tariff_plan"]}
    texts = {user: each["mobile_number"] for user, each in done.by_user.items()}
    assert all(text.startswith("bank~") for text in texts.values())
    assert len(set(texts.values())) == 2
    assert found(site, texts["u2"]) == {"u2": "15499990002"}
    assert look(site, "mobile_number", by="lister") == {"mobile_number": VALUES["mobile_number"]}


def test_two_parties_cannot_lay_their_tables_together(site: Site) -> None:
    courier = look(site, "mobile_number")["mobile_number"]
    asked = act(ActKind.EXPORT, "", "mobile_number", by="lister", recipient="bank")
    bank = site.do(BulkPerform(act=asked, users=("u1",))).by_user["u1"]["mobile_number"]
    assert courier.partition("~")[2] != bank.partition("~")[2]


def test_the_list_of_who_can_reach_what_says_that_agents_do_not_see_them(site: Site) -> None:
    lines = [each for each in reach(rules(), site.state()) if each.staff == "rider1"]
    full = {item for each in lines if each.full for item in each.items}
    hidden = {item for each in lines if not each.full for item in each.items}
    assert (hidden, full) == (set(HIDDEN), {"resident_id_number", "tariff_plan"})


def test_rules_without_the_stand_ins_ask_for_consent_anew_before_an_agent_sees_more(site: Site) -> None:
    site.publish(rules(courier=("user_name",)), by="officer")
    denied = site.perform(act(ActKind.USE, "u1", "mobile_number", by="rider1"))
    assert not isinstance(denied.decision, Permit)
    assert look(site, "user_name")["user_name"].startswith("courier~")
    assert look(site, "mobile_number", by="clerk1") == {"mobile_number": VALUES["mobile_number"]}


def test_rules_with_more_stand_ins_ask_nobody(site: Site) -> None:
    site.publish(rules(courier=(*HIDDEN, "resident_id_number")), by="officer")
    assert look(site, "resident_id_number")["resident_id_number"].startswith("courier~")
