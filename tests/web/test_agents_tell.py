# SPDX-License-Identifier: Apache-2.0
"""An agent's staff write down of users what the agent was entrusted with, also where what is told has no purpose."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from api_house import Api, size
from house import START, newcomer, open_site
from office_house import rules_text, serving

from keshou.app.site import Site
from keshou.app.user_view import user_view
from keshou.db import Database
from keshou.declaration.load import read
from keshou.declaration.model import Declaration
from keshou.gate.facts import MessagesRefused, StaffAppointed
from keshou.wire.caller import Caller, CallerKind

AGENTS = {"shop": ("service",), "caller": ("marketing",)}
"""Agent -> what it was entrusted with; somebody of its own has the same name."""


def rules() -> Declaration:
    found = read(rules_text() + _LIKE).declaration
    assert found is not None
    (like,) = found.agents
    return msgspec.structs.replace(
        found,
        agents=tuple(msgspec.structs.replace(like, id=id_, purposes=given) for id_, given in AGENTS.items()),
        posts=(*found.posts, *(msgspec.structs.replace(found.posts[0], id=f"{id_}_clerk", offices=(), agent=id_)
                               for id_ in AGENTS)),
    )  # fmt: skip


_LIKE = """
[[agents]]
id = "like"
name = { zh = "门店", en = "Shop" }
supervised_by = "officer"
purposes = ["service"]
acts = ["use"]
[agents.contact]
phone = "010-00000001"
address = { zh = "示例市二号", en = "2 Sample City" }
[agents.qualification]
number = "Q-1"
checked_on = 2025-01-10
checked_by = "officer"
valid_until = 2034-12-31
[agents.contract]
from = 2025-02-01
until = 2034-12-31
protection_clause = true
"""


@pytest.fixture
def site(database: Database, tmp_path: Path) -> Iterator[Site]:
    with open_site(database, tmp_path) as site:
        site.publish(rules(), by="boss")
        held = [*((each, f"{each}_clerk") for each in AGENTS), ("clerk1", "clerk")]
        site.record_site(*(StaffAppointed(at=START, staff=who, post=post) for who, post in held), by="founder")
        site.do(newcomer(site, "u1"))
        site.record("u1", MessagesRefused(at=site.now()))
        yield site


@pytest.fixture
def api(site: Site) -> Iterator[Api]:
    people = {each: Caller(id=each, kind=CallerKind.STAFF, credential=each, agent=each) for each in AGENTS}
    with serving(site, **people) as api:
        yield api


TOLD: list[tuple[str, dict[str, Any], set[str]]] = [
    ("/messages", {"wanted": True}, {"caller", "clerk1"}),
    ("/messages", {"wanted": False}, {"shop", "caller", "clerk1"}),
    ("/consents", {"purpose": "service", "messages": True}, {"clerk1"}),
    ("/consents", {"purpose": "service"}, {"shop", "clerk1"}),
    ("/consents", {"purpose": "marketing", "messages": True}, {"caller", "clerk1"}),
    ("/services", {"services": ["broadband"]}, {"shop", "clerk1"}),
    ("/services", {"services": ["mobile"]}, {"shop", "clerk1"}),
    ("/capacity", {"limited": True}, {"clerk1"}),
    ("/capacity", {"limited": False, "evidence": "d-1"}, {"clerk1"}),
    ("/notices", {}, {"shop", "caller", "clerk1"}),
]


@pytest.mark.parametrize(("path", "body", "may"), TOLD)
def test_an_agents_staff_tell_what_it_was_entrusted_with(
    api: Api, site: Site, path: str, body: dict[str, Any], may: set[str]
) -> None:
    for who in ("shop", "caller", "clerk1"):
        before = size(site)
        answer = api.post(f"/users{path}", {"user": "u1"} | body, who)
        expected = (200, before + 1) if who in may else (403, before)
        assert (answer.status_code, size(site)) == expected, f"{who}: {answer.text}"
        if who not in may:
            assert answer.json()["type"] == "/problems/not-entitled"


def test_a_refusal_of_messages_stands_whatever_an_agents_staff_say(api: Api, site: Site) -> None:
    for body in ({"wanted": True}, {"purpose": "service", "messages": True}):
        path = "/messages" if "wanted" in body else "/consents"
        assert api.post(f"/users{path}", {"user": "u1"} | body, "shop").status_code == 403
    view = user_view(site, "u1")
    assert view is not None
    assert view.standing.profile.messages == "refused"
