# SPDX-License-Identifier: Apache-2.0
"""The small operator's site with a recipient whose key was verified, users to hand over, and offices."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import pyrage
from console_house import build
from house import VALUES, newcomer
from office_house import with_offices

from keshou.app.site import Site
from keshou.cli.sample.people import subscribers
from keshou.db import Database
from keshou.declaration.model import Declaration, Recipient
from keshou.gate.facts import ConsentGiven, RecipientKeyVerified
from keshou.language import Text
from keshou.law.terms import ActKind, ConsentStrength

USERS = tuple(f"b{number}" for number in range(24))
"""Three users make a bulk act by the rules."""
PLAN = "tariff_plan"
SECRET = pyrage.x25519.Identity.generate()
"""The recipient's own half of its key."""


@contextmanager
def handing(database: Database, folder: Path, clock: Any = None) -> Iterator[Site]:
    """Give the site; `judge` verified the bank's key, `lister` may export, `deputy` reviews."""
    with with_offices(database, folder, clock) as site:
        site.publish(with_bank(site), by="boss")
        people = [VALUES | {"mobile_number": f"1549999{n:04d}"} for n in range(len(USERS))]
        site.do_all([newcomer(site, user, of) for user, of in zip(USERS, people, strict=True)])
        key = RecipientKeyVerified(
            at=site.now(), recipient="bank", key=str(SECRET.to_public()), verified_by="judge", how="in_person"
        )  # fmt: skip
        site.record_site(key, by="judge")
        yield site


CENTRE = "portability_centre"
"""The sample operator's one recipient."""
SUBSCRIBERS = [each.user_id for each in subscribers(12)]


def desk(home: Path, database: str = "") -> Path:
    """Make the sample operator's site with people who sign in, whose rules let lists and single records go out.

    `analyst` exports for marketing, three users being a bulk act; `clerk` provides for porting numbers, to which the
    first user agreed; `reviewer` verified the recipient's key.
    """
    build(home, database, rules=_open_to_others)
    with Site.open(home) as site:
        consent = ConsentGiven(at=site.now(), purpose="portability", version=1, strength=ConsentStrength.EXPRESS)
        site.record(SUBSCRIBERS[0], consent)
        key = RecipientKeyVerified(
            at=site.now(), recipient=CENTRE, key=str(SECRET.to_public()), verified_by="reviewer", how="in_person"
        )  # fmt: skip
        site.record_site(key, by="reviewer")
    return home


def _open_to_others(found: Declaration) -> Declaration:
    purposes = tuple(
        msgspec.structs.replace(each, recipients=(CENTRE,)) if each.id == "marketing" else each
        for each in found.purposes
    )  # fmt: skip
    assert found.review is not None
    return msgspec.structs.replace(
        found, purposes=purposes, review=msgspec.structs.replace(found.review, bulk_users=3)
    )  # fmt: skip


def with_bank(site: Site) -> Declaration:
    """Return the rules in force, with a recipient for the purpose of the service."""
    rules = site.rules()
    assert rules is not None
    purposes = tuple(
        msgspec.structs.replace(each, recipients=("bank",), acts=(*each.acts, ActKind.PROVIDE))
        if each.id == "service" else each
        for each in rules.declaration.purposes
    )  # fmt: skip
    bank = Recipient(id="bank", name=Text("银行", "Bank"))
    return msgspec.structs.replace(rules.declaration, purposes=purposes, recipients=(bank,))


def asked(*users: str, **more: Any) -> dict[str, Any]:
    """Return the request for an export of some users' tariff plans to the bank."""
    return {"users": list(users), "items": [PLAN], "purpose": "service", "recipient": "bank"} | more
