# SPDX-License-Identifier: Apache-2.0
"""How long information is kept, and what telephone registration asks of it (Order 25)."""

from collections import defaultdict
from collections.abc import Iterator

from keshou.declaration.checks.case import Case, acts_of, is_kept_registration
from keshou.declaration.finding import Raised
from keshou.declaration.span import is_shorter
from keshou.law.cites import REGISTRATION_KEPT
from keshou.law.terms import ActKind, RetentionClass

_NUMBERS = frozenset(
    {
        "resident_id_number",
        "passport_number",
        "military_police_id_number",
        "hk_mo_tw_permit_number",
        "household_register_info",
    }
)
"""Numbers of documents that a natural person may show (Order 25 Art. 7)."""
_RECORDED = frozenset({"id_document_type", "user_name", "home_address"})
"""What is recorded beside the number (Order 25 Art. 9)."""


def length(case: Case) -> Iterator[Raised]:
    """A retention is a length of time."""
    for index, purpose in enumerate(case.declaration.purposes):
        kept, words = purpose.retention, {"id": purpose.id}
        if min(kept.days, kept.months, kept.years) < 0:
            yield Raised("retention_negative", f"purposes[{index}].retention", words)
        elif kept.after == "collection" and not (kept.days or kept.months or kept.years):
            yield Raised("retention_zero", f"purposes[{index}].retention", words)


def registration(case: Case) -> Iterator[Raised]:
    """Registration information is kept through the service and the statutory term after it."""
    floor = case.period(REGISTRATION_KEPT)
    for index, purpose in enumerate(case.declaration.purposes):
        if not any(is_kept_registration(purpose, need) for need in purpose.needs) or floor is None:
            continue
        path = f"purposes[{index}].retention"
        if purpose.retention.after != "service_end":
            yield Raised("retention_registration_start", path, {"id": purpose.id})
        elif is_shorter(purpose.retention, floor):
            yield Raised("retention_registration_short", path, {"id": purpose.id, "years": str(floor.years)})


def confined(case: Case) -> Iterator[Raised]:
    """Registration information serves only the providing of the service."""
    for path, purpose, need in case.needs():
        if need.class_ is RetentionClass.REGISTRATION and not purpose.provides_service:
            yield Raised("registration_beyond_service", f"{path}.item", {"id": purpose.id, "item": need.item})


def classes(case: Case) -> Iterator[Raised]:
    """An item is kept in one class, and registration items of a telephone operator in the registration class."""
    found: dict[str, set[RetentionClass]] = defaultdict(set)
    for _, _, need in case.needs():
        found[need.item].add(need.class_)
    said: set[str] = set()
    for path, purpose, need in case.needs():
        words = {"id": purpose.id, "item": need.item}
        if len(found[need.item]) > 1 and need.item not in said:
            said.add(need.item)
            yield Raised("item_in_two_classes", f"{path}.item", words)
        kept = need.class_ is RetentionClass.SERVICE and ActKind.COLLECT in acts_of(purpose, need)
        if case.telephone and kept and need.item in _RECORDED | _NUMBERS:
            yield Raised("registration_kept_as_service", f"{path}.item", words)


def complete(case: Case) -> Iterator[Raised]:
    """A telephone operator collects what registration records: type, number, name and address."""
    if not case.telephone:
        return
    taken = {need.item for _, purpose, need in case.needs() if ActKind.COLLECT in acts_of(purpose, need)}
    missing = sorted(_RECORDED - taken) + ([] if taken & _NUMBERS else ["resident_id_number"])
    if missing:
        yield Raised("registration_incomplete", "purposes", {"items": ", ".join(missing)})


def left_out(case: Case) -> Iterator[Raised]:
    """What the rules before needed and no purpose does any more is over at once, of everybody it is held of."""
    needed = {need.item for _, _, need in case.needs()}
    before = case.previous.declaration.purposes if case.previous else ()
    for item in sorted({need.item for each in before for need in each.needs} - needed):
        yield Raised("retention_left_out", "purposes", {"item": item})


RULES = (length, registration, confined, classes, complete, left_out)
