# SPDX-License-Identifier: Apache-2.0
"""Writing down what came true: of a user, of the operator and its people, of the rules."""

import datetime as dt
from operator import attrgetter

import msgspec

from keshou.acts.audit import openings
from keshou.acts.audit_told import purpose_of
from keshou.acts.draft import Draft, Payload
from keshou.acts.effects import answered, header_of, user_if_known
from keshou.acts.holding import note_named
from keshou.acts.new_ids import check_new_ids
from keshou.acts.publisher import check_publisher
from keshou.acts.request import ActError, Audit, Judged, KeysChanged, Publish, Record, RecordSite
from keshou.acts.stands import check_stands
from keshou.acts.truth import check_hand, check_order, check_site_fact, check_user_fact
from keshou.acts.work import Work
from keshou.db import to_micros
from keshou.gate import calendar
from keshou.gate.act import Act
from keshou.gate.alike import of_nobody
from keshou.gate.decision import Permit
from keshou.gate.facts import EmergencyOpened, RulesPublished, SiteFact, UserFact
from keshou.gate.rulebook import compile_rules
from keshou.gate.standing import fold_user
from keshou.law.terms import BULK_KINDS
from keshou.ledger.entry import decode, fact_json
from keshou.ledger.events import AUDIT, JUDGED, KEYS, RULES_PUBLISHED, of_facts


def record(work: Work, job: Record, now: dt.datetime) -> Draft:
    """Write down facts of one user; of somebody who is not on record, that they were told and not believed.

    What the request itself says wrongly is refused before its user is looked up, so that it tells nothing of who is
    one; and whatever does tell that is an entry under the name of whoever asked.

    Raises:
        ActError: there are no facts, or one of them cannot be told so, then, or by this hand.

    """
    if not job.facts:
        raise ActError("nothing to write down")
    check_hand(work, job.by, now, job.facts)
    told = tuple(msgspec.structs.replace(fact, at=now) for fact in job.facts) if job.just_now else job.facts
    for fact in told:
        check_user_fact(work, fact, now)
    facts = tuple(sorted(told, key=attrgetter("at")))
    key = user_if_known(work, job.user, job.by)
    if key is None:
        return _of_nobody(work, job, facts, now)
    check_order(facts, work.view.gate.standing(job.user).last)
    work.view.become(job.user, key, fold_user([*work.facts(job.user), *facts]))
    return Draft(_told(work, job, facts), [(key, Payload(job.user, "fact", facts=facts))], [(key, facts)])


def _told(work: Work, job: Record, facts: tuple[UserFact, ...]) -> dict[str, object]:
    """Return the public part of an entry that tells facts of one user."""
    return {
        "event": _event(facts),
        **work.names.of_record(job.by, job.where, job.via),
        "count": 1,
        "purpose": purpose_of(facts),
    }


def _of_nobody(work: Work, job: Record, facts: tuple[UserFact, ...], now: dt.datetime) -> Draft:
    """Return the entry of facts that were told of somebody who is not on record: a denial, and none of them true."""
    denial = of_nobody(work.view.gate, now)
    return Draft(_told(work, job, facts) | answered(denial), decision=denial)


def record_site(work: Work, job: RecordSite, now: dt.datetime) -> Draft:
    """Write down facts of the operator, its staff, its agents or the authority.

    Raises:
        ActError: there are no facts, several emergencies, or one that cannot be told so, or by this hand.

    """
    if not job.facts:
        raise ActError("nothing to write down")
    if sum(isinstance(fact, EmergencyOpened) for fact in job.facts) > 1:
        raise ActError("several emergencies opened at once", hint="open one, and the next when it was reviewed")
    for fact in job.facts:
        check_site_fact(work, fact, job.by, now)
    check_new_ids(work, job.facts)
    if job.must_stand:
        check_stands(work, job.facts, now)
    note_named(work, job.facts)
    facts = tuple(work.blinded(fact, job.users) for fact in job.facts)
    work.view.site_became(facts)
    header: dict[str, object] = {
        "event": _event(facts),
        **work.names.of_record(job.by, job.where),
        "fact": fact_json(facts[0] if len(facts) == 1 else facts),
    }
    return Draft(header, site_facts=facts)


def publish(work: Work, job: Publish, now: dt.datetime) -> Draft:
    """Publish a declaration as the next version of the rules; one that the gate could not run on is refused.

    Raises:
        LawError: it adopts what is no guidance.
        RulesChangedError: another version stands than the job knows of.
        SeparationError: it gives a post more that whoever publishes holds.

    """
    declarations, law = work.known.declarations, work.known.law
    if job.after is not None and job.after != max(declarations.numbers(work.tx), default=0):
        raise RulesChangedError
    law.on(calendar.day_of(now), job.declaration.operator.adopts)
    check_publisher(work, job.declaration, job.by, now)
    work.settle()  # whoever came in before these rules is indexed as it was declared then
    work.known.vault.index.keep_only(work.tx, work.view.indexed(now))
    published = declarations.publish(work.tx, job.declaration, law, now)
    told = work.names.of_record(job.by, job.where)
    fact = RulesPublished(
        at=now, version=published.version, digest=published.digest, effective=published.effective, by=str(told["who"])
    )
    versions = declarations.versions(work.tx)
    work.view.published({each.version: each for each in versions})
    work.known.vault.index.choose(work.view.indexed(now))
    work.known.vault.index.keep_only(work.tx, work.view.indexed(now))
    rulebook = compile_rules(versions, law)
    rulebook.edition(fact, published.effective)
    work.view.site_became((fact,), rulebook)
    header: dict[str, object] = {
        "event": RULES_PUBLISHED,
        **told,
        "rules": published.version,
        "fact": fact_json(fact),
    }
    return Draft(header, site_facts=(fact,), version=published.version)


