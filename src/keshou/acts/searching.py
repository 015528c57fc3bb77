# SPDX-License-Identifier: Apache-2.0
"""A search is an act: asked about nobody yet, decided, recorded with how many it found; who they are comes after.

What was looked for is in no entry. Looking at whom it found is an act on each of them, asked and recorded as such.
"""

import datetime as dt

import msgspec

from keshou.acts.audit_payload import Opened
from keshou.acts.draft import Draft
from keshou.acts.effects import header_of
from keshou.acts.request import ActError, Search
from keshou.acts.work import Work
from keshou.gate.decision import Deny
from keshou.law.terms import ActKind
from keshou.ledger.entry import SALT_SIZE
from keshou.vault.blind_index import LAST_FOUR
from keshou.vault.receipt import Receipt
from keshou.vault.store import Vault

_decode = msgspec.json.Decoder(Opened).decode


def search(work: Work, job: Search, _now: dt.datetime) -> Draft:
    """Decide whether this hand may look for users by this item, and find them when it may.

    Raises:
        ActError: it is no query of one item about nobody.
        VaultError: users cannot be found by this item here, or not so.

    """
    act = job.act
    if act.kind is not ActKind.QUERY or act.user or len(act.items) != 1:
        raise ActError("a search is a query of one item, about nobody yet", hint="give kind query and one item")
    (item,) = act.items
    decision = work.view.gate.decide(act)
    draft = Draft(header_of(work, act, decision), decision=decision)
    draft.header |= {"event": "search", "count": 0, "shown": ""}
    if isinstance(decision, Deny):
        return draft
    work.settle()
    vault, ledger = work.known.vault, work.ledger
    found = vault.find(work.tx, item + LAST_FOUR if job.last_four else item, job.value)
    draft.header["count"] = len(found)
    if found and len(found) <= job.most:
        newest = [(user, ledger.payloads(work.tx, user)[-1][1]) for user in found]
        draft.found = vault.fetch_records(work.tx, newest)
    return draft


def opened(vault: Vault, draft: Draft, place: int) -> list[str]:
    """Return the operator's ids of those found, against the entry at `place`."""
    if not draft.found:
        return []
    receipt = Receipt(place, len(draft.found))
    return [_decode(vault.open_record(each, receipt)[SALT_SIZE:]).user for each in draft.found]
