# SPDX-License-Identifier: Apache-2.0
"""Filters of tables in the operator's own systems, as they are asked for and answered over the wire."""

import datetime as dt
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from keshou.law.terms import ActKind
from keshou.wire.acts import MOST_USERS
from keshou.wire.words import Id, NoId, Revision, SomeItems, UserId

_Name = Annotated[
    str, Meta(pattern=r"^[^\u0000]+$", min_length=1, max_length=63, description="Of a table or column: 1 to 63 bytes.")
]

_NoName = Annotated[
    str, Meta(pattern=r"^[^\u0000]*$", max_length=63, description="Of a schema: at most 63 bytes; may be empty.")
]


class FilterAct(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is to be done with the rows. Users and items follow from the table; those named play no part."""

    kind: ActKind
    purpose: Id
    items: SomeItems = []
    user: Literal[""] = ""
    count: Annotated[int, Meta(ge=1, le=2**31 - 1)] = 1
    by: NoId = ""
    """For programs with the scope `on_behalf`: the member of staff whom their system has signed in. Else the caller."""
    post: NoId = ""
    where: NoId = ""
    recipient: NoId = ""
    review: NoId = ""
    ground: NoId = ""


class TableShape(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A table of the operator's own: which column names users, and what the others hold."""

    name: _Name
    """With a dot in it only where the schema is given."""
    schema: _NoName = ""
    """The schema that it lies in; empty: wherever the database finds it by its name."""
    user_column: _Name
    columns: Annotated[dict[_Name, Id], Meta(min_length=1, max_length=256)]
    """Column to id of the kind of information in it."""
    user_type: Literal["text", "integer"] = "text"
    """How the table keeps users' ids."""


class FilterRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Ask which rows and columns of a table an act may use now."""

    act: FilterAct
    table: TableShape
    users: Annotated[list[UserId], Meta(min_length=1, max_length=MOST_USERS)]
    """Whose rows the table has, or are wanted."""


class ColumnShape(msgspec.Struct, frozen=True, kw_only=True):
    """A column that may be selected."""

    name: str
    item: str
    masked: bool
    """Whether its values may be shown masked only."""


class FilterShape(msgspec.Struct, frozen=True, kw_only=True):
    """What may be used of the table until `until`. A row whose user is not named is out."""

    table: str
    schema: str
    """Empty: the table is found by its name alone."""
    user_column: str
    user_type: Literal["text", "integer"]
    columns: list[ColumnShape]
    left_out: list[str]
    """Columns that the purpose may not use so."""
    users: list[str]
    """Ids of the users whose rows may be used."""
    kind: ActKind
    purpose: str
    by: str
    rules: Revision
    """Version of the rules it was made under."""
    revision: Revision
    """Revision of the facts it was made on."""
    entry: Revision
    """Place of the entry that recorded it."""
    until: dt.datetime
    """From then on it must not be used; make a new one for each query."""


class PermitKey(msgspec.Struct, frozen=True, kw_only=True):
    """A public key by which permits are checked (RFC 7517, RFC 8037)."""

    kty: Literal["OKP"]
    crv: Literal["Ed25519"]
    alg: str
    use: Literal["sig"]
    kid: str
    """Its thumbprint (RFC 7638)."""
    x: str


class PermitKeys(msgspec.Struct, frozen=True, kw_only=True):
    """The published set: of the epoch before, of this one and of the next."""

    keys: list[PermitKey]
