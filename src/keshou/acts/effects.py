# SPDX-License-Identifier: Apache-2.0
"""What each kind of act does in the vault, once the gate permits it."""

import datetime as dt
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from operator import attrgetter

import msgspec

from keshou.acts.destroyed import key_ids
from keshou.acts.draft import Draft, Payload
from keshou.acts.holding import note_admitted
from keshou.acts.removing import remove
from keshou.acts.request import ActError, BulkPerform, Erase, Perform
from keshou.acts.truth import check_evidence, check_hand, check_order, check_user_fact
from keshou.acts.value import is_value
from keshou.acts.whole import decide_whole
from keshou.acts.work import Work
from keshou.gate.act import OWN_HAND, Act, counted_as
from keshou.gate.alike import told_alike
from keshou.gate.decision import Decision, Deny, Ground, Permit, Reason
from keshou.gate.facts import Corrected, Erased, ReviewUsed, UserFact
from keshou.gate.standing import UserStanding, fold_user
from keshou.law.terms import BULK_KINDS, SILENT_KINDS, ActKind, RetentionClass
from keshou.ledger.entry import Header, fact_json
from keshou.vault.kept_back.store import KeptBack

_MOST_WRITTEN = 4096
_WRITING = frozenset({ActKind.COLLECT, ActKind.CORRECT})
_ERASING = frozenset({ActKind.DELETE, ActKind.DESTROY})


def perform(work: Work, job: Perform, now: dt.datetime) -> Draft:
    """Ask about one act on one user's information and, when it is permitted, do it.

    Raises:
        ActError: the request is not well formed, admits somebody who is known, or was permitted on nobody.

    """
    _check(work, job, now)
    act = work.of_its_list(job.act, (job.act.user,))
    job = job if act is job.act else msgspec.structs.replace(job, act=act)
    if job.evidence:
        job = _with_evidence(job, now)
    key = work.view.keys.get(act.user)
    decision, standing = _decide_with(work, job)
    if key is None and not job.admit:
        decision = told_alike(work.view.gate, act, decision)
    if job.masked:
        decision = _as_asked(job, decision)
    draft = Draft({"revision": decision.revision}, decision=decision, base=_base_of(work, act, decision))
    _stand_in(work, draft, job)
    if type(decision) is Deny:
        if key is not None:
            draft.users = ((key, _payload(act, act.user)),)
        return draft
    if job.admit and key is not None:
        raise ActError("the user is known already", hint="collect further information without admitting again")
    _check_told(work, job, now)
    if job.admit:
        key = work.admit(act.user)
        note_admitted(work, act.user, key, now)
    elif key is None:
        raise ActError("an act was permitted on somebody who is not on record")
    if standing is not None:
        draft.user_facts = [(key, job.facts)]
        work.view.become(act.user, key, standing)
    draft.users = ((key, _payload(act, act.user, job.facts)),)
    count(work, draft, act, 1)
    _do(work, draft, job, key, now)
    return draft


def count(work: Work, draft: Draft, act: Act, users: int) -> None:
    """Use up the review that covers a permitted act; what none covers counts towards a bulk act, if it can.

    A review that is named and does not cover the act is left as it is, and the entry does not name it: the act was
    permitted without it.
    """
    if counted_as(act) is None:
        return
    if work.view.gate.timeline.at(act.when).is_reviewed(act):
        draft.site_facts = (ReviewUsed(at=act.when, review=act.review),)
        work.view.site_became(draft.site_facts)
        return
    draft.counts = users
    if work.names.is_review(act.review):
        draft.header["review"] = ""


