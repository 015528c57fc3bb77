# SPDX-License-Identifier: Apache-2.0
"""Programs and their keys come and go in somebody's name: each step is written down with who took it.

A program gets a name of its own: never one by which a person signs in, in whose name it would act.
"""

import datetime as dt
from collections.abc import Mapping
from typing import Any

from keshou.accounts.account import What
from keshou.acts.value import HOW_IDS_ARE, is_id
from keshou.app.site import Site
from keshou.db import Transaction
from keshou.errors import InputError
from keshou.gate.act import OWN_HAND
from keshou.programs.errors import UnknownProgramError
from keshou.programs.grant import Credential, CredentialKind, KeyGrant
from keshou.programs.scope import Scope


def add_program(site: Site, tx: Transaction, program: str, by: str) -> None:
    """Let `program` be given keys; one that was closed is opened again.

    Raises:
        InputError: the id is a person's, or holds a post before it is a program's, or stands for users themselves, or
            is that of whoever asks.

    """
    if program == OWN_HAND or site.accounts.account(tx, program) is not None:
        raise InputError("this id is a person's", hint="give the program an id of its own (miit24:13.1.3)")
    _refuse_own(program, by)
    if program not in site.programs.makers(tx, site.now()) and any(site.state_in(tx).tenure.of(program)):
        raise InputError(
            "this id holds a post, and may be a person's (miit24:13.1.3)",
            hint="give the program an id of its own; or end the post, add the program, then appoint it",
        )
    if not is_id(program) and all(each.id != program for each in site.programs.programs(tx)):
        raise InputError("an id that is not one", hint=HOW_IDS_ARE)
    now = site.now()
    site.programs.add(tx, program, now)
    site.accounts.note_way(tx, program, What.PROGRAM_ADDED, "", by=by, now=now)


def close_program(site: Site, tx: Transaction, program: str, by: str) -> None:
    """End a program, with every key of its.

    Raises:
        UnknownProgramError: there is none of that id.

    """
    now = site.now()
    site.programs.close(tx, program, now)
    site.accounts.note_way(tx, program, What.PROGRAM_CLOSED, "", by=by, now=now)


def make_key(
    site: Site, tx: Transaction, program: str, kind: CredentialKind, grant: KeyGrant, *, by: str,
    jwk: Mapping[str, Any] | None = None, waits: bool = False,
) -> tuple[Credential, str]:  # fmt: skip
    """Make a key or client secret, or register a public key; return it with its text, empty for a public key.

    With `waits` one by which whoever made it could come as somebody else proves nothing before a second hand confirms
    it: one that lets the program say whose act it is, or one for acting by a post that the maker does not hold.

    Raises:
        InputError: it is whoever asks who would have the key.
        UnknownProgramError: there is no such program, or it is closed.
        ProgramError: it would hold for longer than the settings let it, or for nothing, or is no public key.

    """
    _refuse_own(program, by)
    now, text, later = site.now(), "", waits and _comes_as_another(site, tx, program, grant, by)
    if kind is CredentialKind.JWK:
        made = site.programs.add_jwk(tx, program, jwk or {}, grant, now, by=by, waits=later)
    elif kind is CredentialKind.KEY:
        made, text = site.programs.new_key(tx, program, grant, now, by=by, waits=later)
    else:
        made, text = site.programs.new_secret(tx, program, grant, now, by=by, waits=later)
    site.accounts.note_way(tx, program, What.KEY_MADE, made.id, by=by, now=now)
    return made, text


def rotate_key(
    site: Site, tx: Transaction, key: str, until: dt.datetime, overlap: dt.timedelta, *, by: str, waits: bool = False
) -> tuple[Credential, str]:
    """Make a key or secret like one that is in use; return the new one with its text. `waits` as of `make_key`.

    Raises:
        InputError: it is whoever asks who would have the key.
        UnknownProgramError: there is no such key that still holds.
        ProgramError: it is a public key, or the new one would hold for longer than the settings let it.

    """
    old, now = site.programs.credential(tx, key), site.now()
    _refuse_own(old.program if old else "", by)
    later = waits and old is not None and _comes_as_another(site, tx, old.program, old.grant, by, old=old)
    made, text = site.programs.rotate(tx, key, until, overlap, now, by=by, waits=later)
    site.accounts.note_way(tx, made.program, What.KEY_ROTATED, f"{key} {made.id}", by=by, now=now)
    return made, text


def revoke_key(site: Site, tx: Transaction, key: str, by: str) -> None:
    """End a key, secret or public key, with every token it was traded for.

    Raises:
        UnknownProgramError: there is none of that id.

    """
    found, now = site.programs.credential(tx, key), site.now()
    if found is None:
        raise UnknownProgramError
    site.programs.revoke(tx, key, now)
    if found.revoked is None:
        site.accounts.note_way(tx, found.program, What.KEY_REVOKED, key, by=by, now=now)


def _refuse_own(program: str, by: str) -> None:
    if program == by:
        raise InputError("nobody gives themselves keys (miit24:13.1.3)", hint="ask another who holds the office")


def _comes_as_another(
    site: Site, tx: Transaction, program: str, grant: KeyGrant, by: str, *, old: Credential | None = None
) -> bool:
    """Say whether whoever makes a key, whose text they know, could do by it what they may not do as themselves.

    A key for acting does what the posts of its program are granted and what their offices administer: as long as the
    maker does not hold each of them, the key is a way that nobody gave to them. One that is like
    `old`, which they made and which proves the program, is no further one.

    Source: miit24:13.1.3
    """
    if Scope.ON_BEHALF in grant.scopes:
        return True
    if old is not None and old.by == by and not old.waits:
        return False
    state = site.state_in(tx)
    held, own = ({each.post for each in state.appointments(who)} for who in (program, by))
    return Scope.ACT in grant.scopes and bool(held - own)
