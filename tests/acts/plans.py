# SPDX-License-Identifier: Apache-2.0
"""The small operator with a purpose of its own for the plan, which it keeps for a month after it was collected."""

import datetime as dt
from pathlib import Path

import msgspec
from house import START, VALUES, Clock, act, declared, newcomer, open_site

from keshou.acts.request import Perform
from keshou.app.settings import RetentionSettings
from keshou.app.site import Site
from keshou.db import Database
from keshou.declaration.model import Declaration, Need, Retention
from keshou.gate.facts import ConsentGiven, NoticeShown, StaffAppointed
from keshou.language import Text
from keshou.law.terms import ActKind, ConsentStrength, RetentionClass

DAY = dt.timedelta(days=1)
PLAN = "tariff_plan"
A_MONTH = Retention(after="collection", months=1)


def rules(kept: Retention = A_MONTH, class_: RetentionClass = RetentionClass.SERVICE) -> Declaration:
    """Return rules in which the plan serves the purpose `plans` and marketing alone."""
    given = declared()
    service, marketing = given.purposes
    need = Need(item=PLAN, why=Text("套餐。", "The plan."), class_=class_)
    less = msgspec.structs.replace(service, needs=tuple(each for each in service.needs if each.item != PLAN))
    plans = msgspec.structs.replace(service, id="plans", retention=kept, needs=(need,))
    market = msgspec.structs.replace(
        marketing, needs=tuple(need if each.item == PLAN else each for each in marketing.needs)
    )
    grants = (
        msgspec.structs.replace(each, purposes=(*each.purposes, "plans")) if each.post == "clerk" else each
        for each in given.grants
    )
    return msgspec.structs.replace(given, purposes=(less, plans, market), grants=tuple(grants))


def ready(
    database: Database, folder: Path, clock: Clock, over: str = "service", given: Declaration | None = None
) -> Site:
    """Return a site under such rules, where what is over goes as `over` says, with staff in their posts."""
    site = open_site(database, folder, clock, retention=RetentionSettings(over=over))  # type: ignore[arg-type]
    site.publish(given or rules(), by="officer")
    appointed = [("clerk1", "clerk"), ("lister", "analyst"), ("judge", "reviewer")]
    site.record_site(*(StaffAppointed(at=START, staff=staff, post=post) for staff, post in appointed), by="officer")
    return site


def come(site: Site, *users: str) -> None:
    """Take users in, with a plan each."""
    for user in users:
        assert site.do(newcomer(site, user, {each: VALUES[each] for each in VALUES if each != PLAN})).decision
        agree(site, user)
        take_plan(site, user)


def agree(site: Site, user: str) -> None:
    """Show a user the rules in force and have them agree to the purpose of the plan."""
    current, now = site.rules(), site.now()
    assert current is not None
    site.record(
        user,
        NoticeShown(at=now, version=current.version, digest=current.digest),
        ConsentGiven(at=now, purpose="plans", version=current.version, strength=ConsentStrength.EXPRESS),
    )


def take_plan(site: Site, user: str, kind: ActKind = ActKind.COLLECT) -> None:
    """Collect a user's plan, or correct it."""
    done = site.do(Perform(act=act(kind, user, PLAN, purpose="plans"), values={PLAN: "P-20"}))
    assert done.decision
    assert done.decision.permitted, done.decision


def held(site: Site, user: str) -> set[str]:
    """Return what is held of a user."""
    with site.reading() as tx:
        key = site._known.vault.find_user(tx, user)
        assert key is not None
        return set(site._known.vault.items_of(tx, key))