def perform_bulk(work: Work, job: BulkPerform, now: dt.datetime) -> Draft:
    """Ask about one act on many users at once, as a whole and then user by user; do what is permitted.

    Raises:
        ActError: it is no bulk act that names its users in the list, or masks where nothing is shown.

    """
    users = tuple(dict.fromkeys(job.users))
    if job.act.user or not users or job.act.kind not in BULK_KINDS:
        raise ActError(
            "a bulk act exports, copies, deletes or destroys, and names its users in the list",
            hint="do other acts one by one; judge the rows of a table with `keshou gate`",
        )
    _refuse_masking_nothing(job)
    act = work.of_its_list(msgspec.structs.replace(job.act, count=len(users)), users)
    decision = _as_asked(job, work.view.gate.decide(act))
    draft = Draft(header_of(work, act, decision), decision=decision)
    found = sorted((key, user) for user in users if (key := work.view.keys.get(user)) is not None)
    if isinstance(decision, Deny):
        draft.users = [(key, _payload(act, user)) for key, user in found]
        return draft
    _stand_in(work, draft, msgspec.structs.replace(job, act=act))
    permitted = [user for user in users if _is_permitted(work, draft, act, user)]
    count(work, draft, act, len(permitted))
    draft.header |= {"count": len(permitted), "fact": fact_json({"denied": _denials(draft)})}
    if not permitted:
        draft.header |= {"decision": "deny", "shown": "", "stand_ins": ()}
    draft.users = [(key, _one_of(draft, _payload(act, user))) for key, user in found]
    _do_bulk(work, draft, act, permitted, now)
    return draft


def _as_asked(job: Perform | BulkPerform, decision: Decision) -> Decision:
    """Return `decision`, for no more than masked values when those will do."""
    return decision._replace(full=False) if job.masked and isinstance(decision, Permit) else decision


def _stand_in(work: Work, draft: Draft, job: Perform | BulkPerform) -> None:
    """Note which items a permitted act shows by stand-ins; the others are shown as if they were all it asked for."""
    act = job.act
    if isinstance(draft.decision, Deny) or act.kind in SILENT_KINDS or not (given := work.view.gate.stand_ins(act)):
        return
    draft.stand_ins = given
    rest = act.items.difference(given)
    if rest and not job.masked:
        alone = work.view.gate.decide(msgspec.structs.replace(act, items=rest))
        draft.rest_full = isinstance(alone, Permit) and alone.full
    draft.header |= {"stand_ins": tuple(sorted(given)), "shown": "full" if draft.rest_full else "masked"}


def _is_permitted(work: Work, draft: Draft, act: Act, user: str) -> bool:
    """Judge one user of a bulk act that is permitted as a whole."""
    # What many acts come to was judged of them as a whole.
    one = msgspec.structs.replace(act, user=user, count=1, so_far=0)
    answer = work.view.gate.decide(work.known.named(one))
    if isinstance(answer, Deny):
        draft.refused[user] = answer
    return not isinstance(answer, Deny)


def _one_of(draft: Draft, payload: Payload) -> Payload:
    """Return the payload of one user of a bulk act that was judged user by user, with what became of that one."""
    denied = draft.refused.get(payload.user)
    return msgspec.structs.replace(payload, refused=cites_of(denied.reasons) if isinstance(denied, Deny) else ())


def _denials(draft: Draft) -> dict[str, int]:
    """Return for how many users of a bulk act each provision was met."""
    return dict(Counter(cite for each in draft.refused.values() for cite in cites_of(each.reasons)))  # type: ignore[union-attr]


def _do_bulk(work: Work, draft: Draft, act: Act, permitted: Sequence[str], now: dt.datetime) -> None:
    if act.kind not in _ERASING:
        work.show(draft, [(user, work.view.keys[user]) for user in permitted], _in_order(act.items))
        return
    work.settle()
    removed: Counter[str] = Counter()
    draft.shredded = [
        each for user in permitted for each in remove(work, work.view.keys[user], act.items, now, removed)
    ]
    draft.header |= {
        "keys": key_ids(draft.shredded),
        "fact": fact_json({"denied": _denials(draft), "removed": removed}),
    }


def _payload(act: Act, user: str, facts: tuple[UserFact, ...] = ()) -> Payload:
    return Payload(user, act.kind, _in_order(act.items), facts)


@lru_cache(maxsize=_MOST_WRITTEN)
def _in_order(items: frozenset[str]) -> tuple[str, ...]:
    return tuple(sorted(items))


