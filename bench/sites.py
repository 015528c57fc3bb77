# SPDX-License-Identifier: Apache-2.0
"""Sites with users in them, and callers who wait: what the measurements of durable acts stand on."""

import datetime as dt
import hashlib
import hmac
import itertools
import os
import random
import threading
import time
from collections.abc import Callable, Sequence
from importlib import resources
from pathlib import Path
from typing import Any

import msgspec
import sqlalchemy as sa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from world import sample_declaration

from keshou.acts.draft import Payload
from keshou.acts.request import Job, Perform
from keshou.app.create import create
from keshou.app.sequencer import Sequencer
from keshou.app.site import Site
from keshou.cli.sample.people import Subscriber, subscribers
from keshou.db import Database, Transaction, metadata
from keshou.declaration.model import Published
from keshou.gate.act import Act
from keshou.gate.facts import ConsentGiven, NoticeShown, ServiceStarted, StaffAppointed, UserFact
from keshou.law.terms import ActKind, ConsentStrength, RetentionClass
from keshou.ledger.entry import Header
from keshou.ledger.store import entry_table, payload_table

NOON = dt.datetime(2026, 6, 1, 3, tzinfo=dt.UTC)
CLERK, OFFICER, BRANCH = "clerk", "officer", "east_branch"
ITEMS = (
    *("user_name", "id_document_type", "resident_id_number", "home_address"),
    *("mobile_number", "tariff_plan", "email_address", "network_join_time"),
)
SHOWN = frozenset({"mobile_number"})
CORRECTED = "email_address"
CHUNK = 1000
FOUND, FACTS = 3, 5
"""Items of a new user that a blind index finds; facts that come with one."""
FACT = '{"type":"consent_given","at":"2026-06-01T03:00:00Z","purpose":"service","strength":"express","version":1}'
ENTRY, PAYLOAD, VALUE = 328, 222, 64
"""Bytes of an act's entry, of its sealed payload, and of a sealed value with its index: what the floor inserts."""


_SECRET, _BOUND, _FRESH = bytes(32), bytes(60), 44
_CIPHER, _encode = AESGCM(_SECRET), msgspec.json.Encoder().encode
_RECORD = bytes(12), _CIPHER.encrypt(bytes(12), bytes(48), _BOUND)
_PAYLOAD = Payload("KS-0", "query", tuple(SHOWN))
_ENTRY = Header(
    t=1, event="query", who=OFFICER, purpose="service", items=tuple(SHOWN), decision="permit", shown="full",
    cites=("miit24:8", "npcsc2012:2.2", "miit24:9.3", "miit24:13.1.3"), c="c" * 43, obj="o" * 22,
)  # fmt: skip


def day_clock(hours: int = 0) -> Callable[[], dt.datetime]:
    """Return a clock that starts `hours` after eleven of a summer morning in China, whenever the measurement runs."""
    started = time.perf_counter() - hours * 3600
    return lambda: NOON + dt.timedelta(seconds=time.perf_counter() - started)


def open_site(home: Path, database: str = "") -> Site:
    """Make a site with published rules and appointed staff."""
    text = resources.files("keshou.cli.sample").joinpath("operator.toml").read_text("utf-8")
    create(home, NOON, declaration=text, database=database)
    site = Site.open(home, day_clock())
    site.publish(sample_declaration(), by=OFFICER)
    site.record_site(
        StaffAppointed(at=NOON, staff=CLERK, post="counter_clerk", branch=BRANCH),
        StaffAppointed(at=NOON, staff=OFFICER, post="privacy_officer"),
        by="board",
    )
    return site


def admit(site: Site, people: Sequence[Subscriber]) -> None:
    """Take users in with eight items each, a thousand to a transaction."""
    rules = site.rules()
    assert rules is not None
    for start in range(0, len(people), CHUNK):
        done = site.do_all([admission(each, rules, site.now()) for each in people[start : start + CHUNK]])
        assert all(each.decision and each.decision.permitted for each in done)


