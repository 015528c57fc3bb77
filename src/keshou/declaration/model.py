# SPDX-License-Identifier: Apache-2.0
"""Operator, services, purposes, items, posts, agents, channels: the declaration as frozen values.

The shapes follow ``operator.toml`` table by table. Ids are lower-case words (``[a-z][a-z0-9_]*``, at most 64
characters); dates are calendar days; citations are written as in the law's data (``miit24:9.1``).
"""

import datetime as dt
from enum import StrEnum
from typing import Literal

import msgspec

from keshou.language import Text
from keshou.law.terms import ActKind, ConsentStrength, OperatorKind, RetentionClass


class _Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """A table of the file; keys it does not know are an error."""


class Contact(_Table, frozen=True, kw_only=True):
    """How somebody is reached; any one of the means is enough, none is a finding."""

    phone: str = ""
    email: str = ""
    address: Text | None = None
    url: str = ""


class Licence(_Table, frozen=True, kw_only=True):
    """The licence or filing under which the operator works."""

    number: str
    authority: Text
    valid_until: dt.date | None = None


class Operator(_Table, frozen=True, kw_only=True):
    """Who declares."""

    id: str
    name: Text
    kinds: tuple[OperatorKind, ...]
    licence: Licence | None = None
    contact: Contact = Contact()
    adopts: tuple[str, ...] = ()
    """Ids of guidance instruments the operator adopts; they then bind it as its own word."""
    published_at: tuple[Literal["premises", "website", "app"], ...] = ()
    """Where the rules are made public (Order 24 Art. 8)."""


class Service(_Table, frozen=True, kw_only=True):
    """A service offered to users."""

    id: str
    name: Text
    kind: Literal["fixed", "mobile", "data_card", "broadband", "internet", "value_added"]
    user_facing: bool = True


class Retention(_Table, frozen=True, kw_only=True):
    """How long information is kept: a length in one calendar unit after a start."""

    after: Literal["collection", "service_end"]
    days: int = 0
    months: int = 0
    years: int = 0


class Approval(_Table, frozen=True, kw_only=True):
    """That the competent department agreed to information going to a recipient (GB/Z 28828 asks for it overseas)."""

    number: str
    authority: Text
    valid_until: dt.date | None = None
    """Last day it holds."""


class Recipient(_Table, frozen=True, kw_only=True):
    """Somebody outside the operator to whom information is provided."""

    id: str
    name: Text
    contact: Contact = Contact()
    overseas: bool = False
    country: str = ""
    """ISO 3166-1 alpha-2, upper case; needed when `overseas`."""
    basis: str = ""
    """Citation of the law or administrative regulation that provides for it; empty when consent is the basis."""
    approval: Approval | None = None
    stand_ins: tuple[str, ...] = ()
    """Items of which it is given a stand-in in place of the value."""


class Need(_Table, frozen=True, kw_only=True):
    """One item a purpose uses, and why it cannot do without."""

    item: str
    why: Text
    acts: tuple[ActKind, ...] = ()
    """Acts the item takes part in; empty means all of the purpose's acts."""
    class_: RetentionClass = msgspec.field(name="class", default=RetentionClass.SERVICE)
    """With which class it is kept and shredded."""


class Purpose(_Table, frozen=True, kw_only=True):
    """What the operator collects and uses information for."""

    id: str
    name: Text
    services: tuple[str, ...]
    provides_service: bool = True
    """Whether it is part of providing the service, as against e.g. marketing (Order 25 Art. 12(2))."""
    commercial_messages: bool = False
    """Whether users are sent commercial messages under it (Decision item 7)."""
    acts: tuple[ActKind, ...]
    manner: Text
    refusal: Text
    """What refusing means for the user (Order 24 Art. 9(2))."""
    consent: ConsentStrength = ConsentStrength.EXPRESS
    ground: str = ""
    """Citation of the law or administrative regulation relied on in place of consent (Order 24 Art. 9(5))."""
    retention: Retention
    recipients: tuple[str, ...] = ()
    needs: tuple[Need, ...]


class CustomItem(_Table, frozen=True, kw_only=True):
    """A kind of information that the taxonomy does not have, described by the operator."""

    id: str
    label: Text
    class_: str = msgspec.field(name="class")
    identifies: Literal["alone", "combined", "service_use", "combined_and_service_use"]
    sensitive: bool


