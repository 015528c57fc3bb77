# SPDX-License-Identifier: Apache-2.0
"""The small operator's site with a recipient whose key was verified, users to hand over, and offices."""

import datetime as dt
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import pyrage
import schema_app
from console_house import build
from house import VALUES, newcomer
from litestar import Litestar
from office_house import with_bank, with_offices

from keshou.app.site import Site
from keshou.cli.sample.people import subscribers
from keshou.db import Database, Transaction
from keshou.declaration.model import Declaration
from keshou.gate.facts import ConsentGiven, MediumRegistered, RecipientKeyVerified
from keshou.law.terms import ConsentStrength
from keshou.web.server import application
from keshou.wire.caller import Caller, CallerKind

USERS = tuple(f"b{number}" for number in range(24))
"""Three users make a bulk act by the rules."""
PLAN = "tariff_plan"
SECRET = pyrage.x25519.Identity.generate()
"""The recipient's own half of its key."""


@contextmanager
def handing(database: Database, folder: Path, clock: Any = None) -> Iterator[Site]:
    """Give the site; `judge` verified the bank's key, `lister` may export, `deputy` reviews."""
    with with_offices(database, folder, clock) as site:
        rules = site.rules()
        assert rules is not None
        site.publish(with_bank(rules.declaration), by="boss")
        people = [VALUES | {"mobile_number": f"1549999{n:04d}"} for n in range(len(USERS))]
        site.do_all([newcomer(site, user, of) for user, of in zip(USERS, people, strict=True)])
        site.record_site(_verified(site, "bank", by="judge"), by="judge")
        yield site


def begin(home: Path) -> None:
    """Make the small operator's site in a folder, for a server in processes of its own."""
    schema_app.begin(home)
    with Site.open(home) as site:
        site.do_all([newcomer(site, user) for user in USERS])
        site.record_site(_verified(site, "bank", by="judge"), by="judge")


def make() -> Litestar:
    """Return the server of the site that the environment names; tokens are the names of staff."""
    site = Site.open(os.environ["KESHOU_HOME"])

    def find(_tx: Transaction, token: str, _binding: str, now: dt.datetime) -> Caller:
        return Caller(id=token, kind=CallerKind.STAFF, credential=f"s-{token}", proven_at=now)

    return application(site, find, closes=True)


def _verified(site: Site, recipient: str, *, by: str) -> RecipientKeyVerified:
    return RecipientKeyVerified(
        at=site.now(), recipient=recipient, key=str(SECRET.to_public()), verified_by=by, how="in_person"
    )  # fmt: skip


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
        site.record_site(_verified(site, CENTRE, by="reviewer"), by="reviewer")
        box = MediumRegistered(
            at=site.now(), medium="box-1", form="paper", place="cellar-2", holder="clerk", sealed=True
        )  # fmt: skip
        site.record_site(box, by="officer")
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


def asked(*users: str, **more: Any) -> dict[str, Any]:
    """Return the request for an export of some users' tariff plans to the bank."""
    return {"users": list(users), "items": [PLAN], "purpose": "service", "recipient": "bank"} | more
