# SPDX-License-Identifier: Apache-2.0
"""A user's copy tells of that user what came to pass, and nothing that did not; what it does not tell, it names."""

import datetime as dt
import json
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from house import START, VALUES, Clock, act, newcomer, open_site
from test_shared_links import rules

from keshou.acts.request import BulkPerform, Done
from keshou.app.copy_file import file_of
from keshou.app.copy_sheet import sheet
from keshou.app.own_copy import OwnCopy, own_copy
from keshou.app.row_filter import filter_rows
from keshou.app.site import Site
from keshou.app.table_gate import Files, gate_table
from keshou.db import Database
from keshou.gate.decision import Deny
from keshou.gate.facts import ConsentGiven, ConsentWithdrawn, StaffAppointed
from keshou.gate.holds import Asked
from keshou.law.terms import ActKind, ConsentStrength
from keshou.permits.filter import Table

SEATS = (("clerk1", "clerk"), ("lister", "analyst"), ("judge", "reviewer"))


@pytest.fixture
def site(database: Database, tmp_path: Path) -> Iterator[Site]:
    with open_site(database, tmp_path, Clock()) as site:
        site.publish(rules(), by="officer")
        site.record_site(*(StaffAppointed(at=START, staff=who, post=post) for who, post in SEATS), by="officer")
        site.do_all([newcomer(site, "u1"), newcomer(site, "u2")])
        yield site


def rows(site: Site, copy: OwnCopy, table: str) -> list[tuple[str, ...]]:
    """Return what a table of the copy says, in English."""
    return sheet(site, copy, "en").rows(table)


def agreed_to(site: Site, purpose: str) -> tuple[ConsentGiven]:
    """Return that a user agreed to a purpose of the rules in force."""
    known = site.rules()
    assert known is not None
    given = ConsentGiven(at=site.now(), purpose=purpose, version=known.version, strength=ConsentStrength.EXPRESS)
    return (given,)


def exported(site: Site, *users: str) -> Done:
    """Export what `users` have to the bank."""
    return site.do(BulkPerform(act=act(ActKind.EXPORT, "", "tariff_plan", by="lister", recipient="bank"), users=users))


def test_who_was_refused_within_an_export_is_not_told_that_it_was_given(site: Site) -> None:
    site.record("u2", ConsentWithdrawn(at=site.now(), purpose="service"))
    assert set(exported(site, "u1", "u2").refused) == {"u2"}
    through, refused = (own_copy(site, user, by="user") for user in ("u1", "u2"))
    assert [row[1] for row in rows(site, through, "given")] == ["Bank"]
    assert rows(site, refused, "given") == []
    (told,) = [row for row in rows(site, refused, "acts") if "export" in row[2]]
    assert told[5].startswith("refused (")
    assert "miit24:9.1" in told[5]
    (in_json,) = [each for each in json.loads(file_of(site, refused, "json", "en").data)["acts"] if each["recipient"]]
    assert (in_json["permitted"], "miit24:9.1" in in_json["cites"]) == (False, True)


def test_who_was_refused_within_a_destruction_is_not_told_that_it_was_destroyed(site: Site) -> None:
    site.record_site(site.holds.fact("h1", Asked("dispute", "d-1", users=("u2",)), "clerk1"), by="clerk1")
    done = site.do(BulkPerform(act=act(ActKind.DESTROY, "", "tariff_plan"), users=("u1", "u2")))
    assert set(done.refused) == {"u2"}
    copy = own_copy(site, "u2", by="user")
    assert copy.information["tariff_plan"] == "P-19"
    assert [row[5] for row in rows(site, copy, "acts") if row[2] == "destroy"] == ["refused (miit24:10)"]


def test_an_older_entry_that_does_not_say_who_was_refused_is_told_as_unsure(site: Site) -> None:
    site.record("u2", ConsentWithdrawn(at=site.now(), purpose="service"))
    exported(site, "u1", "u2")
    with site.database.transaction() as tx:
        tx.change("UPDATE log_payload SET refused = NULL", ())
    for user in ("u1", "u2"):
        copy = own_copy(site, user, by="user")
        assert ["perhaps" in row[1] for row in rows(site, copy, "given")] == [True]
        assert ["not on record of whom" in row[5] for row in rows(site, copy, "acts") if "export" in row[2]] == [True]


