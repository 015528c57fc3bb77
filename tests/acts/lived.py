# SPDX-License-Identifier: Apache-2.0
"""A site that did one of everything, and what an audit of it finds after somebody edited its tables."""

import datetime as dt

import pytest
from house import SITE, START, act, declared, newcomer

from keshou.acts.audit import FactsAudited, audit_facts, openings
from keshou.acts.audit_payload import FactsTamperedError
from keshou.acts.request import BulkPerform, Erase
from keshou.app.site import Site
from keshou.gate.facts import ConsentGiven, ConsentWithdrawn, GroundRecorded, ReviewApproved, StaffRemoved
from keshou.gate.store import Standings
from keshou.law.terms import ActKind, ConsentStrength
from keshou.ledger.audit import audit
from keshou.vault.keys import FileKeys
from keshou.vault.receipt import Receipt
from keshou.vault.store import Vault

Places = dict[str, int]
PLAN = frozenset({"tariff_plan"})
LITTLE = {"mobile_number": "15499990003", "tariff_plan": "P-1"}
LATER = START + dt.timedelta(hours=8)


def agreed(version: int = 1) -> ConsentGiven:
    return ConsentGiven(at=START, purpose="marketing", version=version, strength=ConsentStrength.EXPRESS)


def ground(user: str) -> GroundRecorded:
    return GroundRecorded(
        at=START, ground="g1", cite="csl:28", rank="law", recorded_by="officer", kinds=frozenset({ActKind.USE}),
        purposes=frozenset({"service"}), items=PLAN, users=frozenset({user}), until=LATER,
    )  # fmt: skip


def approval() -> ReviewApproved:
    return ReviewApproved(
        at=START, review="v1", requester="lister", reviewer="judge", kind=ActKind.EXPORT, purpose="service",
        items=PLAN, count=10, until=LATER,
    )  # fmt: skip


def live(site: Site) -> Places:
    """Let a site do one of everything; return the index of each entry. It publishes at 0 and appoints at 1."""
    marketing = {"purpose": "marketing", "at": START}
    export = act(ActKind.EXPORT, "", "tariff_plan", by="lister")
    users = ("u1", "u2", "u3")
    return {
        "publish": 0,
        "appoint": 1,
        "admit u1": site.do(newcomer(site, "u1")).entry,
        "admit u2": site.do(newcomer(site, "u2")).entry,
        "admit u3": site.do(newcomer(site, "u3", LITTLE)).entry,
        "agree": site.record("u1", agreed()) - 1,
        "withdraw": site.record("u1", ConsentWithdrawn(**marketing)) - 1,
        "agree again": site.record("u1", agreed(), ConsentWithdrawn(**marketing), agreed()) - 1,
        "ground": site.record_site(ground("u1"), by="officer") - 1,
        "denied": site.perform(act(ActKind.SELL, "u1", "tariff_plan")).entry,
        "few": site.do(BulkPerform(act=export, users=("u1", "u2"))).entry,
        "unreviewed": site.do(BulkPerform(act=export, users=users)).entry,
        "approve": site.record_site(approval(), by="judge") - 1,
        "reviewed": reviewed(site, users),
        "erase": site.do(Erase(act=act(ActKind.DESTROY, "u3", "mobile_number"))).entry,
        "use": site.perform(act(ActKind.USE, "u1", "tariff_plan")).entry,
        "again": site.publish(declared(review=REVIEW), by="officer").entry,
        "cancel": site.cancel("u2").entry,
        "remove": site.record_site(StaffRemoved(at=START, staff="judge", post="reviewer"), by="officer") - 1,
    }


REVIEW = {"bulk_users": 4, "reviewers": ["reviewer"], "valid_hours": 24}


def reviewed(site: Site, users: tuple[str, ...]) -> int:
    return site.do(BulkPerform(act=act(ActKind.EXPORT, "", "tariff_plan", by="lister", review="v1"), users=users)).entry


def held(site: Site, *, opened: bool) -> FactsAudited:
    """Audit the facts; `opened` pays with a receipt of the last entry."""
    vault = Vault(FileKeys.open(site.home / "keys", SITE), SITE)
    with site.reading() as tx:
        audit(tx, site.ledger.key)
        last = site.ledger.head(tx).size - 1
        receipt = Receipt(last, openings(tx)) if opened else None
        return audit_facts(tx, site.ledger, Standings(), site.declarations, vault, receipt=receipt)


def tamper(site: Site, *statements: str) -> None:
    with site.database.transaction() as tx:
        for sql in statements:
            assert tx.connection.exec_driver_sql(sql).rowcount > 0


ROW = "WHERE revision = {0} + 1"
"""Stands where a statement says {row}."""


def found(site: Site, case: tuple[str | int, *tuple[str, ...]], *, opened: bool) -> None:
    places, (where, *statements) = live(site), case
    index = where if isinstance(where, int) else places[where]
    named = {key.replace(" ", "_"): place for key, place in places.items()}
    tamper(site, *(sql.replace("{row}", ROW).replace("{0}", str(index)).format(**named) for sql in statements))
    with pytest.raises(FactsTamperedError) as told:
        held(site, opened=opened)
    assert told.value.index == index, told.value.what
