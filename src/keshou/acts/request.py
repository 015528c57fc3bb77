# SPDX-License-Identifier: Apache-2.0
"""What can be brought to the one door, and what comes back from it."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

import msgspec

from keshou.declaration.findable import Part
from keshou.declaration.model import Declaration
from keshou.errors import InputError
from keshou.gate.act import Act
from keshou.gate.decision import Decision, Deny
from keshou.gate.facts import Restored, SiteFact, UserFact
from keshou.law.terms import RetentionClass


class Perform(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Ask, and do it when it is permitted: one act on one user's information."""

    act: Act
    values: Mapping[str, str] = {}
    """Item to value, for acts that write (collect, correct); the keys are the act's items."""
    facts: tuple[UserFact, ...] = ()
    """What comes true together with a new user's first act: notice shown, consent given, service started."""
    admit: bool = False
    """Whether the user is new; an id already known is then an error."""
    masked: bool = False
    """Whether masked values will do, though the grant may be for full ones."""
    evidence: str = ""
    """Of a correction: id of what shows that it is right, in the operator's own books."""
    request_id: str = ""
    """Names this request for good: asked again, it is answered with the first entry and not done twice."""
    said: str = ""
    """What tells this request from another of the same name; empty: all that the job holds but its moment."""


class BulkPerform(msgspec.Struct, frozen=True, kw_only=True):
    """One act over many users at once: judged as a whole, then user by user; one entry with the count."""

    act: Act
    users: tuple[str, ...]
    masked: bool = False
    """As in `Perform`."""
    request_id: str = ""
    said: str = ""


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """Write down what came true of a user: a consent given or withdrawn, a service begun."""

    user: str
    facts: tuple[UserFact, ...]
    by: str
    where: str = ""
    just_now: bool = False
    """Whether they came true as they were told: then they are dated when they are written down, in whatever order
    they come to the door, and not by `at`."""
    via: str = ""
    """Id of the program that says `by` does it, as in `Act`."""
    request_id: str = ""
    said: str = ""


class Opening(msgspec.Struct, frozen=True, kw_only=True):
    """What a link that is made opens, beside what its fact tells, and by what; it lies in a table that is no log."""

    user: str
    token: str
    post: str = ""
    where: str = ""
    ground: str = ""

    def __repr__(self) -> str:
        return "Opening()"


class RecordSite(msgspec.Struct, frozen=True, kw_only=True):
    """Write down what came true of staff, agents, reviews, suspensions or grounds."""

    facts: tuple[SiteFact, ...]
    by: str
    where: str = ""
    must_stand: bool = False
    """Whether what the facts end must stand; else ending it once more changes nothing."""
    users: tuple[str, ...] = ()
    """The list that a review is asked for, if it is of one list: what stands for it goes on record, and it does not."""
    opens: Opening | None = None
    """Of a link that is made."""
    request_id: str = ""
    said: str = ""


class Publish(msgspec.Struct, frozen=True, kw_only=True):
    """Publish a declaration as the next version of the rules."""

    declaration: Declaration
    by: str
    where: str = ""
    after: int | None = None
    """The newest version as whoever publishes knows it; None: whatever stands."""
    request_id: str = ""
    said: str = ""


class Cancel(msgspec.Struct, frozen=True, kw_only=True):
    """End services for a user and shred what the service class holds, in one step (Order 24 Art. 9(4))."""

    user: str
    by: str
    services: tuple[str, ...] = ()
    """Empty means every service the user has."""
    where: str = ""
    via: str = ""
    """Id of the program that says `by` does it, as in `Act`."""
    post: str = ""
    """As in `Act`; by another than the user: empty where any post of theirs will do."""
    review: str = ""
    """Id of the approved review of a destruction that it relies on, where the hand destroyed so much already."""
    request_id: str = ""
    said: str = ""


class Erase(msgspec.Struct, frozen=True, kw_only=True):
    """Destroy every key of a user: asked as a deletion or destruction of all that is held."""

    act: Act
    """Its items are taken to be all that is held, whatever it names; those it names count when nothing is held."""
    request_id: str = ""
    said: str = ""


class Audit(msgspec.Struct, frozen=True, kw_only=True):
    """Write down that every payload of the log is about to be opened, to hold it against the facts."""

    by: str
    where: str = ""
    request_id: str = ""
    said: str = ""


class Search(msgspec.Struct, frozen=True, kw_only=True):
    """Ask whether one may look for users, and find them: by one item, equal or by a part of it."""

    act: Act
    """A query of just that item, about nobody yet."""
    value: str
    part: Part = Part.WHOLE
    most: int = 20
    """The most users that may be found; what finds more finds nobody."""
    per_hour: int | None = None
    """How many searches of the same hand there may be within an hour, this one among them; None: it is not counted."""
    request_id: str = ""
    said: str = ""

    def __repr__(self) -> str:
        return f"Search(act={self.act!r})"


