# SPDX-License-Identifier: Apache-2.0
"""A user of the sample, who is nobody: taken in, told of, and signed in, so that their pages can be shown."""

import datetime as dt
from itertools import islice

import msgspec

from keshou.acts.request import Perform
from keshou.app.own_facts import agreement, notice, withdrawal
from keshou.app.site import Site
from keshou.cli.sample.people import Subscriber, subscribers
from keshou.cli.sample.staff import SETUP, appointments
from keshou.gate.act import OWN_HAND, Act
from keshou.gate.facts import ServiceStarted
from keshou.law.terms import ActKind, ConsentStrength

_SERVICE = ("user_name", "id_document_type", "resident_id_number", "home_address", "mobile_number", "tariff_plan",
            "email_address")  # fmt: skip


def somebody() -> Subscriber:
    """Return the user, the same each time."""
    return next(islice(subscribers(40, 7), 30, None))


def take_in(site: Site) -> str:
    """Take the user in at the counter, and let some things happen; return the operator's id of the user."""
    site.record_site(*appointments(site.now()), by=SETUP)
    who, now = somebody(), site.now()
    values = {
        "user_name": who.name, "id_document_type": who.document_type, "resident_id_number": who.resident_id_number,
        "home_address": who.address, "mobile_number": who.mobile_number, "tariff_plan": who.tariff_plan,
        "email_address": who.email_address,
    }  # fmt: skip
    shown = notice(site)
    facts = [
        *agreement(shown, "service", (), ConsentStrength.EXPRESS, messages=False),
        *agreement(shown, "billing", (), ConsentStrength.EXPRESS, messages=False)[1:],
        *agreement(shown, "marketing", (), ConsentStrength.EXPRESS, messages=False)[1:],
        *(ServiceStarted(at=now, service=each) for each in ("mobile", "broadband")),
    ]
    act = _act(ActKind.COLLECT, who.user_id, "clerk", "service", *_SERVICE, now=now)
    done = site.do(Perform(act=act, values=values, facts=tuple(facts), admit=True))
    if done.decision is None or not done.decision.permitted:
        raise SystemExit(f"the user cannot be taken in: {done.decision}")
    _live(site, who.user_id)
    return who.user_id


def _live(site: Site, user: str) -> None:
    """Let this and that be done with what is held of the user, and some of it be refused."""
    asked = [
        (ActKind.USE, "billing", "billing", ("mobile_number", "tariff_plan")),
        (ActKind.QUERY, "clerk", "service", ("user_name", "mobile_number")),
        (ActKind.USE, "analyst", "marketing", ("mobile_number",)),
        (ActKind.USE, "shop", "service", ("mobile_number", "tariff_plan")),
    ]
    for kind, by, purpose, items in asked:
        site.perform(_act(kind, user, by, purpose, *items, now=site.now()))
    site.record(user, *withdrawal(site, "marketing", (), messages=True), by=OWN_HAND)
    site.perform(_act(ActKind.USE, user, "analyst", "marketing", "mobile_number", now=site.now()))


def _act(kind: ActKind, user: str, by: str, purpose: str, *items: str, now: dt.datetime) -> Act:
    where = {"clerk": "east_branch", "shop": "west_branch"}.get(by, "")
    act = Act(kind=kind, user=user, items=frozenset(items), purpose=purpose, by=by, when=now, where=where)
    return msgspec.structs.replace(act, post="")


def visit(site: Site, user: str, browser: str) -> str:
    """Return the token of a visit of `user` in the browser that calls itself `browser`."""
    with site.writing() as tx:
        started = site.visits.start(tx, user, site.now())
        token = site.visits.redeem(tx, started.ticket, started.code or "", browser, site.now())
    if token is None:
        raise SystemExit("no visit began")
    return token