def audit(work: Work, job: Audit, now: dt.datetime) -> Draft:
    """Write down that every payload is about to be opened, and how many there are; only who holds a post may."""
    check_hand(work, job.by, now)
    header: dict[str, object] = {"event": AUDIT, **work.names.of_record(job.by, job.where)}
    return Draft(header | {"count": openings(work.tx)})


def keys_changed(work: Work, job: KeysChanged, _now: dt.datetime) -> Draft:
    """Write down that keys are about to be changed. The keeper of the keys need hold no post that serves users."""
    header: dict[str, object] = {"event": f"{KEYS}{job.level}", **work.names.of_record(job.by, job.where)}
    if job.count:
        header["count"] = job.count
    return Draft(
        header
        | {"keys": (*(f"epoch:{number}" for number in job.epochs), *(f"index:{number}" for number in job.indexes))}
    )


class RulesChangedError(ActError):
    """Somebody else published meanwhile: what changed must be looked at first."""

    def __init__(self) -> None:
        super().__init__("another version was published meanwhile", hint="look at it, then decide anew")


class OutdatedError(ActError):
    """A fact changed while a table was judged: it must be judged again."""


def judged(work: Work, job: Judged, now: dt.datetime) -> Draft:
    """Write down that a table was judged row by row: as of now, and by the edition of the rules that decided.

    Raises:
        OutdatedError: it was judged as of another moment; something came true meanwhile of the operator or of a user
            whom the table names; or acts of the same hand came to more.

    """
    changed = work.known.standings.changed_since(work.tx, job.revision)
    if changed.site or changed.users & job.users:
        raise OutdatedError("facts changed while the table was judged", hint="judge it again")
    act = msgspec.structs.replace(job.act, when=now)
    if not _is_as_of_now(work, job, act):
        raise OutdatedError("the table was judged as of another moment", hint="judge it again")
    counts = _counts(work, job, act)
    rules = work.view.gate.timeline.at(now).edition.version
    header = header_of(work, act, Permit((), rules, job.revision))
    told: dict[str, object] = {"denied": dict(job.denied), "permitted": job.permitted}
    told |= {"counts": counts} if counts else {}
    told |= {"plain": [work.names.of_column(each) for each in job.plain]} if job.plain else {}
    header |= {
        "count": job.permitted + sum(job.denied.values()),
        "fact": fact_json(told),
        "event": f"{JUDGED}{job.act.kind.value}",
        "decision": "",
        "shown": "",
    }
    return Draft(header, _given(work, job), counts=counts)


def _given(work: Work, job: Judged) -> list[tuple[int, Payload]]:
    """Return what is kept of each user whose row a recipient may be given: out of which system is not known here."""
    if not job.act.recipient or not job.given:
        return []
    keys, items = work.known.vault.find_users(work.tx, job.given), tuple(sorted(job.act.items))
    found = sorted((key, user) for user, key in keys.items())
    return [(key, Payload(user, job.act.kind, items)) for key, user in found]


def _is_as_of_now(work: Work, job: Judged, act: Act) -> bool:
    """Say whether what was judged gets the same answers as `act`, which is dated now, given that no fact changed.

    It does when it was judged after the newest fact that it was judged on, and nothing began or ceased to hold since:
    no rules, posts, hours or grounds, no day by which times of retention are over, and not its review.
    """
    then, now = job.act.when, act.when
    if job.revision:
        newest = decode(work.ledger.entry(work.tx, job.revision - 1)).t
        if to_micros(then) < newest:
            return False
    view = work.view.gate.timeline.at(now)
    return (
        view.start <= then <= now
        and calendar.day_of(then) == calendar.day_of(now)
        and view.is_reviewed(job.act) == view.is_reviewed(act)
    )


def _counts(work: Work, job: Judged, act: Act) -> int:
    """Return of how many users the table lets something be done that adds up, and that no review covers."""
    if act.kind not in BULK_KINDS or not job.permitted:
        return 0
    if work.counted(msgspec.structs.replace(act, so_far=0)).so_far > act.so_far:
        raise OutdatedError("acts of the same hand came to more meanwhile", hint="judge it again")
    return 0 if work.view.gate.timeline.at(act.when).is_reviewed(act) else min(job.permitted, act.count)


def _event(facts: tuple[UserFact, ...] | tuple[SiteFact, ...]) -> str:
    return of_facts(str(fact.__struct_config__.tag) for fact in facts)
