# SPDX-License-Identifier: Apache-2.0
"""To whom information is provided, at home and overseas."""

import re
from collections.abc import Iterator

from keshou.declaration.checks.case import Case
from keshou.declaration.checks.channels import is_blank
from keshou.declaration.finding import Raised
from keshou.declaration.model import Recipient
from keshou.law.model import Citation, LawError
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
        if recipient.basis and not _is_citation(recipient.basis):
            yield Raised("recipient_basis_malformed", f"{path}.basis", words)
        yield from _overseas(case, recipient, path)


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
    if case.guided and not recipient.basis and _without_express_consent(case, recipient.id):
        yield Raised("overseas_without_basis", path, words)


def _without_express_consent(case: Case, recipient: str) -> bool:
    using = [each for each in case.declaration.purposes if recipient in each.recipients]
    return any(each.consent is not ConsentStrength.EXPRESS or each.ground for each in using)


def _is_citation(text: str) -> bool:
    try:
        Citation.parse(text)
    except LawError:
        return False
    return True


RULES = (paired, described)
