# SPDX-License-Identifier: Apache-2.0
"""Legal hold at the door: who may set and lift one, and what of a user goes and what stays while one stands."""

import datetime as dt
from collections.abc import Collection, Iterable, Mapping
from typing import get_args

from keshou.acts.audit_payload import user_of
from keshou.acts.destroyed import key_ids
from keshou.acts.draft import Draft, Payload
from keshou.acts.request import ActError, Release
from keshou.acts.separation import SeparationError, refuse_program
from keshou.acts.stands import NothingToEndError
from keshou.acts.staying import staying
from keshou.acts.work import Work
from keshou.db import to_micros
from keshou.declaration.model import Declaration
from keshou.gate.facts import SiteFact
from keshou.gate.holds import CLASSES, Ending, Ground, HoldLifted, HoldSet
from keshou.gate.standing import fold_user
from keshou.law.cites import END_OF_SERVICE
from keshou.law.terms import ActKind, RetentionClass
from keshou.ledger.events import DUE
from keshou.vault.errors import SealBrokenError
from keshou.vault.kept_back.store import KeptBack
from keshou.vault.receipt import Receipt

_CITED = frozenset({"authority", "law"})
_LONGEST = 256


def check_hold(work: Work, fact: SiteFact, by: str, now: dt.datetime) -> None:
    """Refuse a hold, or its end, that cannot be.

    Raises:
        ActError: it is in another's name, of nobody and nothing, or of users or purposes that are not there.

    Source: miit24:10, miit24:13.1.3
    """
    if not isinstance(fact, HoldSet | HoldLifted):
        return
    timeline = work.view.gate.timeline
    if fact.by != by:
        raise SeparationError("a hold in another's name (miit24:13.1.6)", hint="whoever sets or lifts it records it")
    state = timeline.at(now).state
    if not {each.post for each in state.appointments(by)} & timeline.reigns.at(now).own:
        raise SeparationError(
            "whoever sets or lifts a hold holds no post of the operator's own (miit24:13.1.3)",
            hint="appoint them first",
        )
    if isinstance(fact, HoldSet):
        _check_set(work, fact, now, state.all_holds())
    else:
        refuse_program(work, by, now)
        _check_lifted(work, fact, by, state.holds())


def _check_lifted(work: Work, fact: HoldLifted, by: str, standing: Iterable[HoldSet]) -> None:
    found = next((each for each in standing if each.hold == fact.hold), None)
    if found is None:
        raise NothingToEndError("no such hold stands", hint="see `keshou hold list`")
    if fact.reason not in get_args(Ending):
        raise ActError("no reason for which a hold is lifted", hint=f"one of {', '.join(get_args(Ending))}")
    if fact.at < found.at:
        raise ActError("a hold lifted before it was set", hint="see that the clocks of all servers agree")
    if work.hands(found.at).same(found.by, by):
        raise SeparationError("whoever set a hold does not lift it (miit24:13.1.3)", hint="let somebody else lift it")


def _check_set(work: Work, fact: HoldSet, now: dt.datetime, before: Mapping[str, HoldSet]) -> None:
    if fact.hold in before:
        raise ActError("a hold of that id was set before", hint="give it an id of its own")
    if fact.ground not in get_args(Ground) or not fact.classes <= set(CLASSES):
        raise ActError("no ground for a hold, or no class of information", hint=f"one of {', '.join(get_args(Ground))}")
    if (fact.ground in _CITED and not fact.cite) or len(fact.cite) > _LONGEST or not fact.cite.isprintable():
        raise ActError(
            "a demand or another law without the provision it rests on", hint="cite it, in at most 256 characters"
        )
    if fact.until is not None and (fact.until.tzinfo is None or fact.until <= now):
        raise ActError("a hold that is over before it began", hint="give a later end, or none")
    if not (fact.users or fact.purposes):
        raise ActError("a hold on everything of everybody", hint="name users, or purposes")
    declared = [each.declaration for each in work.view.versions().values()]
    if fact.items != kept_items(declared, fact.purposes, fact.classes):
        raise ActError("the items of a hold are what its purposes and classes come to", hint="name those alone")
    unknown = fact.users - work.known.vault.find_users(work.tx, fact.users).keys()
    if unknown:
        raise ActError(
            "somebody named in the hold is not on record", hint="check the ids of the users", wrong=sorted(unknown)
        )


