# SPDX-License-Identifier: Apache-2.0
"""To whom information is provided, at home and overseas."""

import re
from collections.abc import Iterator

from keshou.declaration.checks.case import Case
from keshou.declaration.checks.channels import is_blank
from keshou.declaration.finding import Raised
from keshou.declaration.grounds import Fault, bears_provision, fault, is_based, reach
from keshou.declaration.model import Recipient
from keshou.law.terms import ActKind, ConsentStrength

_COUNTRY = re.compile(r"[A-Z]{2}")


def paired(case: Case) -> Iterator[Raised]:
    """Who provides names recipients; who names recipients provides."""
    for index, purpose in enumerate(case.declaration.purposes):
        path, words = f"purposes[{index}]", {"id": purpose.id}
        provides = ActKind.PROVIDE in purpose.acts
        if provides and not purpose.recipients:
            yield Raised("provide_without_recipient", f"{path}.acts", words)
        if purpose.recipients and not provides:
            yield Raised("recipient_without_provide", f"{path}.recipients", words)
        for count, each in enumerate(purpose.recipients):
            if each not in case.recipients:
                yield Raised("recipient_unknown", f"{path}.recipients[{count}]", {**words, "recipient": each})


def described(case: Case) -> Iterator[Raised]:
    """A recipient is somebody's, can be reached, and is somewhere."""
    named = {each for purpose in case.declaration.purposes for each in purpose.recipients}
    for index, recipient in enumerate(case.declaration.recipients):
        path, words = f"recipients[{index}]", {"recipient": recipient.id, "basis": recipient.basis}
        if recipient.id not in named:
            yield Raised("recipient_unused", f"{path}.id", words)
        if case.guided and is_blank(recipient.contact):
            yield Raised("recipient_contact_missing", path, words)
        if recipient.basis and (code := _basis_code(case, recipient.basis)):
            yield Raised(f"recipient_basis_{code}", f"{path}.basis", words)
        yield from _approval(case, recipient, path)
        yield from _overseas(case, recipient, path)


def _basis_code(case: Case, cite: str) -> str:
    """Return what is wrong with the basis of a recipient; empty when nothing is. The gate judges alike."""
    found = fault(cite, case.law, case.today)
    if found in (Fault.MALFORMED, Fault.UNVERIFIED):
        return str(found)
    return "" if bears_provision(cite, case.law, case.today) else "unfit"


def _approval(case: Case, recipient: Recipient, path: str) -> Iterator[Raised]:
    until = recipient.approval.valid_until if recipient.approval else None
    if until is not None and until < case.today:
        words = {"recipient": recipient.id, "until": str(until)}
        yield Raised("recipient_approval_expired", f"{path}.approval.valid_until", words)


def _overseas(case: Case, recipient: Recipient, path: str) -> Iterator[Raised]:
    words = {"recipient": recipient.id, "country": recipient.country}
    if not recipient.overseas:
        if recipient.country:
            yield Raised("recipient_country_without_overseas", f"{path}.country", words)
        return
    if not recipient.country:
        yield Raised("recipient_country_missing", path, words)
    elif not _COUNTRY.fullmatch(recipient.country):
        yield Raised("recipient_country_malformed", f"{path}.country", words)
    if case.guided and not is_based(recipient, case.law, case.today) and _without_express_consent(case, recipient.id):
        yield Raised("overseas_without_basis", path, words)


def _without_express_consent(case: Case, recipient: str) -> bool:
    using = [each for each in case.declaration.purposes if recipient in each.recipients]
    return any(
        each.consent is not ConsentStrength.EXPRESS
        or any(act is ActKind.PROVIDE for _, act in reach(each, case.law, case.today))
        for each in using
    )


RULES = (paired, described)