class Department(_Table, frozen=True, kw_only=True):
    """A department or branch with its responsible post (Order 24 Art. 13(i))."""

    id: str
    name: Text
    branch: bool = False
    responsible: str
    """Id of the post that answers for protection there."""
    since: dt.date


class Office(StrEnum):
    """What a post may do in administering; no office reaches users' information by itself (Order 24 Art. 13(i))."""

    PUBLISH = "publish"
    """Publishes the rules."""
    APPOINT = "appoint"
    """Appoints staff, and judges whether agents are fit."""
    ACCOUNTS = "accounts"
    """Gives people and programs their way to sign in, and other systems their messages."""
    ORDERS = "orders"
    """Writes down what the authority asks to stop."""
    GROUNDS = "grounds"
    """Writes down where higher law provides otherwise."""
    AUDIT = "audit"
    """Opens the log."""
    SEARCH = "search"
    """Searches over users."""
    MEDIA = "media"
    """Keeps the register of media."""


class Post(_Table, frozen=True, kw_only=True):
    """A post; people are appointed to it, grants are given to it (Order 24 Art. 13(i), (iii))."""

    id: str
    name: Text
    department: str
    duties: Text
    agent: str = ""
    """Id of the agent whose staff hold it; empty for the operator's own posts."""
    offices: tuple[Office, ...] = ()
    """What it may do in administering; an agent's post holds no office."""


class Hours(_Table, frozen=True, kw_only=True):
    """A daily span in the operator's local time, ``from`` included, ``to`` not; both ``HH:MM``."""

    from_: str = msgspec.field(name="from")
    to: str
    utc_offset: str = "+08:00"


class Grant(_Table, frozen=True, kw_only=True):
    """What a post may do: acts on items for purposes (Order 24 Art. 13(iii))."""

    post: str
    purposes: tuple[str, ...]
    acts: tuple[ActKind, ...]
    items: tuple[str, ...] = ()
    """Empty means every item the purposes declare."""
    full: bool = False
    """Whether full values are shown; otherwise masked."""
    hours: Hours | None = None
    branches: tuple[str, ...] = ()
    """Departments marked ``branch`` where it holds; empty means everywhere."""
    until: dt.date | None = None
    """Last day it holds."""


class Qualification(_Table, frozen=True, kw_only=True):
    """The record that an agent can meet the Order (Order 24 Art. 11)."""

    number: str
    checked_on: dt.date
    checked_by: str
    """Id of the post that checked."""
    valid_until: dt.date


class Contract(_Table, frozen=True, kw_only=True):
    """The agency contract: what the agent may do in the operator's name, and for how long (both days included)."""

    from_: dt.date = msgspec.field(name="from")
    until: dt.date
    protection_clause: bool
    """Whether it says how the agent protects the information."""


class Agent(_Table, frozen=True, kw_only=True):
    """Somebody entrusted with work that faces users (Order 24 Art. 11)."""

    id: str
    name: Text
    contact: Contact = Contact()
    qualification: Qualification | None = None
    contract: Contract | None = None
    supervised_by: str = ""
    """Id of the operator's post that supervises it."""
    purposes: tuple[str, ...]
    acts: tuple[ActKind, ...]
    items: tuple[str, ...] = ()
    """Empty means every item the purposes declare."""
    stand_ins: tuple[str, ...] = ()
    """Items of which its staff are given a stand-in in place of the value, whatever they are granted."""


class Channels(_Table, frozen=True, kw_only=True):
    """Where users turn: to query and correct, to cancel, to complain (Order 24 Arts 9(2), 9(4), 12)."""

    query: Contact | None = None
    correct: Contact | None = None
    withdraw: Contact | None = None
    cancel: Contact | None = None
    complaint: Contact | None = None
    complaint_answer_days: int = 0
    """Days within which a complaint is answered; zero means undeclared."""


