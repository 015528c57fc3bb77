# SPDX-License-Identifier: Apache-2.0
"""What staff and programs tell and ask of users, over the wire.

Users' ids stand in bodies alone, never in addresses, which end in logs.
"""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from keshou.law.terms import ConsentStrength
from keshou.wire.decision import DecisionShape
from keshou.wire.words import Id, NoId, Revision, SomeItems, UserId, Value

Version = Annotated[int, Meta(ge=1, le=2**31 - 1)]
Values = Annotated[dict[Id, Value], Meta(min_length=1, max_length=256)]
Services = Annotated[list[Id], Meta(max_length=64)]


class _Hand(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Of whom something is told or asked, and by whom."""

    user: UserId
    by: NoId = ""
    """For programs with the scope `on_behalf`: the member of staff whom their system has signed in. Else the caller."""
    where: NoId = ""


class _Act(_Hand, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the gate is asked for."""

    purpose: Id
    post: NoId = ""
    ground: NoId = ""


class Agreed(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A consent to one purpose."""

    purpose: Id
    strength: ConsentStrength = ConsentStrength.EXPRESS
    items: SomeItems = []
    """Empty: all that the purpose declares."""


class Registration(_Act, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Take a new user in: what is collected, and what comes true with it."""

    values: Values
    """Item to value."""
    noticed: bool = True
    """Whether the user was shown the rules in force."""
    consents: Annotated[list[Agreed], Meta(max_length=64)] = []
    services: Services = []
    """Those that begin."""
    limited_capacity: bool = False
    messages: bool = False
    """Whether the user asks for commercial messages."""


class Consenting(_Hand, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The user was shown the rules and agreed to a purpose."""

    purpose: Id
    strength: ConsentStrength = ConsentStrength.EXPRESS
    items: SomeItems = []
    """Empty: all that the purpose declares."""
    version: Version | None = None
    """Version of the rules that was shown; when left out, the one in force."""
    messages: bool = False
    """Whether the user also asks for commercial messages."""
    evidence: NoId = ""
    """Id of what shows it, such as the signed form, in the operator's own books."""


class Withdrawing(_Hand, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The user took a consent back."""

    purpose: Id
    items: SomeItems = []
    """Empty: all of it."""
    messages: bool = False
    """Whether the user also refuses commercial messages."""
    evidence: NoId = ""
    """Id of what shows it, in the operator's own books."""


class Voiding(_Hand, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A consent was found to be had wrongly; it counts as none."""

    purpose: Id
    because: Literal["deceit", "misleading", "coercion"]


class Noticing(_Hand, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The user was shown the published rules."""

    version: Version | None = None
    """When left out, the one in force."""


class Wishing(_Hand, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The user asked for commercial messages, or refused them."""

    wanted: bool


class Beginning(_Hand, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The user began to use services."""

    services: Annotated[list[Id], Meta(min_length=1, max_length=64)]


class Capacity(_Hand, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The user is of limited capacity, or is so no longer."""

    limited: bool
    evidence: NoId = ""
    """Of full capacity: id of what shows it, such as the document that was seen, in the operator's own books."""


class Cancelling(_Hand, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Services end; with the last of them, what they held is destroyed."""

    services: Services = []
    """Empty: every one in use."""
    post: NoId = ""
    """The post in which it is told, by who holds several; when left out, any of theirs that is granted so much."""
    review: NoId = ""
    """Id of an approved review of a destruction, where the same hand destroyed so much already that it needs one."""


class Correcting(_Act, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Correct what is held."""

    values: Values
    evidence: NoId = ""
    """Id of what shows that it is right, such as the document that was seen, in the operator's own books."""


class Erasing(_Act, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Destroy every key of a user, registration papers among it."""

    kind: Literal["delete", "destroy"] = "delete"
    items: SomeItems = []
    """What is asked of the gate when nothing is held; else it is asked for all that is."""


class Copying(_Hand, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Make the user's own copy."""

    post: NoId = ""
    format: Literal["json", "csv", "pdf"] = "json"
    """CSV comes as tables in a ZIP archive."""


class Viewing(_Act, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Show a user: values as far as the gate lets them be seen, and what was shown, agreed and begun."""

    kind: Literal["query", "use"] = "query"
    items: SomeItems = []
    """Empty: all of the purpose that may be seen."""
    masked: bool = False
    """Whether masked values will do, though the grant may be for full ones."""


class Searching(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Look for users by one value."""

    by: NoId = ""
    """For programs with the scope `on_behalf`: the member of staff whom their system has signed in. Else the caller."""
    where: NoId = ""
    post: NoId = ""
    purpose: Id
    item: Id
    value: Value
    last_four: bool = False
    """By its last four characters alone, where the rules declare it."""
    prefix: bool = False
    """By its beginning alone, just as many characters as the rules declare."""


class FoundUser(msgspec.Struct, frozen=True, kw_only=True):
    """A user whom a search found, and whom the caller may see."""

    user: UserId
    entry: Revision
    """Of the query of this user."""
    values: dict[str, str]
    """Masked unless the grant is for full values."""
    stand_ins: list[str] = []
    """Items of which `values` has stand-ins."""


class SearchAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What a search came to."""

    decision: DecisionShape
    entry: Revision
    """Of the search itself; what was sought is not in it."""
    hits: int
    """How many users there are; of more than the site names at once, nobody is named."""
    users: list[FoundUser]
