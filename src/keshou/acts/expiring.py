# SPDX-License-Identifier: Apache-2.0
"""What is over: information that no purpose needs any more goes by the operator's own hand, as the rules say it will.

Nobody asks the gate: the published rules say for how long each purpose keeps it, as they say that the service's
information goes with the service. Holds keep it, and so does the authority that asks for destruction to stop.
"""

import datetime as dt
from collections.abc import Collection, Iterable
from typing import NamedTuple

from keshou.acts.destroyed import key_ids
from keshou.acts.draft import Draft, Payload
from keshou.acts.holding import name_of
from keshou.acts.known import View
from keshou.acts.removing import remove
from keshou.acts.request import ActError, Expire
from keshou.acts.staying import Staying, staying
from keshou.acts.work import Work
from keshou.gate.calendar import day_of, day_of_micros
from keshou.gate.keeping import Keeping, Over, Terms, Use, fold_use
from keshou.gate.rulebook import GUIDANCE
from keshou.law.cites import PUBLISHED_RULES
from keshou.law.terms import ActKind, RetentionClass
from keshou.ledger.events import OVER
from keshou.vault.kept_back.store import KeptBack
from keshou.vault.lookup import Collected, collected_of

_GUIDED = f"{GUIDANCE}:7.1.3"


class Held(NamedTuple):
    """What is held of one user, and what decides how long it is kept."""

    values: Iterable[Collected]
    use: Use
    name: str
    """What stands for the user in holds; empty: none names them."""


def terms_of(view: View, now: dt.datetime) -> Terms:
    """Return what of the rules decides, as of `now`, how long information is kept."""
    edition = view.gate.timeline.at(now).edition
    return Terms(
        {version: each.declaration for version, each in view.versions().items()},
        edition.version,
        frozenset((name, item) for name, reached in edition.grounded.items() for item, _ in reached),
        edition.retention(),
        {version: day_of(each.effective) for version, each in view.versions().items()},
    )


def ends(held: Held, keeping: Keeping) -> Iterable[tuple[Collected, Over]]:
    """Yield what of a user's information may go on some day as things stand, whatever holds say."""
    for each in held.values:
        found = keeping.over(each.item, each.class_, day_of_micros(each.since), held.use)
        if found is not None:
            yield each, found


def due(
    held: Held, keeping: Keeping, stays: Staying, today: dt.date, classes: Collection[RetentionClass]
) -> tuple[str, ...]:
    """Return the items that are over on a day in China, of some classes, and that nothing keeps."""
    return tuple(
        each.item
        for each, last in ends(held, keeping)
        if each.class_ in classes and last.day <= today and not stays.keeps(held.name, each.item, each.class_)
    )


def expire(work: Work, job: Expire, now: dt.datetime) -> Draft:
    """Let go what of a user's information is over.

    Raises:
        ActError: nothing is.

    """
    work.settle()
    key, terms, view = job.user, terms_of(work.view, now), work.view.gate.timeline.at(now)
    values, names = collected_of(work.tx, [key]), KeptBack().names_of(work.tx, [key])
    held = Held(values.get(key, ()), fold_use(work.facts_of(key)), names.get(key, ""))
    stays = staying(view.state, terms.versions.values())
    items = due(held, Keeping(terms), stays, day_of(now), job.classes)
    if not items:
        raise ActError("nothing of the user is over", hint="see `keshou retention`")
    draft = Draft(
        {
            "event": OVER, **work.names.of_record(job.by, ""), "count": 1, "decision": "permit",
            "cites": (PUBLISHED_RULES, *([_GUIDED] if GUIDANCE in view.edition.binding else [])),
            "rules": terms.current,
            "items": tuple(item for item in items if item in work.names.items),
        }
    )  # fmt: skip
    if user := name_of(work, key):
        draft.users = [(key, Payload(user, ActKind.DESTROY, items))]
    draft.shredded = remove(work, key, items, now)
    draft.removed = [(key, item) for item in items]
    draft.header["keys"] = key_ids(draft.shredded)
    return draft
