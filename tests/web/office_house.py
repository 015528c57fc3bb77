# SPDX-License-Identifier: Apache-2.0
"""The small operator's site with offices to its posts, behind its API, and who holds them."""

import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import api_house
import msgspec
from api_house import Api
from callers import TestClient, served
from house import OPERATOR, START, declared, open_site

from keshou.app.site import Site
from keshou.db import Database
from keshou.gate.facts import StaffAppointed
from keshou.wire.caller import Caller, CallerKind, Scope

OFFICES = {
    "officer": ["publish", "appoint", "orders", "grounds"], "keeper": ["accounts"], "auditor": ["audit"],
}  # fmt: skip
HELD = [
    ("boss", "officer"), ("clerk1", "clerk"), ("biller", "program"), ("lister", "analyst"), ("judge", "reviewer"),
    ("deputy", "reviewer"), ("keeper1", "keeper"), ("auditor1", "auditor"), ("steward", "keeper"),
]  # fmt: skip


def _staff(name: str, **more: Any) -> Caller:
    return Caller(id=name, kind=CallerKind.STAFF, credential=f"s-{name}", proven_at=START, **more)


CALLERS = {**api_house.CALLERS} | {
    each: _staff(each) for each in ("boss", "judge", "deputy", "lister", "keeper1", "auditor1", "clerk1")
} | {
    "stale": msgspec.structs.replace(_staff("keeper1"), proven_at=None),
    "stale_boss": msgspec.structs.replace(_staff("boss"), proven_at=None),
    "steward": Caller(id="steward", kind=CallerKind.PROGRAM, scopes=frozenset({Scope.ACT}), credential="k9"),
}  # fmt: skip


def rules_text() -> str:
    """Return the small operator's declaration with offices, as it is written."""
    named = f'id = "officer"\noffices = {OFFICES["officer"]}\n'.replace("'", '"')
    text: str = OPERATOR.read_text("utf-8").replace('id = "officer"\n', named, 1)
    made = "".join(
        f'[[posts]]\nid = "{post}"\nname = {{ zh = "{post}", en = "{post}" }}\ndepartment = "office"\n'
        f'duties = {{ zh = "守护。", en = "Keeps." }}\noffices = ["{OFFICES[post][0]}"]\n\n'
        for post in ("keeper", "auditor")
    )
    return text.replace("[[grants]]", made + "[[grants]]", 1)


def with_offices(database: Database, folder: Path, clock: Any = None, **changes: Any) -> Site:
    """Return a site with rules in force and staff in their posts, some of which have offices."""
    site = open_site(database, folder, clock)
    whole = tomllib.loads(rules_text())
    site.publish(declared(posts=whole["posts"], **changes), by="boss")
    site.record_site(*(StaffAppointed(at=START, staff=staff, post=post) for staff, post in HELD), by="founder")
    return site


@contextmanager
def serving(site: Site, **more: Caller) -> Iterator[Api]:
    """Give the API of `site`."""
    with TestClient(served(site, CALLERS | more)) as client:
        yield Api(client)
