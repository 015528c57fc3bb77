# SPDX-License-Identifier: Apache-2.0
"""What the gate would answer on acts that are not done yet, each as if those before it had been done."""

import datetime as dt
from collections.abc import Sequence

import msgspec

from keshou.acts.known import Known, View
from keshou.acts.request import Perform
from keshou.db import Transaction
from keshou.gate.decision import Decision, Permit
from keshou.gate.standing import fold_user


def suppose(tx: Transaction, known: Known, view: View, jobs: Sequence[Perform], now: dt.datetime) -> list[Decision]:
    """Return the decision on each of `jobs`, with the facts that come with it, were it brought to the door at `now`.

    Whom one of them admits is taken to be new. Nothing is done or recorded, and nobody else comes to know what `view`
    supposes: it is not to be adopted.
    """
    view.load(tx, {job.act.user for job in jobs} - {job.act.user for job in jobs if job.admit})
    return [_answer(tx, known, view, job, now) for job in jobs]


def _answer(tx: Transaction, known: Known, view: View, job: Perform, now: dt.datetime) -> Decision:
    act = known.named(msgspec.structs.replace(job.act, when=now))
    if not job.facts:
        return view.gate.decide(act)
    standing = fold_user([*(() if job.admit else view.facts(tx, act.user)), *job.facts])
    with view.supposing(act.user, standing):
        decision = view.gate.decide(act)
    if isinstance(decision, Permit):
        view.users[act.user] = standing
    return decision