class KeysChanged(msgspec.Struct, frozen=True, kw_only=True):
    """Write down that keys of one level are about to be changed; it names levels and epochs, never a key."""

    by: str
    level: str
    """``master``, ``epoch``, ``data``, ``index``, ``suite``, ``retire`` where older keys are destroyed, or ``give_up``
    where data keys that do not open are left to go with them."""
    epochs: tuple[int, ...] = ()
    """Numbers of the epochs that are destroyed."""
    indexes: tuple[int, ...] = ()
    """Numbers of the index keys that are destroyed."""
    count: int = 0
    """How many data keys are given up."""
    where: str = ""
    request_id: str = ""
    said: str = ""


class Judged(msgspec.Struct, frozen=True, kw_only=True):
    """Write down that a table of acts was judged row by row just now: how many were permitted and denied, and why."""

    act: Act
    permitted: int
    denied: Mapping[str, int]
    """Citation to number of rows."""
    revision: int = 0
    """Revision of the facts applied; when any of them changed since, the outcome is not written down."""
    users: frozenset[int] = frozenset()
    """Surrogate keys of the users on record whom the table names."""
    given: tuple[str, ...] = ()
    """Where the act names a recipient: the users let through, each once, so that they are told of it."""
    plain: tuple[str, ...] = ()
    """Columns that go out though they are of no item, on the word of whoever asks that they hold no personal
    information."""
    request_id: str = ""
    said: str = ""


class EraseAgain(msgspec.Struct, frozen=True, kw_only=True):
    """Destroy every key of a user who was erased after the archive that was just put back."""

    user: int
    """Surrogate key; the operator's own id is not known any more."""
    by: str
    request_id: str = ""
    said: str = ""


class Release(msgspec.Struct, frozen=True, kw_only=True):
    """Let go what a hold kept back of a user whose services ended, now that none keeps it."""

    user: int
    """Surrogate key."""
    by: str
    request_id: str = ""
    said: str = ""


class Expire(msgspec.Struct, frozen=True, kw_only=True):
    """Let go what of a user's information no purpose needs any more, since the time of the last one is over."""

    user: int
    """Surrogate key."""
    by: str
    classes: frozenset[RetentionClass]
    """The classes of which something may go so."""
    request_id: str = ""
    said: str = ""


class Restore(msgspec.Struct, frozen=True, kw_only=True):
    """Write down that an archive was put back, and destroy again what was destroyed of users after it."""

    fact: Restored
    by: str
    keys: tuple[tuple[int, RetentionClass], ...] = ()
    """Surrogate key of the user, and the class of the key."""
    items: tuple[tuple[int, str], ...] = ()
    """Surrogate key of the user, and the item whose value was removed."""
    request_id: str = ""
    said: str = ""


Job = (
    Perform
    | BulkPerform
    | Record
    | RecordSite
    | Publish
    | Cancel
    | Erase
    | Audit
    | KeysChanged
    | Search
    | Judged
    | EraseAgain
    | Release
    | Expire
    | Restore
)


class Done(NamedTuple):
    """What became of a job, known only once it is committed."""

    entry: int
    """Place of its entry in the log, counted from zero."""
    decision: Decision | None
    """The gate's answer; None where nothing was asked of it."""
    values: Mapping[str, str] = {}
    """What a permitted act showed: item to value, masked unless the grant is for full values."""
    by_user: Mapping[str, Mapping[str, str]] = {}
    """The same, user by user, for bulk acts."""
    refused: Mapping[str, Decision] = {}
    """Users whose own state refused a bulk act."""
    version: int = 0
    """The rules' version, for a publication."""
    shredded: tuple[tuple[RetentionClass, str], ...] = ()
    """Class and key id of keys destroyed."""
    repeated: bool = False
    """Whether this request had been answered before; then nothing was done now and no value is shown."""
    verdict: str = ""
    """``permit`` or ``deny`` as it was answered before; `decision` is None then."""
    stand_ins: frozenset[str] = frozenset()
    """Items that were shown by stand-ins."""
    in_full: bool = False
    """Whether values were shown in full, but for those of `stand_ins`."""


class ActError(InputError):
    """What was brought to the door is not a well-formed act; nothing was done and nothing recorded."""


def written_down(done: Done) -> Done:
    """Return what became of facts that were told of a user.

    Raises:
        ActError: nobody of that id is on record; that it was told of them is, under the name of who did.

    """
    if isinstance(done.decision, Deny) or done.verdict == "deny":
        raise ActError("no such user is on record", hint="collect the user first, with `keshou import`")
    return done


def users_named(job: Job) -> Iterable[str]:
    """Return the operator's ids of those whom `job` is about."""
    match job:
        case Perform() | Erase():
            return (job.act.user,)
        case BulkPerform():
            return job.users
        case Record() | Cancel():
            return (job.user,)
        case _:
            return ()
