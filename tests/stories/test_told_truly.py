# SPDX-License-Identifier: Apache-2.0
"""A user's copy tells of that user what came to pass, and nothing that did not; what it does not tell, it names."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from house import START, Clock, act, newcomer, open_site
from test_shared_links import rules

from keshou.acts.request import BulkPerform, Done
from keshou.app.copy_file import file_of
from keshou.app.copy_sheet import sheet
from keshou.app.own_copy import OwnCopy, own_copy
from keshou.app.site import Site
from keshou.db import Database
from keshou.gate.facts import ConsentWithdrawn, StaffAppointed
from keshou.gate.holds import Asked
from keshou.law.terms import ActKind

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
    return next([*each.rows] for each in sheet(site, copy, "en").tables if each.key == table)


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