def admission(person: Subscriber, rules: Published, now: dt.datetime) -> Perform:
    """Return the act that takes one user in: told, agreed, served, eight values sealed."""
    facts: list[UserFact] = [NoticeShown(at=now, version=rules.version, digest=rules.digest)]
    facts += [
        ConsentGiven(at=now, purpose=each, version=rules.version, strength=ConsentStrength.EXPRESS)
        for each in ("service", "billing", "care")
    ]
    facts += [ServiceStarted(at=now, service=each) for each in person.services]
    values = (
        *(person.name, person.document_type, person.resident_id_number, person.address),
        *(person.mobile_number, person.tariff_plan, person.email_address, person.joined),
    )
    act = Act(
        kind=ActKind.COLLECT, user=person.user_id, items=frozenset(ITEMS), purpose="service", by=CLERK, when=now,
        where=BRANCH,
    )  # fmt: skip
    return Perform(act=act, values=dict(zip(ITEMS, values, strict=True)), facts=tuple(facts), admit=True)


def reading(user: str) -> Perform:
    """Return an act that shows one sealed value."""
    act = Act(kind=ActKind.QUERY, user=user, items=SHOWN, purpose="service", by=OFFICER, when=NOON)
    return Perform(act=act)


_number = itertools.count()


def writing(user: str) -> Perform:
    """Return an act that replaces one sealed value, found by a blind index too."""
    act = Act(kind=ActKind.CORRECT, user=user, items=frozenset({CORRECTED}), purpose="service", by=OFFICER, when=NOON)
    return Perform(act=act, values={CORRECTED: f"ks{next(_number):08d}@example.org"})


class Site10k:
    """A site with users, and the bare database below it."""

    def __init__(self, home: Path, database: str, users: int) -> None:
        self.site = open_site(home, database)
        people = list(subscribers(users, seed=1))
        admit(self.site, people)
        self.users = [person.user_id for person in people]
        self.floor = Floor(self.site.database)
        if self.site.database.postgresql:
            with self.site.database.transaction() as tx:
                tx.connection.exec_driver_sql("ANALYZE")

    def close(self) -> None:
        """Stop both."""
        self.floor.sequencer.close()
        self.site.close()


