# SPDX-License-Identifier: Apache-2.0
"""Minors, recipients abroad and tacit consent: what adopting the guidance changes, and what the law asks without it."""

from pathlib import Path
from typing import Any

import pytest
from house import START, Clock, act, declared, open_site
from msgspec.structs import replace

from keshou.acts.request import Perform
from keshou.app.site import Site
from keshou.db import Database
from keshou.declaration.model import Declaration, Recipient
from keshou.gate.decision import Decision, Deny, Permit
from keshou.gate.facts import CapacityFull, CapacityLimited, ConsentGiven, NoticeShown, ServiceStarted, StaffAppointed
from keshou.language import Text
from keshou.law.terms import ActKind, ConsentStrength

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
"""What is told here differs between databases in nothing; other stories run on both."""
TACIT, EXPRESS, GUARDIAN = ConsentStrength.TACIT, ConsentStrength.EXPRESS, ConsentStrength.GUARDIAN
PAPER = {"resident_id_number": "990101188001010018"}
PLAN = {"tariff_plan": "P-19"}


def rules(*, adopted: bool, **service: Any) -> Declaration:
    """Return the small operator's rules, with or without the guidance, whose service purpose reads otherwise."""
    found = declared()
    operator = replace(found.operator, adopts=("gbz28828",) if adopted else ())
    purposes = (replace(found.purposes[0], **service), *found.purposes[1:])
    return replace(found, operator=operator, purposes=purposes)


def begin(database: Database, folder: Path, declaration: Declaration) -> Site:
    site = open_site(database, folder, Clock())
    site.publish(declaration, by="officer")
    site.record_site(StaffAppointed(at=START, staff="clerk1", post="clerk"), by="officer")
    return site


def take_in(site: Site, values: dict[str, str], strength: ConsentStrength, *more: Any) -> Decision:
    shown = site.rules()
    assert shown is not None
    facts = (
        NoticeShown(at=START, version=1, digest=shown.digest),
        ConsentGiven(at=START, purpose="service", version=1, strength=strength),
        ServiceStarted(at=START, service="mobile"),
        *more,
    )
    asked = act(ActKind.COLLECT, "u1", *values)
    decision = site.do(Perform(act=asked, values=values, facts=facts, admit=True)).decision
    assert decision is not None
    return decision


def cites(decision: Decision | None) -> set[str]:
    assert decision is not None
    return {str(reason.cite) for reason in decision.reasons} if isinstance(decision, Deny) else set()


@pytest.mark.parametrize("adopted", [True, False])
def test_a_minors_document_waits_for_the_guardian_where_the_guidance_was_adopted(
    database: Database, tmp_path: Path, *, adopted: bool
) -> None:
    with begin(database, tmp_path, rules(adopted=adopted)) as site:
        minor = CapacityLimited(at=START)
        alone = take_in(site, PAPER, EXPRESS, minor)
        assert cites(alone) == ({"gbz28828:4.1.7"} if adopted else set())
        if adopted:
            assert isinstance(take_in(site, PAPER, GUARDIAN, minor), Permit)
        assert site.perform(act(ActKind.USE, "u1", *PAPER)).values == PAPER


def test_a_minor_agrees_alone_to_what_is_not_sensitive_and_to_all_when_grown_up(
    database: Database, tmp_path: Path
) -> None:
    with begin(database, tmp_path, rules(adopted=True)) as site:
        assert isinstance(take_in(site, PLAN, EXPRESS, CapacityLimited(at=START)), Permit)
        asked = Perform(act=act(ActKind.COLLECT, "u1", *PAPER), values=PAPER)
        assert cites(site.do(asked).decision) == {"gbz28828:4.1.7"}
        site.record("u1", CapacityFull(at=site.now()))
        assert isinstance(site.do(asked).decision, Permit)


@pytest.mark.parametrize("adopted", [True, False])
def test_silence_is_consent_only_where_guidance_that_knows_it_was_adopted_and_never_for_what_is_sensitive(
    database: Database, tmp_path: Path, *, adopted: bool
) -> None:
    with begin(database, tmp_path, rules(adopted=adopted, consent=TACIT)) as site:
        plan = take_in(site, PLAN, TACIT)
        assert cites(plan) == (set() if adopted else {"miit24:9.1", "npcsc2012:2.1"})
        if adopted:
            paper = site.do(Perform(act=act(ActKind.COLLECT, "u1", *PAPER), values=PAPER)).decision
            assert cites(paper) == {"miit24:9.1", "npcsc2012:2.1", "gbz28828:4.1.3"}


@pytest.mark.parametrize("adopted", [True, False])
def test_abroad_on_silence_meets_the_guidance_and_on_express_consent_does_not(
    database: Database, tmp_path: Path, *, adopted: bool
) -> None:
    changes: dict[str, Any] = {
        "consent": TACIT, "recipients": ("partner",), "acts": (*declared().purposes[0].acts, ActKind.PROVIDE)
    }  # fmt: skip
    partner = Recipient(id="partner", name=Text("海外伙伴", "Partner abroad"), overseas=True, country="SG")
    found = rules(adopted=adopted, **changes)
    grants = (replace(found.grants[0], acts=(*found.grants[0].acts, ActKind.PROVIDE)), *found.grants[1:])
    found = replace(found, recipients=(partner,), grants=grants)
    with begin(database, tmp_path, found) as site:
        take_in(site, PLAN, EXPRESS if not adopted else TACIT)
        give = act(ActKind.PROVIDE, "u1", "tariff_plan", recipient="partner")
        first = site.perform(give)
        assert cites(first.decision) == ({"gbz28828:5.1.4", "gbz28828:6.1.5"} if adopted else set())
        site.record("u1", ConsentGiven(at=START, purpose="service", version=1, strength=EXPRESS))
        assert site.perform(give).values == PLAN
        other = site.perform(replace(give, recipient="stranger")).decision
        assert {"miit24:10", "npcsc2012:1.2"} <= cites(other)


def test_an_operator_that_adopts_nothing_is_held_by_the_law_alone(database: Database, tmp_path: Path) -> None:
    with begin(database, tmp_path, rules(adopted=False)) as site:
        take_in(site, PAPER | PLAN, EXPRESS, CapacityLimited(at=START))
        seen = set()
        for kind in ActKind:
            for item in (*PAPER, *PLAN, "religion"):
                for by in ("clerk1", "stranger"):
                    for purpose in ("service", "marketing", "none"):
                        seen |= cites(site.ask(act(kind, "u1", item, by=by, purpose=purpose)))
        assert {cite.partition(":")[0] for cite in seen} == {"npcsc2012", "miit24", "miit25"}
