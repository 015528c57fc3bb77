# SPDX-License-Identifier: Apache-2.0
"""A site to which users come with ten items each, three of them findable: through the door in batches, or over HTTP."""

import itertools
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import resources
from pathlib import Path

import msgspec
from filled import PROGRAM, SETTINGS, new_key
from sites import BRANCH, CHUNK, CLERK, ITEMS, admission
from world import sample_declaration

from keshou.app import clock
from keshou.app.create import create
from keshou.app.site import Site
from keshou.cli.sample.people import Subscriber, subscribers
from keshou.declaration.model import Declaration, Need
from keshou.gate.facts import StaffAppointed
from keshou.language import Text

TEN = (*ITEMS, "complaint_record", "bill")
"""Of these a document number, a telephone number and a mail address are findable."""
MORE = {"complaint_record": "C-0001, answered within a week", "bill": "2026-05: 59.00"}
LIMITS = {"most": 20, "per_hour": 100_000_000}
SEED = 11


def declaration() -> Declaration:
    """Return the sample operator's, with ten items to the service, and posts that work around the clock."""
    sample = sample_declaration()
    added = tuple(Need(item=item, why=Text("测量", "to be measured")) for item in MORE)
    purposes = tuple(
        msgspec.structs.replace(each, needs=each.needs + added) if each.id == "service" else each
        for each in sample.purposes
    )
    grants = tuple(msgspec.structs.replace(each, hours=None) for each in sample.grants)
    return msgspec.structs.replace(sample, purposes=purposes, grants=grants)


class People:
    """Subscribers of a random world, in order and without end."""

    def __init__(self, most: int) -> None:
        self._all = iter(subscribers(most, SEED))

    def next(self, count: int) -> list[Subscriber]:
        """Return the next `count`."""
        return list(itertools.islice(self._all, count))


class House:
    """A site on disk, closed."""

    def __init__(self, home: Path, database: str) -> None:
        self.home = home
        text = resources.files("keshou.cli.sample").joinpath("operator.toml").read_text("utf-8")
        create(home, clock.now(), declaration=text, database=database, language="en")
        with (home / "keshou.toml").open("a") as settings:
            for table, values in (("server", SETTINGS), ("finding", LIMITS)):
                settings.write(
                    f"\n[{table}]\n" + "".join(f"{name} = {json.dumps(of)}\n" for name, of in values.items())
                )
        with self.open() as site:
            site.publish(declaration(), by="board")
            site.record_site(
                StaffAppointed(at=site.now(), staff=CLERK, post="counter_clerk", branch=BRANCH),
                StaffAppointed(at=site.now(), staff=PROGRAM, post="privacy_officer"),
                by="board",
            )
            self.key = new_key(site)

    @contextmanager
    def open(self) -> Iterator[Site]:
        """Open the site."""
        with Site.open(self.home) as site:
            yield site


def take_in(site: Site, people: Sequence[Subscriber]) -> None:
    """Take users in through the door, a thousand to a transaction."""
    rules = site.rules()
    assert rules is not None
    for start in range(0, len(people), CHUNK):
        chosen = []
        for each in people[start : start + CHUNK]:
            job = admission(each, rules, site.now())
            act = msgspec.structs.replace(job.act, items=frozenset(TEN))
            chosen.append(msgspec.structs.replace(job, act=act, values={**job.values, **MORE}))
        done = site.do_all(chosen)
        assert all(each.decision and each.decision.permitted for each in done)


def creation(person: Subscriber) -> bytes:
    """Return the body that takes a user in over HTTP."""
    values = (
        *(person.name, person.document_type, person.resident_id_number, person.address),
        *(person.mobile_number, person.tariff_plan, person.email_address, person.joined),
    )
    return msgspec.json.encode({
        "user": person.user_id,
        "purpose": "service",
        "by": CLERK,
        "where": BRANCH,
        "values": dict(zip(ITEMS, values, strict=True)) | MORE,
        "noticed": True,
        "consents": [{"purpose": each, "strength": "express"} for each in ("service", "billing", "care")],
        "services": list(person.services),
    })  # fmt: skip


def look(user: str) -> bytes:
    """Return the body that reads all ten items of a user back."""
    return msgspec.json.encode({"kind": "query", "user": user, "items": list(TEN), "purpose": "service"})
