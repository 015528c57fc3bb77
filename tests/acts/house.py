# SPDX-License-Identifier: Apache-2.0
"""A small operator with a site of its own, for tests of the one door and of whole journeys."""

import datetime as dt
import itertools
import tomllib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest

from keshou.acts.request import Perform
from keshou.app.create import begin
from keshou.app.settings import Settings
from keshou.app.site import Site
from keshou.db import Database
from keshou.declaration.model import Declaration
from keshou.gate.act import Act
from keshou.gate.facts import ConsentGiven, GroundRecorded, NoticeShown, ServiceStarted, StaffAppointed
from keshou.law.terms import ActKind, ConsentStrength
from keshou.vault.keys import FileKeys

START = dt.datetime(2026, 3, 2, 2, 0, tzinfo=dt.UTC)
SITE = "00112233445566aa"
OPERATOR = Path(__file__).with_name("operator.toml")
VALUES = {
    "user_name": "孔丘仲尼",
    "resident_id_number": "990101188001010018",
    "mobile_number": "15499990001",
    "tariff_plan": "P-19",
}


class Clock:
    """A clock that tests set; it goes on by a millisecond at each look."""

    def __init__(self, start: dt.datetime = START) -> None:
        self.moment = start
        self._ticks = itertools.count()

    def __call__(self) -> dt.datetime:
        """Return the moment."""
        return self.moment + next(self._ticks) * dt.timedelta(milliseconds=1)


def declared(**changes: object) -> Declaration:
    """Return the small operator's declaration, with top-level tables replaced."""
    return msgspec.convert(tomllib.loads(OPERATOR.read_text("utf-8")) | changes, Declaration)


def take_later_acts(home: Path) -> None:
    """Have the site in `home` take acts however long after its last one, by the machine's clock too."""
    settings = home / "keshou.toml"
    settings.write_text("clock_leap = 36500\n" + settings.read_text("utf-8"), "utf-8")


def open_site(database: Database, folder: Path, clock: Clock | None = None, **settings: object) -> Site:
    """Begin a site in an empty database and return it open, with nothing published."""
    keys = FileKeys.create(folder / "keys", SITE, START)
    chosen = Settings(site=SITE, **settings)  # type: ignore[arg-type]
    with database.transaction() as tx:
        begin(tx, chosen, keys)
    return Site(folder, chosen, database, keys, clock or Clock())


@contextmanager
def reopened(site: Site) -> Iterator[Site]:
    """Give the same site as a process has it that has just begun, and knows nobody."""
    url = site.database.url.render_as_string(hide_password=False)
    keys = FileKeys.open(site.home / "keys", SITE)
    with Site(site.home, site.settings, Database(url), keys, site.now) as other:
        yield other


def ready(
    database: Database, folder: Path, clock: Clock | None = None, *, by: Sequence[object] = (), **settings: object
) -> Site:
    """Return a site with rules in force, by which users are found as `by` says, and staff in their posts."""
    site = open_site(database, folder, clock, **settings)
    site.publish(declared(finding=by), by="officer")
    appointed = [("clerk1", "clerk"), ("biller", "program"), ("lister", "analyst"), ("judge", "reviewer")]
    site.record_site(*(StaffAppointed(at=START, staff=staff, post=post) for staff, post in appointed), by="officer")
    return site


def act(kind: ActKind, user: str, *items: str, by: str = "clerk1", purpose: str = "service", **more: object) -> Act:
    """Return a question dated at the start."""
    return Act(kind=kind, user=user, items=frozenset(items), purpose=purpose, by=by, when=START, **more)  # type: ignore[arg-type]


def newcomer(site: Site, user: str, values: dict[str, str] | None = None, *purposes: str) -> Perform:
    """Return the request that takes a new user in, with notice, consents and the service begun."""
    rules = site.rules()
    assert rules is not None
    agreed = [
        ConsentGiven(at=START, purpose=purpose, version=rules.version, strength=ConsentStrength.EXPRESS)
        for purpose in ("service", *purposes)
    ]
    facts = (
        NoticeShown(at=START, version=rules.version, digest=rules.digest),
        *agreed,
        ServiceStarted(at=START, service="mobile"),
    )
    chosen = VALUES if values is None else values
    return Perform(act=act(ActKind.COLLECT, user, *chosen), values=chosen, facts=facts, admit=True)


def grounded(site: Site, *users: str, by: str = "officer") -> None:
    """Write down that a law lets what the service needs of `users` be used for a month, as the ground `g1`."""
    fact = GroundRecorded(
        at=site.now(), ground="g1", cite="criminal_procedure:54", rank="law", recorded_by=by,
        kinds=frozenset({ActKind.USE}), purposes=frozenset({"service"}),
        items=frozenset({"tariff_plan", "mobile_number"}), until=site.now() + dt.timedelta(days=30),
        users=frozenset(users),
    )  # fmt: skip
    site.record_site(fact, by=by)


def between(monkeypatch: pytest.MonkeyPatch, where: Any, name: str, write: Callable[[], None]) -> list[int]:
    """Have `write` called after the first time that something was judged; return the list of times."""
    judge, times = getattr(where, name), list[int]()

    def judged(*args: Any, **named: Any) -> Any:
        found = judge(*args, **named)
        if not times:
            write()
        times.append(1)
        return found

    monkeypatch.setattr(where, name, judged)
    return times
