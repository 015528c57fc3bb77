# SPDX-License-Identifier: Apache-2.0
"""What may be written down of handing over: keys by who verified them, files out of exports that were permitted."""

import datetime as dt
import re

from keshou.acts.request import ActError
from keshou.acts.separation import SeparationError, refuse_program
from keshou.acts.work import Work
from keshou.declaration.model import Declaration
from keshou.gate.facts import HandedOver, LinkMade, RecipientKeyEnded, RecipientKeyVerified, SiteFact
from keshou.law.terms import ActKind
from keshou.ledger.entry import Header, decode
from keshou.ledger.errors import LedgerError

_KEY = re.compile(r"age1[02-9ac-hj-np-z]{58}")
_DIGEST = re.compile(r"[0-9a-f]{64}")


def check_handed(work: Work, fact: SiteFact, by: str, now: dt.datetime) -> None:
    """Refuse a fact about recipients' keys or about files handed over that cannot be.

    Raises:
        ActError: it is told in another's name, of a recipient that nobody declared, or of an export that was not.

    Source: miit24:10, miit24:13.1.3
    """
    match fact:
        case RecipientKeyVerified():
            refuse_program(work, by, now)
            _check_recipient(work, fact.recipient, by, now)
            if fact.verified_by != by:
                raise SeparationError("a key verified in another's name (miit24:10)", hint="who verified it records it")
            if not _KEY.fullmatch(fact.key):
                raise ActError("what stands for the recipient's public key is none", hint="it begins with age1")
        case RecipientKeyEnded():
            _check_recipient(work, fact.recipient, by, now)
            if fact.recipient not in work.view.gate.timeline.at(now).state.keys:
                raise ActError("the recipient has no key on record", hint="see `keshou recipient list`")
        case HandedOver():
            _check_file(work, fact, by, now)
        case LinkMade() if fact.by != by:
            raise SeparationError("a link made in another's name (miit24:13.1.6)", hint="who makes it records it")
        case LinkMade() if fact.until <= now or fact.most < 1:
            raise ActError("a link that is over before it began", hint="give a later end and at least one opening")
        case LinkMade():
            _check_declared(work, fact.recipient, now)
            purposes = {each.id: each.needs for each in _declared(work, now).purposes}
            if not fact.items <= {need.item for need in purposes.get(fact.purpose, ())}:
                raise ActError("the rules declare no such purpose, or it needs no such item", hint="see `keshou rules`")


def _check_recipient(work: Work, recipient: str, by: str, now: dt.datetime) -> None:
    timeline = work.view.gate.timeline
    posts = {each.post for each in timeline.at(now).state.appointments(by)}
    if not posts & timeline.reigns.at(now).own:
        raise SeparationError(
            "whoever verifies or ends a key holds no post of the operator's own (miit24:10)", hint="appoint them first"
        )
    _check_declared(work, recipient, now)


def _declared(work: Work, now: dt.datetime) -> Declaration:
    """Return the rules in force.

    Raises:
        ActError: none are.

    """
    rules = work.view.rules_at(now)
    if rules is None:
        raise ActError("no rules are in force", hint="publish them first, with `keshou publish`")
    return rules.declaration


def _check_declared(work: Work, recipient: str, now: dt.datetime) -> None:
    if recipient not in {each.id for each in _declared(work, now).recipients}:
        raise ActError("the rules declare no such recipient", hint="see the recipients with `keshou rules`")


def _check_file(work: Work, fact: HandedOver, by: str, now: dt.datetime) -> None:
    if fact.by != by:
        raise SeparationError("a file handed over in another's name (miit24:13.1.6)", hint="who made it records it")
    if fact.handover in work.view.gate.timeline.at(now).state.handovers:
        raise ActError("a handover of that id is on record", hint="give it an id of its own")
    if not all(_DIGEST.fullmatch(each) for each in (fact.digest, fact.manifest)):
        raise ActError("a digest that is none", hint="SHA-256 in lower-case hex")
    told = _entry(work, fact.entry)
    said = (ActKind.EXPORT.value, "permit", fact.recipient, fact.purpose, by)
    if told is None or (told.event, told.decision, told.recipient, told.purpose, told.who) != said:
        raise ActError("the entry is not of a permitted export to this recipient", hint="export it first")
    if not 0 < fact.count <= told.count:
        raise ActError("the file holds more users than the export, or none", hint="export it anew")


def _entry(work: Work, index: int) -> Header | None:
    try:
        return decode(work.ledger.entry(work.tx, index)) if 0 <= index < work.head.size else None
    except LedgerError:
        return None