class Floor:
    """Group commit with nothing but inserts: as many rows as an act's, as large, in tables like those of the site."""

    def __init__(self, database: Database) -> None:
        self.entry = _twin(entry_table)
        self.payload = _twin(payload_table)
        self.value = _twin(metadata.tables["vault_value"])
        self.tag = _twin(metadata.tables["vault_index"])
        self.user = _twin(metadata.tables["vault_user"])
        self.key = _twin(metadata.tables["vault_key"])
        self.fact = _twin(metadata.tables["user_fact"])
        with database.transaction() as tx:
            for table in (self.entry, self.payload, self.value, self.tag, self.user, self.key, self.fact):
                table.metadata.create_all(tx.connection)
        self.database = database
        self.index = itertools.count(1)
        self.sequencer: Sequencer[bool, int] = Sequencer(database, self._insert, lambda: None)

    def _insert(self, tx: Transaction, jobs: Sequence[bool]) -> tuple[Sequence[int], Callable[[], None]]:
        return self.insert(tx, jobs), lambda: None

    def insert(self, tx: Transaction, jobs: Sequence[bool]) -> list[int]:
        """Insert the rows of each job: entry and payload; True also writes a value and what finds it."""
        places = self._entries(tx, len(jobs))
        written = [place for place, value in zip(places, jobs, strict=True) if value]
        self._values(tx, [(place, CORRECTED) for place in written], 1)
        return places

    def cryptography(self, tx: Transaction, jobs: Sequence[bool]) -> None:
        """Do for each job what a sealed read cannot do without, by the library alone, and insert its two rows.

        One value opened, entry and payload encoded, the payload committed to and sealed, a pseudonym made, the entry
        hashed into the tree. Nothing is decided, looked up, unwrapped or checked.
        """
        noise, entries, payloads = os.urandom(_FRESH * len(jobs)), [], []
        for place, at in zip(itertools.islice(self.index, len(jobs)), range(0, len(noise), _FRESH), strict=False):
            salt, nonce = noise[at : at + 32], noise[at + 32 : at + _FRESH]
            payload = _encode(_PAYLOAD)
            commitment = hashlib.sha256(salt + payload).digest()
            sealed = nonce + _CIPHER.encrypt(nonce, salt + payload + commitment, _BOUND)
            pseudonym = hmac.digest(_SECRET, salt, "sha256")
            body = _encode(_ENTRY)
            leaf = hashlib.sha256(body + pseudonym).digest()
            hashlib.sha256(leaf + leaf).digest()
            _CIPHER.decrypt(*_RECORD, _BOUND)
            entries.append((place, leaf, body))
            payloads.append((place % 1000, place, sealed))
        tx.insert(self.entry, ("idx", "leaf", "body"), entries)
        tx.insert(self.payload, ("user", "idx", "sealed"), payloads)

    def admissions(self, tx: Transaction, jobs: Sequence[bool]) -> list[int]:
        """Insert the rows of as many new users: entry, payload, user, three keys, eight values, three tags, facts."""
        places = self._entries(tx, len(jobs))
        wrapped = random.randbytes(74)
        users = [(place, place.to_bytes(16), 1, 0) for place in places]
        tx.insert(self.user, ("user", "ref", "since", "index_key"), users)
        keys = [(place, class_, wrapped[:16], 1, wrapped) for place in places for class_ in RetentionClass]
        tx.insert(self.key, ("user", "class", "kid", "epoch", "wrapped"), keys)
        self._values(tx, [(place, item) for place in places for item in ITEMS], FOUND)
        facts = [
            (place, place, number, "consent_given", "service", 1, FACT) for place in places for number in range(FACTS)
        ]
        tx.insert(self.fact, ("user", "revision", "ordinal", "kind", "purpose", "at", "body"), facts)
        return places

    def _entries(self, tx: Transaction, count: int) -> list[int]:
        places = list(itertools.islice(self.index, count))
        noise = random.randbytes(32)
        body, sealed = (noise + bytes(size - 32) for size in (ENTRY, PAYLOAD))
        tx.insert(self.entry, ("idx", "leaf", "body"), [(place, noise, body) for place in places])
        tx.insert(self.payload, ("user", "idx", "sealed"), [(place % 1000, place, sealed) for place in places])
        return places

    def _values(self, tx: Transaction, places: Sequence[tuple[int, str]], found: int) -> None:
        record = random.randbytes(VALUE)
        columns = ("user", "item", "class", "version", "sealed", "since")
        tx.insert(self.value, columns, [(user, item, "service", 1, record, user) for user, item in places])
        items = set(ITEMS[-found:]) if found > 1 else {CORRECTED}
        tags = [(user, item, "", user.to_bytes(16), 0) for user, item in places if item in items]
        tx.insert(self.tag, ("user", "item", "way", "tag", "index_key"), tags)


def _twin(table: sa.Table) -> sa.Table:
    twin = table.to_metadata(sa.MetaData(), name=f"bench_{table.name}")
    for index in twin.indexes:
        index.name = f"bench_{index.name}"
    return twin


def together(callers: int, acts: int, do: Callable[[Any], Any], jobs: Sequence[Any]) -> tuple[float, list[float]]:
    """Have `callers` threads do `acts` jobs in all; return seconds and each caller's waits, shortest first."""
    waits: list[list[float]] = [[] for _ in range(callers)]
    failed: list[BaseException] = []
    barrier = threading.Barrier(callers + 1)

    def call(place: int) -> None:
        mine, clock = waits[place], time.perf_counter
        barrier.wait()
        try:
            for job in jobs[place:acts:callers]:
                start = clock()
                do(job)
                mine.append(clock() - start)
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=call, args=(place,)) for place in range(callers)]
    for thread in threads:
        thread.start()
    barrier.wait()
    start = time.perf_counter()
    for thread in threads:
        thread.join()
    taken = time.perf_counter() - start
    if failed:
        raise failed[0]
    return taken, sorted(each for of in waits for each in of)


def jobs_for(kind: Callable[[str], Job], users: Sequence[str], count: int) -> list[Job]:
    """Return `count` jobs about users drawn at random."""
    chance = random.Random(count)
    return [kind(chance.choice(users)) for _ in range(count)]
