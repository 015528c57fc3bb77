# SPDX-License-Identifier: Apache-2.0
"""Requests that name themselves: asked again they are answered with the first entry, and not done twice.

Neither the name nor the request is stored, only keyed tokens of both.
"""

from collections.abc import Sequence

import msgspec

from keshou.acts.draft import Draft
from keshou.acts.request import ActError, BulkPerform, Cancel, Done, Erase, Job, Judged, Perform, Record, RecordSite
from keshou.db import Transaction
from keshou.gate.facts import CapacityFull, SiteFact, UserFact
from keshou.ledger.entry import decode
from keshou.ledger.store import Ledger
from keshou.vault.store import Vault


class RequestTakenError(ActError):
    """The id of a request that was another one; nothing was done."""

    def __init__(self) -> None:
        super().__init__("another request had the same id", hint="give each request an id of its own")


class Requests:
    """The named requests among the jobs of a batch, and those of them that came before."""

    def __init__(self, tx: Transaction, ledger: Ledger, vault: Vault, jobs: Sequence[Job]) -> None:
        self._tx, self._ledger = tx, ledger
        self._tokens = {id(job): _tokens(job, vault) for job in jobs if job.request_id}
        self._found = ledger.requests(tx, {name for name, _ in self._tokens.values()}) if self._tokens else {}
        self._noted: dict[bytes, tuple[bytes, Draft]] = {}

    def before(self, job: Job) -> Draft | None:
        """Return the answer of a request that came before, `job` being named; None when it did not.

        One that came in the very same batch came before as well: what an act shows is told to one of them alone.

        Raises:
            ActError: another request had the same name.

        """
        name, body = self._tokens[id(job)]
        if (noted := self._noted.get(name)) is not None:
            _refuse_other(noted[0], body)
            return _told(noted[1].place, noted[1].verdict)
        if (found := self._found.get(name)) is None:
            return None
        _refuse_other(found[0], body)
        return _told(found[1], decode(self._ledger.entry(self._tx, found[1])).decision)

    def note(self, job: Job, draft: Draft) -> None:
        """Take note of a named request that is being done."""
        name, body = self._tokens[id(job)]
        self._noted[name] = (body, draft)

    def remember(self) -> None:
        """Keep the requests done, each with the index of its entry."""
        rows = [(name, body, draft.place) for name, (body, draft) in self._noted.items()]
        self._ledger.remember_requests(self._tx, rows)


def _told(entry: int, verdict: str) -> Draft:
    """Return what stands for a request that was answered before: nothing is done for it, and nothing is shown."""
    return Draft({}, done=Done(entry, None, repeated=True, verdict=verdict))


def _refuse_other(first: bytes, body: bytes) -> None:
    if first != body:
        raise RequestTakenError


def _tokens(job: Job, vault: Vault) -> tuple[bytes, bytes]:
    if job.said:
        body: object = job.said
    elif isinstance(job, Perform | BulkPerform | Erase | Judged):
        body = msgspec.structs.replace(job, act=None)
        if isinstance(body, Perform | BulkPerform) and not body.masked:
            # As it was before there was such a choice: whoever asks again after an upgrade asks for the same.
            body = msgspec.structs.replace(body, masked=msgspec.UNSET)
        if isinstance(body, Perform) and not body.evidence:
            body = msgspec.structs.replace(body, evidence=msgspec.UNSET)
        asked = msgspec.structs.asdict(job.act) | {"when": None}
        new = {"listed"} if job.act.via else {"listed", "via"}
        body = (body, {name: value for name, value in asked.items() if name not in new})
    elif isinstance(job, Record | RecordSite):
        body = (_as_before(msgspec.structs.replace(job, facts=())), [_timeless(fact) for fact in job.facts])
    else:
        body = _as_before(job)
    text = msgspec.json.encode((type(job).__name__, body), order="deterministic").decode()
    return bytes.fromhex(vault.blind("request " + job.request_id)), bytes.fromhex(vault.blind("body " + text))


def _as_before(job: Job) -> Job:
    """Return a job as it was told before there was anybody but `by` to be named, and a list to be reviewed.

    What a link opens, and by what, is made anew each time.
    """
    if isinstance(job, RecordSite):
        job = msgspec.structs.replace(job, opens=msgspec.UNSET)
        return job if job.users else msgspec.structs.replace(job, users=msgspec.UNSET)
    if isinstance(job, Record | Cancel):
        new = ("via", "post", "review") if isinstance(job, Cancel) else ("via",)
        return msgspec.structs.replace(job, **{name: msgspec.UNSET for name in new if not getattr(job, name)})
    return job


def _timeless(fact: UserFact | SiteFact) -> tuple[str, dict[str, object]]:
    """Return a fact without its time: who asks again a moment later asks for the same.

    What a review is bound to follows from the list that the job has.
    """
    told = msgspec.structs.asdict(fact)
    told.pop("listed", None)
    if isinstance(fact, CapacityFull) and not fact.evidence:
        told.pop("evidence")  # as it was told before that was asked for
    return type(fact).__name__, {**told, "at": None}