def erase(work: Work, job: Erase, now: dt.datetime) -> Draft:
    """Destroy every key of a user, when destroying all that is held is permitted; the log still verifies.

    Where it was judged for more purposes than that of the act, the entry says under `fact` for which each item was.

    Raises:
        ActError: the act is neither a deletion nor a destruction.

    """
    if job.act.kind not in _ERASING:
        raise ActError("erasing is an act of deletion or destruction", hint="give kind delete or destroy")
    key = user_if_known(work, job.act.user, job.act.by)
    if key is None:
        return _of_nobody(work, job.act)
    work.settle()
    held = work.known.vault.items_of(work.tx, key)
    act = msgspec.structs.replace(job.act, items=frozenset(held)) if held else job.act
    act = work.of_its_list(act, (act.user,))
    decision, purposes = decide_whole(work.view.gate, act)
    draft = Draft(header_of(work, act, decision), decision=decision)
    draft.users = [(key, Payload(act.user, act.kind, tuple(sorted(held))))]
    if isinstance(decision, Deny):
        return draft
    count(work, draft, act, 1)
    facts = (Erased(at=now),)
    work.settle_one(draft)
    draft.sealed = ()
    draft.user_facts = [(key, facts)]
    draft.shredded = work.known.vault.shred(work.tx, key, list(RetentionClass), now)
    work.removed(key)
    told: dict[str, dict[str, object]] = {"removed": {item: 1 for item in held if item in work.names.items}}
    if purposes:
        told["purposes"] = {item: each for item, each in purposes.items() if item in work.names.items}
    draft.header |= {"keys": key_ids(draft.shredded), "fact": fact_json(told)}
    KeptBack().forget(work.tx, key)
    work.forget(draft, act.user, key)
    return draft


def _of_nobody(work: Work, act: Act) -> Draft:
    """Return the entry of an erasure of somebody who is not on record, which the gate denies."""
    decision = told_alike(work.view.gate, act, work.view.gate.decide(act))
    if not isinstance(decision, Deny):
        raise ActError("an act was permitted on somebody who is not on record")
    return Draft(header_of(work, act, decision), decision=decision)


def user_if_known(work: Work, user: str, by: str) -> int | None:
    """Return the surrogate key of a user; None when nobody of that id is on record, which `by` then is to be denied.

    Raises:
        ActError: they are to be told of by their own hand, and are no user.

    """
    key = work.view.keys.get(user)
    if key is None and by == OWN_HAND:
        raise ActError("no such user is on record", hint="collect the user first, with `keshou import`")
    return key


def answered(decision: Decision) -> dict[str, object]:
    """Return what an entry tells of the gate's answer."""
    denied = isinstance(decision, Deny)
    return {
        "decision": "deny" if denied else "permit",
        "cites": cites_of(decision.reasons if isinstance(decision, Deny) else decision.grounds),
        "rules": decision.rules,
        "revision": decision.revision,
    }


def header_of(work: Work, act: Act, decision: Decision) -> dict[str, object]:
    """Return the public part of an act's entry: who, when, where, which act, under which articles."""
    return {
        **work.names.of_act(act),
        "event": act.kind.value,
        "count": act.count,
        **answered(decision),
        "shown": _how_shown(act, decision),
    }


def _how_shown(act: Act, decision: Decision) -> str:
    if act.kind in SILENT_KINDS or isinstance(decision, Deny):
        return ""
    return "full" if decision.full else "masked"


def _base_of(work: Work, act: Act, decision: Decision) -> Header:
    """Return the header of `header_of` without the revision; kept, since few different questions are asked often."""
    stands_on = decision[0]
    asked = (act.kind, act.by, act.post, act.where, act.purpose, act.items, act.recipient, act.review, act.ground)
    key = (*asked, act.via, act.count, id(stands_on), decision.rules, type(decision) is Permit and decision.full)
    kept = work.names.headers
    found = kept.get(key)
    if found is None:
        if len(kept) >= _MOST_WRITTEN:
            kept.clear()
        # The answer is kept with it, so that its identity is nobody else's meanwhile.
        found = kept[key] = (stands_on, Header(**header_of(work, act, decision) | {"revision": 0, "t": 0}))  # type: ignore[arg-type]
    return found[1]


_written: dict[int, tuple[tuple[Reason | Ground, ...], tuple[str, ...]]] = {}


