# SPDX-License-Identifier: Apache-2.0
"""Who declares: kinds, licence, contact, guidance adopted, where the rules are published, when they take effect."""

from collections.abc import Iterator

from keshou.declaration.checks.case import Case
from keshou.declaration.checks.channels import is_blank
from keshou.declaration.finding import Raised
from keshou.declaration.operator_kinds import left_out
from keshou.law.terms import Rank


def kinds(case: Case) -> Iterator[Raised]:
    """An operator says of what kinds it is, and nothing less than its services say: what binds it hangs on that."""
    if not case.declaration.operator.kinds:
        yield Raised("operator_without_kind", "operator.kinds")
        return
    for _, service, missing in left_out(case.declaration, case.law):
        words = {"service": service.id, "kind": service.kind, "kinds": ", ".join(missing)}
        yield Raised("operator_kind_left_out", "operator.kinds", words)


def licence(case: Case) -> Iterator[Raised]:
    """Reports of incidents go to the authority that licensed or filed the operator."""
    found = case.declaration.operator.licence
    if found is None:
        yield Raised("licence_missing", "operator")
    elif found.valid_until and found.valid_until < case.today:
        yield Raised("licence_expired", "operator.licence.valid_until", {"until": str(found.valid_until)})


def contact(case: Case) -> Iterator[Raised]:
    """The guidance has users told name, address and contact."""
    operator = case.declaration.operator
    if case.guided and (is_blank(operator.contact) or not operator.contact.address):
        yield Raised("operator_contact_missing", "operator.contact")


def adoption(case: Case) -> Iterator[Raised]:
    """Only guidance can be adopted: law binds anyway and a draft never does."""
    for index, name in enumerate(case.declaration.operator.adopts):
        instrument, path = case.law.instruments.get(name), f"operator.adopts[{index}]"
        if instrument is None:
            yield Raised("adopts_unknown", path, {"id": name})
        elif instrument.rank is Rank.DRAFT:
            yield Raised("adopts_draft", path, {"id": name})
        elif instrument.rank is not Rank.GUIDANCE:
            yield Raised("adopts_law", path, {"id": name})
        elif not instrument.in_force_on(case.today):
            yield Raised("adopts_not_in_force", path, {"id": name})


def publication(case: Case) -> Iterator[Raised]:
    """The rules are made public somewhere."""
    if not case.declaration.operator.published_at:
        yield Raised("rules_published_nowhere", "operator.published_at")


def effect(case: Case) -> Iterator[Raised]:
    """Rules take effect neither before they are published nor before those they replace."""
    effective = case.declaration.effective
    if case.publishing and effective < case.publishing:
        yield Raised("effective_past", "effective", {"effective": effective.isoformat()})
    if case.previous and effective < case.previous.effective:
        words = {"effective": effective.isoformat(), "before": case.previous.effective.isoformat()}
        yield Raised("effective_before_previous", "effective", words)


def told(case: Case) -> Iterator[Raised]:
    """The guidance has users told how information is protected and what they risk in giving it."""
    if case.guided and not _said(case.declaration.protection_measures):
        yield Raised("protection_measures_missing", "operator.adopts")
    if case.guided and not _said(case.declaration.risks):
        yield Raised("risks_missing", "operator.adopts")


def _said(text: object) -> bool:
    return bool(text) and bool(str(getattr(text, "zh", "")).strip() or str(getattr(text, "en", "")).strip())


RULES = (kinds, licence, contact, adoption, publication, effect, told)
