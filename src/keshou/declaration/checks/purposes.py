# SPDX-License-Identifier: Apache-2.0
"""What information is collected and used for: services, manner, consequence of refusal, acts, consent, ground."""

from collections.abc import Iterator

from keshou.declaration.checks.case import Case
from keshou.declaration.finding import Raised
from keshou.declaration.grounds import Fault, fault, may_rest, reach
from keshou.declaration.model import Purpose
from keshou.language import Text
from keshou.law.terms import ActKind, ConsentStrength


def services(case: Case) -> Iterator[Raised]:
    """Every purpose is there for a service that users are given."""
    for index, purpose in enumerate(case.declaration.purposes):
        words, path = {"id": purpose.id}, f"purposes[{index}].services"
        known = [case.services[each] for each in purpose.services if each in case.services]
        if not purpose.services:
            yield Raised("purpose_without_service", path, words)
        elif known and not any(each.user_facing for each in known):
            yield Raised("purpose_not_user_facing", path, words)
        for count, each in enumerate(purpose.services):
            if each not in case.services:
                yield Raised("purpose_unknown_service", f"{path}[{count}]", {"id": purpose.id, "service": each})


def offered(case: Case) -> Iterator[Raised]:
    """There are services, and each has a purpose."""
    if not case.services:
        yield Raised("no_service", "services")
    used = {each for purpose in case.declaration.purposes for each in purpose.services}
    for index, service in enumerate(case.declaration.services):
        if service.id not in used:
            yield Raised("service_without_purpose", f"services[{index}]", {"id": service.id})


def told(case: Case) -> Iterator[Raised]:
    """Users are told how, and what refusing means."""
    for index, purpose in enumerate(case.declaration.purposes):
        if is_blank(purpose.manner):
            yield Raised("manner_missing", f"purposes[{index}].manner", {"id": purpose.id})
        if is_blank(purpose.refusal):
            yield Raised("refusal_missing", f"purposes[{index}].refusal", {"id": purpose.id})


def acts(case: Case) -> Iterator[Raised]:
    """Selling and disclosing are prohibited whatever is declared; a purpose does and needs something."""
    for index, purpose in enumerate(case.declaration.purposes):
        words = {"id": purpose.id}
        for count, act in enumerate(purpose.acts):
            if act in (ActKind.SELL, ActKind.DISCLOSE):
                yield Raised(f"act_{act.value}", f"purposes[{index}].acts[{count}]", words)
        if not purpose.acts:
            yield Raised("purpose_without_acts", f"purposes[{index}].acts", words)
        if not purpose.needs:
            yield Raised("purpose_without_needs", f"purposes[{index}]", words)


def consent(case: Case) -> Iterator[Raised]:
    """Consent is the user's, and express where the guidance adopted wants it."""
    for index, purpose in enumerate(case.declaration.purposes):
        path, words = f"purposes[{index}].consent", {"id": purpose.id}
        if purpose.consent is ConsentStrength.GUARDIAN:
            yield Raised("consent_guardian", path, words)
        elif purpose.consent is ConsentStrength.TACIT:
            yield from _tacit(case, purpose, path)


def _tacit(case: Case, purpose: Purpose, path: str) -> Iterator[Raised]:
    words = {"id": purpose.id}
    if purpose.commercial_messages:
        yield Raised("commercial_tacit", path, words)
    if not case.guided:
        yield Raised("consent_tacit", path, words)
        return
    sensitive = [need.item for need in purpose.needs if case.is_sensitive(need.item)]
    if sensitive:
        yield Raised("consent_tacit_sensitive", path, {"id": purpose.id, "items": ", ".join(sensitive)})
    if ActKind.PROVIDE in purpose.acts:
        yield Raised("provide_tacit", path, words)


def commercial(case: Case) -> Iterator[Raised]:
    """Commercial messages are no part of providing the service."""
    for index, purpose in enumerate(case.declaration.purposes):
        if purpose.commercial_messages and purpose.provides_service:
            yield Raised("commercial_as_service", f"purposes[{index}].commercial_messages", {"id": purpose.id})


def looks(case: Case) -> Iterator[Raised]:
    """Answering users is part of providing the service; what staff look up for another purpose is use."""
    for index, purpose in enumerate(case.declaration.purposes):
        for count, act in enumerate(purpose.acts if not purpose.provides_service else ()):
            if act in _ANSWERING:
                words = {"id": purpose.id, "act": act.value}
                yield Raised("answering_beyond_service", f"purposes[{index}].acts[{count}]", words)


_ANSWERING = frozenset({ActKind.QUERY, ActKind.CORRECT})
"""What staff do for users who query or correct their own, which needs no consent (Order 24 Art. 9(2))."""


def ground(case: Case) -> Iterator[Raised]:
    """Only a law or an administrative regulation may take the place of consent, and only as far as it says."""
    for index, purpose in enumerate(case.declaration.purposes):
        if purpose.ground and (code := _ground_code(case, purpose)):
            yield Raised(f"ground_{code}", f"purposes[{index}].ground", {"id": purpose.id, "ground": purpose.ground})


def _ground_code(case: Case, purpose: Purpose) -> str:
    """Return what is wrong with the ground that a purpose relies on; empty when nothing is."""
    found = fault(purpose.ground, case.law, case.today)
    if found not in (None, Fault.UNVERIFIED):
        return str(found)
    if not may_rest(purpose):
        return "beyond_service"
    if found is None and not reach(purpose, case.law, case.today):
        return "reaches_nothing"
    return str(found or "")


def is_blank(text: Text | None) -> bool:
    """Say whether nothing is said in either language."""
    return text is None or not (text.zh.strip() or text.en.strip())


RULES = (services, offered, told, acts, consent, commercial, looks, ground)
