# SPDX-License-Identifier: Apache-2.0
"""After an archive was put back: what was erased since is erased again, before anybody can ask for it.

The gate permitted each of these erasures when it was done; asking it again, on facts that went back, could answer
otherwise. They are taken from the signed list of erasures, and no job of a caller's leads here.
"""

import datetime as dt

from keshou.acts.destroyed import key_ids
from keshou.acts.draft import Draft, Payload
from keshou.acts.request import ActError, EraseAgain, Restore
from keshou.acts.truth import check_ids
from keshou.acts.work import Work
from keshou.gate.facts import Erased
from keshou.law.terms import ActKind, RetentionClass
from keshou.ledger.entry import fact_json
from keshou.ledger.events import AGAIN, RESTORED
from keshou.vault.kept_back.store import KeptBack


def erase_again(work: Work, job: EraseAgain, now: dt.datetime) -> Draft:
    """Destroy every key of a user, who is known by the surrogate key alone.

    Raises:
        ActError: nothing is held of the user.

    """
    key = job.user
    header: dict[str, object] = {"event": AGAIN, **work.names.of_record(job.by, ""), "count": 1, "decision": "permit"}
    draft = Draft(header, [(key, Payload("", ActKind.DESTROY))])
    work.settle_one(draft)
    draft.sealed = ()
    draft.user_facts = [(key, (Erased(at=now),))]
    draft.shredded = work.known.vault.shred(work.tx, key, list(RetentionClass), now)
    if not draft.shredded:
        raise ActError("nothing is held of a user who is to be erased again")
    draft.header["keys"] = key_ids(draft.shredded)
    KeptBack().forget(work.tx, key)
    work.forget_key(draft, key)
    return draft


def restore(work: Work, job: Restore, now: dt.datetime) -> Draft:
    """Write down that an archive was put back; destroy what else was destroyed after it."""
    check_ids(job.fact)
    work.settle()
    vault = work.known.vault
    held = {user: vault.items_of(work.tx, user) for user in dict.fromkeys(user for user, _ in job.items)}
    gone = [(user, item) for user, item in dict.fromkeys(job.items) if item in held[user]]
    for user, item in gone:
        vault.remove(work.tx, user, [item])
    shredded = vault.shred_many(work.tx, [(user, [class_]) for user, class_ in job.keys], now)
    work.view.site_became((job.fact,))
    header: dict[str, object] = {
        "event": RESTORED,
        **work.names.of_record(job.by, ""),
        "fact": fact_json(job.fact),
        "keys": key_ids(shredded),
        "items": tuple(sorted({item for _, item in gone} & work.names.items)),
        "count": len({user for user, _ in gone} | {each.user for each in shredded}),
    }
    return Draft(header, site_facts=(job.fact,), shredded=shredded)
