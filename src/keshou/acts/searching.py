# SPDX-License-Identifier: Apache-2.0
"""A search is an act: asked about nobody yet, decided, recorded with how many it found; who they are comes after.

What was looked for is in no entry. Looking at whom it found is an act on each of them, asked and recorded as such.
Searches are counted with their entries, under the log's lock: however many processes and desks a hand searches from,
it does so only so often within an hour.
"""

import datetime as dt

from keshou.acts.audit_payload import user_of
from keshou.acts.draft import Draft
from keshou.acts.effects import header_of
from keshou.acts.request import ActError, Search
from keshou.acts.versions import searched_by
from keshou.acts.work import Work
from keshou.declaration.findable import Part
from keshou.errors import ExitStatus, KeshouError
from keshou.gate.decision import Deny
from keshou.law.terms import ActKind
from keshou.ledger.entry import fact_json
from keshou.ledger.events import SEARCH
from keshou.vault.receipt import Receipt
from keshou.vault.store import Vault


class TooManySearchesError(KeshouError):
    """One hand searched more often than the site lets it; nothing was looked for."""

    status = ExitStatus.NO

    def __init__(self, per_hour: int) -> None:
        super().__init__(
            f"this hand searched {per_hour} times within an hour", hint="wait, or see `per_hour` of `[finding]`"
        )


def search(work: Work, job: Search, now: dt.datetime) -> Draft:
    """Decide whether this hand may look for users by this item, and find them when it may.

    Raises:
        ActError: it is no query of one item about nobody.
        TooManySearchesError: this hand searched too often.
        VaultError: users cannot be found by this item here, or not so.

    """
    act = job.act
    if act.kind is not ActKind.QUERY or act.user or len(act.items) != 1:
        raise ActError("a search is a query of one item, about nobody yet", hint="give kind query and one item")
    if job.per_hour is not None and work.searched(act) >= job.per_hour:
        raise TooManySearchesError(job.per_hour)
    (item,) = act.items
    decision = work.view.gate.decide(act)
    draft = Draft(header_of(work, act, decision), decision=decision, counts=int(job.per_hour is not None))
    draft.header |= {"event": SEARCH, "count": 0, "shown": ""}
    if not draft.counts:
        draft.header["fact"] = fact_json({"counts": 0})
    if isinstance(decision, Deny):
        return draft
    work.settle()
    vault = work.known.vault
    found = _behind(work, job, item)
    if found is None:
        # What is indexed already for rules to come is searched by only when they are in force.
        found = vault.find(work.tx, item, job.value, job.part, searched_by(work.view.rules_at(now)))
    draft.header["count"] = len(found)
    if found and len(found) <= job.most:
        newest = work.ledger.newest_payloads(work.tx, found)
        draft.found = vault.fetch_records(work.tx, [(user, newest[user]) for user in found])
    return draft


def _behind(work: Work, job: Search, item: str) -> list[int] | None:
    """Return whose value a stand-in stands for; None where it is no stand-in.

    An agent's staff find by their agent's own alone: by another party's nobody is found, as by one that was made up.
    Nor do they find anybody by a value, or a part of one, of which they are given stand-ins: whoever tries values would
    learn from it what a stand-in stands for.
    """
    stand_ins = work.known.vault.stand_ins
    behind = stand_ins.read(item, job.value) if job.part is Part.WHOLE else None
    if behind is None:
        return [] if work.view.gate.stand_ins(job.act) else None
    agent = work.view.gate.agent_of(job.act)
    return stand_ins.held(work.tx, item, behind.user) if agent in ("", behind.party) else []


def opened(vault: Vault, draft: Draft, place: int) -> list[str]:
    """Return the operator's ids of those found, against the entry at `place`."""
    if not draft.found:
        return []
    receipt = Receipt(place, len(draft.found))
    return [user_of(vault.open_record(each, receipt)) for each in draft.found]