def cites_of(stands_on: tuple[Reason | Ground, ...]) -> tuple[str, ...]:
    """Return the provisions as text; the gate gives the same object for the same answer, so each is written once."""
    found = _written.get(id(stands_on))
    if found is None:
        if len(_written) >= _MOST_WRITTEN:
            _written.clear()
        found = _written[id(stands_on)] = (stands_on, tuple(dict.fromkeys(str(each.cite) for each in stands_on)))
    return found[1]


def _check(work: Work, job: Perform, now: dt.datetime) -> None:
    act = job.act
    if not act.user or act.count != 1:
        raise ActError("one act is about one user", hint="bring many users as one bulk act")
    if act.kind in _WRITING and set(job.values) != act.items:
        raise ActError("the values given are not those of the act's items", hint="give one value an item")
    if act.kind not in _WRITING and job.values:
        raise ActError(f"an act of `{act.kind}` takes no values")
    for item, value in job.values.items():
        if not is_value(value):
            raise ActError(
                f"the value of `{item}` is empty, too long, or has control or invisible characters",
                hint="up to 4,096 characters; of control characters, tab and line feed alone; none that hides or turns",
            )
    _refuse_masking_nothing(job)
    if job.admit and act.kind is not ActKind.COLLECT:
        raise ActError("a user is admitted by collecting information", hint="give kind collect")
    if not job.facts:
        return
    for fact in job.facts:
        check_user_fact(work, fact, now)
    if not job.admit:
        check_order(sorted(job.facts, key=attrgetter("at")), work.view.gate.standing(act.user).last)


def _with_evidence(job: Perform, now: dt.datetime) -> Perform:
    """Let it come true with a correction that something shows it to be right."""
    act = job.act
    if act.kind is not ActKind.CORRECT:
        raise ActError("evidence of a correction, and the act is none", hint="leave it out")
    check_evidence(job.evidence)
    shown = Corrected(at=now, purpose=act.purpose, items=act.items, evidence=job.evidence)
    return msgspec.structs.replace(job, facts=(*job.facts, shown))


def _check_told(work: Work, job: Perform, now: dt.datetime) -> None:
    """Refuse facts that come with a permitted act on somebody known, and are not for its hand to tell.

    Whoever may take a new user in takes down all that the user agrees to on entering.
    """
    if job.facts and not job.admit:
        check_hand(work, job.act.by, now, job.facts)


def _refuse_masking_nothing(job: Perform | BulkPerform) -> None:
    if job.masked and job.act.kind in SILENT_KINDS:
        raise ActError(f"an act of `{job.act.kind}` shows nothing, so nothing of it can be masked")


def _decide_with(work: Work, job: Perform) -> tuple[Decision, UserStanding | None]:
    """Decide the act as if the facts that come with it had come true; return the standing they would bring too."""
    user, gate = job.act.user, work.view.gate
    if not job.facts or (user not in work.view.keys and not job.admit):
        return gate.decide(job.act), None
    standing = fold_user([*_on_record(work, job), *job.facts])
    with work.view.supposing(user, standing):
        return gate.decide(job.act), standing


def _on_record(work: Work, job: Perform) -> Sequence[UserFact]:
    return () if job.admit else work.facts(job.act.user)


def _do(work: Work, draft: Draft, job: Perform, key: int, now: dt.datetime) -> None:
    act, decision = job.act, draft.decision
    if act.kind in _WRITING:
        if act.kind is ActKind.CORRECT:
            _refuse_new(work, key, act)
        classes = work.view.classes(decision.rules if decision else 0)
        for item, value in job.values.items():
            class_ = classes.get(item, RetentionClass.SERVICE)
            work.seal(key, class_, item, value, mends=act.kind is ActKind.CORRECT)
    elif act.kind in _ERASING:
        work.settle()
        removed: Counter[str] = Counter()
        draft.shredded = remove(work, key, act.items, now, removed)
        draft.header |= {"keys": key_ids(draft.shredded), "fact": fact_json({"removed": removed})}
    else:
        work.show(draft, ((act.user, key),), _in_order(act.items))


def _refuse_new(work: Work, key: int, act: Act) -> None:
    if not act.items <= work.held(key):
        raise ActError("what is not held cannot be corrected", hint="collect it first")
