# SPDX-License-Identifier: Apache-2.0
"""The small operator's site with offices to its posts, behind its API, and who holds them."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import api_house
import msgspec
from api_house import Api
from callers import TestClient, served
from house import OPERATOR, START, open_site

from keshou.app.site import Site
from keshou.db import Database
from keshou.declaration.load import read
from keshou.declaration.model import Declaration, Recipient
from keshou.gate.facts import StaffAppointed
from keshou.language import Text
from keshou.law.terms import ActKind
from keshou.wire.caller import Caller, CallerKind, Scope

OFFICES = {
    "officer": ["publish", "appoint", "orders", "grounds", "media"], "keeper": ["accounts"], "auditor": ["audit"],
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
    "stale_auditor": msgspec.structs.replace(_staff("auditor1"), proven_at=None),
    "stale_boss": msgspec.structs.replace(_staff("boss"), proven_at=None),
    "steward": Caller(id="steward", kind=CallerKind.PROGRAM, scopes=frozenset({Scope.ACT}), credential="k9"),
}  # fmt: skip


_MORE = """\
  { item = "home_address", why = { zh = "登记。", en = "Registration." }, class = "registration" },
  { item = "id_document_type", why = { zh = "登记。", en = "Registration." }, class = "registration" },
"""


def rules_text() -> str:
    """Return the small operator's declaration as it is written: with offices, and nothing wrong with it."""
    text: str = OPERATOR.read_text("utf-8").replace('adopts = ["gbz28828"]\n', "")
    text = text.replace("needs = [\n", f"needs = [\n{_MORE}", 1)
    for post, offices in OFFICES.items():
        listed = ", ".join(f'"{each}"' for each in offices)
        if f'id = "{post}"\n' not in text:
            made = f'[[posts]]\nid = "{post}"\nname = {{ zh = "{post}", en = "{post}" }}\ndepartment = "office"\n'
            text = text.replace("[[grants]]", made + 'duties = { zh = "守护。", en = "Keeps." }\n\n[[grants]]', 1)
        text = text.replace(f'id = "{post}"\n', f'id = "{post}"\noffices = [{listed}]\n', 1)
    return text


def with_offices(database: Database, folder: Path, clock: Any = None, more: str = "") -> Site:
    """Return a site with rules in force, `more` among them, and staff in their posts, some of which have offices."""
    declaration = read(rules_text() + more).declaration
    assert declaration is not None
    site: Site = open_site(database, folder, clock)
    site.publish(declaration, by="boss")
    site.record_site(*(StaffAppointed(at=START, staff=staff, post=post) for staff, post in HELD), by="founder")
    return site


def with_bank(found: Declaration) -> Declaration:
    """Return a declaration with a recipient for the purpose of the service."""
    purposes = tuple(
        msgspec.structs.replace(each, recipients=("bank",), acts=(*each.acts, ActKind.PROVIDE))
        if each.id == "service" else each
        for each in found.purposes
    )  # fmt: skip
    bank = Recipient(id="bank", name=Text("银行", "Bank"))
    return msgspec.structs.replace(found, purposes=purposes, recipients=(bank,))


@contextmanager
def serving(site: Site, **more: Caller) -> Iterator[Api]:
    """Give the API of `site`."""
    with TestClient(served(site, CALLERS | more), base_url="http://127.0.0.1") as client:
        yield Api(client)
