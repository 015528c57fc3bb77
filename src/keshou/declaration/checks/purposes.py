# SPDX-License-Identifier: Apache-2.0
"""What information is collected and used for: services, manner, consequence of refusal, acts, consent, ground."""

from collections.abc import Iterator

from keshou.declaration.checks.case import Case
from keshou.declaration.finding import Raised
from keshou.declaration.model import Purpose
from keshou.language import Text
from keshou.law.model import Citation, LawError
from keshou.law.terms import HIGHER_RANKS, ActKind, ConsentStrength


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


def ground(case: Case) -> Iterator[Raised]:
    """Only a law or an administrative regulation may take the place of consent."""
    for index, purpose in enumerate(case.declaration.purposes):
        if purpose.ground:
            code = _ground_code(case, purpose.ground)
            if code:
                yield Raised(code, f"purposes[{index}].ground", {"id": purpose.id, "ground": purpose.ground})


def _ground_code(case: Case, cite: str) -> str:
    """Return what is wrong with relying on `cite`; empty when nothing is."""
    try:
        name = Citation.parse(cite).instrument
    except LawError:
        return "ground_malformed"
    instrument = case.law.instruments.get(name)
    if instrument is None:
        return "ground_unverified"
    if instrument.rank not in HIGHER_RANKS:
        return "ground_rank"
    if not (named := case.law.within(cite)):
        return "ground_unknown_provision"
    if not any(each.provides_otherwise for each in named):
        return "ground_provides_nothing"
    return "" if instrument.in_force_on(case.today) else "ground_not_in_force"


def is_blank(text: Text | None) -> bool:
    """Say whether nothing is said in either language."""
    return text is None or not (text.zh.strip() or text.en.strip())


RULES = (services, offered, told, acts, consent, commercial, ground)