def test_what_it_is_for_names_every_purpose_and_those_without_consent_as_such(site: Site) -> None:
    copy = own_copy(site, "u1", by="user")
    assert set(copy.purposes) == {"service"}
    assert copy.unagreed == {"marketing": ("mobile_number", "tariff_plan")}
    site.record("u1", *agreed_to(site, "marketing"))
    copy = own_copy(site, "u1", by="user")
    assert (copy.purposes["marketing"], copy.unagreed) == (("mobile_number", "tariff_plan"), {})
    assert copy.purposes["service"] == ("mobile_number", "resident_id_number", "tariff_plan", "user_name")
    assert len(rows(site, copy, "purposes")) == 2
    site.record("u1", ConsentWithdrawn(at=site.now(), purpose="marketing"))
    told = rows(site, own_copy(site, "u1", by="user"), "purposes")
    assert [name for name, _ in told] == ["Providing service", "Marketing (no consent stands)"]


def test_the_copy_has_what_only_a_purpose_without_queries_needs_and_what_none_needs_any_more(site: Site) -> None:
    declared = rules()
    quiet = [each for each in declared.purposes[0].acts if each is not ActKind.QUERY]
    without = [need for need in declared.purposes[0].needs if need.item != "tariff_plan"]
    service = msgspec.structs.replace(declared.purposes[0], acts=tuple(quiet), needs=tuple(without))
    site.publish(msgspec.structs.replace(declared, purposes=(service,), grants=declared.grants[:1]), by="officer")
    copy = own_copy(site, "u1", by="user")
    assert copy.information == VALUES
    assert (copy.not_shown, copy.unneeded) == ((), ("tariff_plan",))
    assert ("Needed for no purpose of the rules in force", "Brand and tariff plan") in rows(site, copy, "purposes")


def test_what_may_not_be_shown_is_named_with_the_reason(site: Site) -> None:
    declared = rules()
    other = msgspec.structs.replace(declared.purposes[0], id="other", needs=declared.purposes[0].needs[-1:])
    service = msgspec.structs.replace(declared.purposes[0], needs=declared.purposes[0].needs[:-1])
    site.publish(msgspec.structs.replace(declared, purposes=(service, other)), by="officer")
    copy = own_copy(site, "u1", by="clerk1")
    assert copy.information.keys() == VALUES.keys() - {"tariff_plan"}
    (hidden,) = copy.not_shown
    assert (hidden.item, "miit24:13.1.3" in hidden.cites) == ("tariff_plan", True)
    assert "held, and not shown: refused (" in dict(rows(site, copy, "information"))["Brand and tariff plan"]
    (in_json,) = json.loads(file_of(site, copy, "json", "en").data)["not_shown"]
    assert in_json["item"] == "tariff_plan"


TABLE = Table(name="t", user_column="uid", user_type="text", columns={"p": "tariff_plan"})


def test_what_a_filter_lets_through_to_a_recipient_is_told_to_whom_it_is_about_and_to_nobody_else(site: Site) -> None:
    site.record("u2", ConsentWithdrawn(at=site.now(), purpose="service"))
    asked = act(ActKind.EXPORT, "", by="lister", recipient="bank")
    found = filter_rows(site, asked, TABLE, ["u1", "u2"], dt.timedelta(minutes=5))
    assert found.users == ("u1",)
    copy = own_copy(site, "u1", by="user")
    assert [(row[1], row[4]) for row in rows(site, copy, "given")] == [("Bank", str(found.entry))]
    (told,) = [row[2] for row in rows(site, copy, "acts") if "Bank" in row[2]]
    assert "let through, out of the operator's own systems" in told
    assert rows(site, own_copy(site, "u2", by="user"), "given") == []
    site.audit(by="clerk1")


def test_a_gated_table_that_names_a_recipient_is_told_to_each_user_let_through(site: Site, tmp_path: Path) -> None:
    asked = act(ActKind.EXPORT, "", "tariff_plan", by="lister", recipient="bank")
    (tmp_path / "t.csv").write_text("uid,tariff_plan\nu1,a\nu1,b\nu2,c\n", "utf-8")
    verdict = gate_table(site, asked, Files(tmp_path / "t.csv", tmp_path / "kept.csv"), "uid")
    assert verdict.permitted == 3
    for user in ("u1", "u2"):
        assert [row[4] for row in rows(site, own_copy(site, user, by="user"), "given")] == [str(verdict.entry)]
    site.audit(by="clerk1")


def test_a_bulk_act_denied_as_a_whole_is_told_as_refused(site: Site) -> None:
    site.do_all([newcomer(site, each) for each in ("u3", "u4")])
    done = exported(site, "u1", "u2", "u3", "u4", "stranger")
    assert isinstance(done.decision, Deny)
    copy = own_copy(site, "u1", by="user")
    assert [(each.entry, each.permitted) for each in copy.acts if each.recipient] == [(done.entry, False)]
    assert rows(site, copy, "given") == []
    site.audit(by="clerk1")


def test_the_copy_says_what_it_does_not_tell(site: Site) -> None:
    told = sheet(site, own_copy(site, "u1", by="user"), "en")
    assert any("no recipient named" in value for _, value in told.head)