def kept_items(
    declared: Iterable[Declaration], purposes: Collection[str], classes: Collection[RetentionClass]
) -> frozenset[str]:
    """Return what a hold on some purposes (empty: all) and classes (empty: all) keeps; empty: everything.

    What any of the rules `declared` needs for the purposes counts, and is of each class that any of them keeps it in.

    Raises:
        ActError: none of them declares one of the purposes, or they come to nothing.

    """
    found: set[str] = set()
    known: set[str] = set()
    for rules in declared:
        known |= {each.id for each in rules.purposes if each.needs}
        needs = [need for each in rules.purposes for need in each.needs]
        registration = {need.item for need in needs if need.class_ is RetentionClass.REGISTRATION}
        wanted = {need.item for each in rules.purposes if not purposes or each.id in purposes for need in each.needs}
        of = {item: RetentionClass.REGISTRATION if item in registration else RetentionClass.SERVICE for item in wanted}
        found |= {item for item, class_ in of.items() if not classes or class_ in classes}
    if set(purposes) - known:
        raise ActError("no rules declared such a purpose", hint="see the purposes with `keshou rules`")
    if (purposes or classes) and not found:
        raise ActError(
            "no rules ever kept any of it in that class of information", hint="name another class or purpose"
        )
    return frozenset(found) if purposes or classes else frozenset()


def note_named(work: Work, facts: Iterable[SiteFact]) -> None:
    """Note whom new holds name, while the operator's ids are known."""
    named = {user for fact in facts if isinstance(fact, HoldSet) for user in fact.users}
    if named:
        vault = work.known.vault
        found = vault.find_users(work.tx, named)
        KeptBack().note(work.tx, [(key, vault.blind(user)) for user, key in sorted(found.items())])


def note_admitted(work: Work, user: str, key: int, now: dt.datetime) -> None:
    """Note a new user whom a hold names already: somebody of that id was there before."""
    holds = work.view.gate.timeline.at(now).state.holds()
    if any(each.users for each in holds) and any(work.known.vault.blind(user) in each.users for each in holds):
        KeptBack().note(work.tx, [(key, work.known.vault.blind(user))])


def end_service_class(work: Work, draft: Draft, key: int, name: str, now: dt.datetime) -> tuple[str, ...]:
    """Let go what the service class holds of a user whose services ended, but for what must stay for now.

    `name` is what stands for the user in holds. With nothing kept, the keys are destroyed; else only values go, and
    the user is noted as one of whom something is kept back. The header names the items that went; return them.
    """
    vault, kept_back = work.known.vault, KeptBack()
    held = vault.items_of(work.tx, key)
    kept = _kept(work, held, name, now)
    gone = sorted(item for item, class_ in held.items() if class_ is RetentionClass.SERVICE and item not in kept)
    if not kept:
        kept_back.drop(work.tx, key)
        draft.shredded = vault.shred(work.tx, key, [RetentionClass.SERVICE], now)
        draft.header["keys"] = key_ids(draft.shredded)
    else:
        vault.remove(work.tx, key, gone)
        kept_back.add(work.tx, key, name, to_micros(now))
        draft.removed = [(key, item) for item in gone]
    draft.header["items"] = tuple(item for item in gone if item in work.names.items)
    work.removed(key)
    return tuple(gone)


def _kept(work: Work, held: Mapping[str, RetentionClass], name: str, now: dt.datetime) -> set[str]:
    """Return the service items that must stay for now."""
    state, declared = work.view.gate.timeline.at(now).state, work.view.versions().values()
    stays, service = staying(state, (each.declaration for each in declared)), RetentionClass.SERVICE
    return {item for item, of in held.items() if of is service and stays.keeps(name, item, service)}


def release(work: Work, job: Release, now: dt.datetime) -> Draft:
    """Let go what was kept back of a user whose services ended, once nothing keeps it.

    Raises:
        ActError: everything is kept still, or nothing of the user ever was.

    """
    work.settle()
    key = job.user
    name = KeptBack().names_of(work.tx, [key]).get(key, "")
    facts = work.known.standings.user_facts(work.tx, key)
    held = work.known.vault.items_of(work.tx, key)
    service = {item for item, class_ in held.items() if class_ is RetentionClass.SERVICE}
    if not name or fold_user(facts).profile.in_use or not service - _kept(work, held, name, now):
        raise ActError("nothing of the user is due", hint="see `keshou retention`")
    header: dict[str, object] = {
        "event": DUE, **work.names.of_record(job.by, ""), "count": 1, "decision": "permit", "cites": (END_OF_SERVICE,),
        "rules": work.view.gate.timeline.at(now).edition.version,
    }  # fmt: skip
    draft = Draft(header)
    gone = end_service_class(work, draft, key, name, now)
    if user := name_of(work, key):
        draft.users = [(key, Payload(user, ActKind.DESTROY, gone))]
    return draft


def name_of(work: Work, key: int) -> str:
    """Return the operator's id of a user, out of the newest payload about them; empty when there is none any more.

    Whoever looks for who a user is reads the newest payload, so each names them. Where it does not open, nothing can
    be written to the user any more; that keeps nothing from going.
    """
    newest = work.ledger.newest_payloads(work.tx, [key])
    try:
        records = work.known.vault.fetch_records(work.tx, sorted(newest.items()))
        receipt = Receipt(work.place, len(records))
        return next((user_of(work.known.vault.open_record(each, receipt)) for each in records), "")
    except SealBrokenError:
        return ""