class Review(_Table, frozen=True, kw_only=True):
    """Review before bulk acts (Order 24 Art. 13(iii)); the Order leaves the threshold to the operator."""

    bulk_users: int
    """From how many users on an export, copy, deletion or destruction is a bulk act."""
    reviewers: tuple[str, ...]
    """Ids of the posts that may review."""
    valid_hours: int
    """For how many hours an approval holds."""
    window_hours: int | None = None
    """Within how many hours acts of one hand and kind that nobody reviewed add up to one; 0: they never do. Left out:
    what ``defaults.toml`` of this room says."""
    window_users: int = 0
    """From how many users on what adds up is a bulk act; 0: as `bulk_users`."""


class AccessReview(_Table, frozen=True, kw_only=True):
    """Review of who can reach what (Order 24 Art. 13(v)); the Order leaves how often to the operator.

    Who answers for a post's department confirms each appointment to it; what nobody confirms in time lapses.
    """

    every_days: int
    """For how many days an appointment holds without being confirmed, and each confirmation after it."""
    remind_days: int = 0
    """How many days before it lapses a confirmation counts as due; zero: from the day it was given."""
    heads_by: tuple[str, ...] = ()
    """Ids of the posts that confirm whoever answers for a department themselves."""


class Emergency(_Table, frozen=True, kw_only=True):
    """What staff may lend themselves in an emergency: a post's grants, for minutes, and reviewed afterwards."""

    posts: tuple[str, ...]
    """Ids of the posts that may be lent."""
    minutes: int
    """For how many minutes at most."""
    reasons: tuple[str, ...]
    """Ids of what counts as an emergency."""
    unreviewed: int = 1
    """How many emergencies of one person may wait for their review at a time; with as many, no further one begins."""


class Holding(_Table, frozen=True, kw_only=True):
    """A system that holds users' information (Order 24 Art. 13(v))."""

    id: str
    name: Text
    kind: Literal["vault", "own_system"]
    items: tuple[str, ...]
    access_reviewed_on: dt.date | None = None
    once: bool = False
    """Whether a permit to serve from it is good for one use only."""


class FoundBy(_Table, frozen=True, kw_only=True):
    """What users are found by, beyond equal values of what is nearly unique; each choice lets the index tell more.

    An entry for names alone has users found by equal names.
    """

    item: str
    last_four: bool = False
    """By the last four characters of a value."""
    prefix: int = 0
    """By so many characters of its beginning; 0: not so."""
    variants: bool = False
    """Of names: traditional and simplified characters are equal."""


class Declaration(_Table, frozen=True, kw_only=True):
    """The whole file."""

    schema: Literal[1]
    operator: Operator
    effective: dt.datetime
    """When this version takes effect; with a time zone."""
    services: tuple[Service, ...]
    purposes: tuple[Purpose, ...]
    recipients: tuple[Recipient, ...] = ()
    items: tuple[CustomItem, ...] = ()
    departments: tuple[Department, ...] = ()
    posts: tuple[Post, ...] = ()
    grants: tuple[Grant, ...] = ()
    agents: tuple[Agent, ...] = ()
    channels: Channels = Channels()
    review: Review | None = None
    access_review: AccessReview | None = None
    emergency: Emergency | None = None
    holdings: tuple[Holding, ...] = ()
    finding: tuple[FoundBy, ...] = ()
    """What users are found by, beyond what they always are."""
    protection_measures: Text | None = None
    """How information is protected, in words for users (GB/Z 28828 asks for it)."""
    risks: Text | None = None
    """What users risk in giving information, in words for users (GB/Z 28828 asks for it)."""

    def stand_ins(self) -> dict[str, frozenset[str]]:
        """Return the agents and recipients that are given stand-ins, each with the items; one id is one party."""
        found: dict[str, frozenset[str]] = {}
        parties: tuple[Agent | Recipient, ...] = (*self.agents, *self.recipients)
        for party in parties:
            if party.stand_ins:
                found[party.id] = found.get(party.id, frozenset()) | frozenset(party.stand_ins)
        return found


class Published(msgspec.Struct, frozen=True):
    """A declaration that was published as the rules: what the gate runs on and what users agreed to."""

    version: int
    """Counts from one, without gaps."""
    digest: str
    """SHA-256, lower-case hex, over the canonical JSON of the declaration."""
    effective: dt.datetime
    """UTC."""
    declaration: Declaration
    notice_complete: bool
    """Whether the notice meets Order 24 Art. 9(2) in full."""
