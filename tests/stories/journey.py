# SPDX-License-Identifier: Apache-2.0
"""A site on a day, told in sentences: what the stories of this folder share."""

import datetime as dt
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Self

import msgspec
from house import SITE, Clock, open_site

import keshou.cli.sample
from keshou.acts.request import Done, Perform
from keshou.app.settings import Settings
from keshou.app.site import Site
from keshou.cli.sample.staff import appointments
from keshou.db import Database
from keshou.declaration.load import read_file
from keshou.declaration.model import Declaration, Purpose
from keshou.gate.act import Act
from keshou.gate.decision import Decision, Deny, Permit
from keshou.gate.facts import ConsentGiven, NoticeShown, SiteFact, StaffAppointed, UserFact
from keshou.law.terms import ActKind, ConsentStrength
from keshou.ledger.entry import Header, decode
from keshou.vault.keys import FileKeys

CHINA = dt.timezone(dt.timedelta(hours=8))
SAMPLE = Path(keshou.cli.sample.__file__).with_name("operator.toml")
EXPRESS = ConsentStrength.EXPRESS


def at(day: str, hour: str = "10:00") -> dt.datetime:
    """Return a moment by the clocks of China, in UTC."""
    return dt.datetime.fromisoformat(f"{day}T{hour}").replace(tzinfo=CHINA).astimezone(dt.UTC)


def sample(**changes: object) -> Declaration:
    """Return the sample operator's declaration, with top-level tables replaced."""
    found = read_file(SAMPLE).declaration
    assert found is not None
    return msgspec.structs.replace(found, **changes)


def with_purpose(declaration: Declaration, purpose: str, **changes: Any) -> Declaration:
    """Return a declaration in which one purpose reads otherwise."""
    purposes = tuple(
        msgspec.structs.replace(each, **changes) if each.id == purpose else each for each in declaration.purposes
    )
    return msgspec.structs.replace(declaration, purposes=purposes)


def purpose_of(declaration: Declaration, purpose: str) -> Purpose:
    """Return one declared purpose."""
    return next(each for each in declaration.purposes if each.id == purpose)


def cites(decision: Decision | None) -> set[str]:
    """Return the articles of a denial."""
    assert isinstance(decision, Deny), decision
    return {str(reason.cite) for reason in decision.reasons}


class Story:
    """One operator's site and its calendar; what is asked is dated by the calendar unless it says otherwise."""

    def __init__(self, database: Database, folder: Path, day: str) -> None:
        self.database, self.folder = database, folder
        self.clock = Clock(at(day))
        self.site = open_site(database, folder, self.clock)

    @classmethod
    def of_the_sample(cls, database: Database, folder: Path, day: str, **changes: object) -> Self:
        """Begin with the sample's rules in force and its staff in their posts."""
        story = cls(database, folder, day)
        kept = {"access_review": None} | changes  # years pass in stories; one of its own tells of review of access
        story.happens(*appointments(story.now), by="setup")
        story.site.publish(sample(**kept), by="officer")
        return story

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.site.close()

    # The calendar

    @property
    def now(self) -> dt.datetime:
        """The moment."""
        return self.clock()

    def on(self, day: str, hour: str = "10:00") -> Self:
        """Go on to a day."""
        self.clock.moment = at(day, hour)
        return self

    def again(self, day: str, hour: str = "10:00") -> Site:
        """Open the same site once more, with a calendar of its own, as another process would."""
        return Site(self.folder, Settings(site=SITE), Database(self.database.url.render_as_string(hide_password=False)),
                    FileKeys.open(self.folder / "keys", SITE), Clock(at(day, hour)))  # fmt: skip

    # What comes true

    def happens(self, *facts: SiteFact, by: str = "officer") -> int:
        """Record facts of the operator, its people or the authority."""
        return self.site.record_site(*facts, by=by)

    def appoint(self, staff: str, post: str, branch: str = "", until: dt.datetime | None = None) -> None:
        """Put somebody into a post."""
        self.happens(StaffAppointed(at=self.now, staff=staff, post=post, branch=branch, until=until))

    def tells(self, user: str, *facts: UserFact) -> int:
        """Record facts of a user."""
        return self.site.record(user, *facts)

    def notice(self, version: int = 0) -> NoticeShown:
        """Return the fact that the published rules were shown just now."""
        with self.site.reading() as tx:
            versions = self.site.declarations.versions(tx)
        shown = versions[version - 1] if version else self._in_force()
        return NoticeShown(at=self.now, version=shown.version, digest=shown.digest)

    def consent(self, purpose: str, *items: str, version: int = 0, strength: ConsentStrength = EXPRESS) -> ConsentGiven:
        """Return the fact that a user agreed to a purpose just now."""
        return ConsentGiven(
            at=self.now, purpose=purpose, version=version or self._in_force().version, strength=strength,
            items=frozenset(items),
        )  # fmt: skip

    def _in_force(self) -> Any:
        rules = self.site.rules()
        assert rules is not None
        return rules

    # What is asked and done

    def act(self, kind: ActKind, user: str, *items: str, by: str, purpose: str, **more: Any) -> Act:
        """Return a question."""
        moment = more.pop("when", None) or self.now
        return Act(kind=kind, user=user, items=frozenset(items), by=by, purpose=purpose, when=moment, **more)

    def ask(self, kind: ActKind, user: str, *items: str, by: str, purpose: str, **more: Any) -> Decision:
        """Ask and do nothing."""
        return self.site.ask(self.act(kind, user, *items, by=by, purpose=purpose, **more))

    def take_in(
        self, user: str, values: Mapping[str, str], facts: Iterable[UserFact] = (), *,
        by: str = "clerk", purpose: str = "registration", where: str = "east_branch",
    ) -> Done:  # fmt: skip
        """Collect a new user's information, with the facts that come with it."""
        asked = self.act(ActKind.COLLECT, user, *values, by=by, purpose=purpose, where=where)
        return self.site.do(Perform(act=asked, values=values, facts=tuple(facts), admit=True))

    def writes(self, kind: ActKind, user: str, values: Mapping[str, str], by: str, purpose: str, **more: Any) -> Done:
        """Collect or correct."""
        return self.site.perform(self.act(kind, user, *values, by=by, purpose=purpose, **more), values)

    def shown(self, kind: ActKind, user: str, *items: str, by: str, purpose: str, **more: Any) -> dict[str, str]:
        """Do an act that is permitted; return what it showed."""
        done = self.site.perform(self.act(kind, user, *items, by=by, purpose=purpose, **more))
        assert isinstance(done.decision, Permit), done.decision
        return dict(done.values)

    def denied(self, kind: ActKind, user: str, *items: str, by: str, purpose: str, **more: Any) -> set[str]:
        """Try an act that is denied; return the articles it met."""
        done = self.site.perform(self.act(kind, user, *items, by=by, purpose=purpose, **more))
        assert not done.values
        return cites(done.decision)

    # What is on record

    def header(self, entry: int) -> Header:
        """Return what an entry says in public."""
        with self.site.reading() as tx:
            return decode(self.site.ledger.entry(tx, entry))

    def count(self, table: str) -> int:
        """Return how many rows a table has."""
        with self.site.reading() as tx:
            return int(tx.connection.exec_driver_sql(f"SELECT COUNT(*) FROM {table}").scalar() or 0)  # noqa: S608
