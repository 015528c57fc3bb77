# SPDX-License-Identifier: Apache-2.0
"""A law provides otherwise: recorded with its citation, for just these acts, until it ends."""

import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from house import START, Clock, act, newcomer, ready
from msgspec.structs import replace

from keshou.acts.request import ActError
from keshou.app.row_filter import filter_rows
from keshou.app.site import Site
from keshou.app.table_gate import Upload, gate_table
from keshou.db import Database
from keshou.gate.decision import Deny, Permit
from keshou.gate.facts import ConsentWithdrawn, GroundEnded, GroundRecorded
from keshou.law.terms import ActKind
from keshou.ledger.entry import decode
from keshou.permits.filter import Table

DAY = dt.timedelta(days=1)
PROVIDE = act(ActKind.EXPORT, "u1", "tariff_plan", by="lister", ground="g1")


@pytest.fixture
def site(database: Database, tmp_path: Path, clock: Clock) -> Iterator[Site]:
    """Give a site whose one user withdrew every consent."""
    with ready(database, tmp_path, clock) as site:
        site.do(newcomer(site, "u1"))
        site.record("u1", ConsentWithdrawn(at=START, purpose="service"))
        yield site


def ground(**changes: Any) -> GroundRecorded:
    told: dict[str, Any] = {
        "at": START, "ground": "g1", "cite": "criminal_procedure:54", "rank": "law", "recorded_by": "officer",
        "kinds": frozenset({ActKind.EXPORT}), "purposes": frozenset({"service"}), "items": frozenset({"tariff_plan"}),
        "until": START + 30 * DAY,
    }  # fmt: skip
    return GroundRecorded(**(told | changes))


def test_what_the_user_no_longer_agrees_to_is_done_where_a_law_says_so_and_cites_it(site: Site) -> None:
    assert isinstance(site.perform(PROVIDE).decision, Deny)
    entry = site.record_site(ground(), by="officer") - 1
    done = site.perform(PROVIDE)
    assert isinstance(done.decision, Permit)
    assert ("recorded_ground", "miit24:9.5") in {(each.fact, str(each.cite)) for each in done.decision.grounds}
    with site.reading() as tx:
        recorded, used = (decode(site.ledger.entry(tx, index)) for index in (entry, done.entry))
    assert "criminal_procedure:54" in bytes(recorded.fact).decode()
    assert used.ground == "g1"


def test_it_is_no_switch(site: Site) -> None:
    site.record_site(ground(), by="officer")
    for other in (
        replace(PROVIDE, ground=""),
        replace(PROVIDE, ground="g2"),
        replace(PROVIDE, kind=ActKind.USE),
        replace(PROVIDE, purpose="marketing"),
        replace(PROVIDE, items=frozenset({"tariff_plan", "mobile_number"})),
        replace(PROVIDE, recipient="somebody"),
    ):
        assert isinstance(site.perform(other).decision, Deny), other


def test_no_law_opens_a_sale_or_gives_a_stranger_a_grant(site: Site) -> None:
    site.record_site(ground(kinds=frozenset(ActKind)), by="officer")
    sold = site.perform(replace(PROVIDE, kind=ActKind.SELL)).decision
    assert isinstance(sold, Deny)
    assert {"miit24:10", "npcsc2012:1.2", "npcsc2012:3"} <= {str(each.cite) for each in sold.reasons}
    assert isinstance(site.perform(replace(PROVIDE, by="stranger")).decision, Deny)


def test_it_ends_on_its_day(site: Site, clock: Clock) -> None:
    site.record_site(ground(), by="officer")
    clock.moment = START + 30 * DAY - dt.timedelta(seconds=1)
    assert isinstance(site.perform(PROVIDE).decision, Permit)
    clock.moment = START + 30 * DAY
    assert isinstance(site.perform(PROVIDE).decision, Deny)


def test_it_ends_when_it_is_ended(site: Site) -> None:
    site.record_site(ground(), by="officer")
    site.record_site(GroundEnded(at=site.now(), ground="g1"), by="officer")
    assert isinstance(site.perform(PROVIDE).decision, Deny)


def test_nothing_below_an_administrative_regulation_provides_otherwise(site: Site) -> None:
    for rank in ("departmental_rule", "guidance", "draft", "", "LAW"):
        with pytest.raises(ActError, match="provides otherwise"):
            site.record_site(ground(rank=rank), by="officer")
        assert isinstance(site.perform(PROVIDE).decision, Deny)


CLAIMED = ("miit24:9.1", "miit25:6", "gbz28828:4", "miit24_draft:1", "npcsc2012:2.1", "npcsc2012:99", "because")


def test_a_rank_that_is_claimed_does_not_lift_an_instrument_that_is_known(site: Site) -> None:
    for place, cite in enumerate(CLAIMED):
        with pytest.raises(ActError, match="does not provide otherwise"):
            site.record_site(ground(ground=f"g{place}", cite=cite), by="officer")
        assert isinstance(site.perform(replace(PROVIDE, ground=f"g{place}")).decision, Deny), cite


def test_rows_of_a_table_and_of_a_filter_are_let_through_for_those_alone_whom_the_ground_names(site: Site) -> None:
    """The log names users by what stands for them, and so does what tables are judged on."""
    for user in ("u2", "u3"):
        site.do(newcomer(site, user))
        site.record(user, ConsentWithdrawn(at=site.now(), purpose="service"))
    told = {"users": frozenset({"u1", "u3"}), "kinds": frozenset({ActKind.USE})}
    site.record_site(ground(at=site.now(), **told), by="officer")
    asked = replace(PROVIDE, kind=ActKind.USE, user="", when=site.now())
    upload = Upload(b"user,tariff_plan\nu1,a\nu2,b\nu3,c\nu4,d\n", ".csv")
    verdict = gate_table(site, asked, upload, "user")
    assert (verdict.permitted, verdict.rows) == (2, 4)
    assert upload.kept.decode().replace('"', "").split() == ["user,tariff_plan", "u1,a", "u3,c"]
    table = Table(name="plans", user_column="user", columns={"plan": "tariff_plan"})
    found = filter_rows(site, replace(asked, when=site.now()), table, ("u1", "u2", "u3", "u4"), DAY)
    assert (found.users, [each.name for each in found.columns]) == (("u1", "u3"), ["plan"])
    assert filter_rows(site, replace(asked, when=site.now()), table, ("u2", "u4"), DAY).users == ()
