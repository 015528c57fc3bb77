# SPDX-License-Identifier: Apache-2.0
"""A person gets a name of their own: never a program's, whose posts would be theirs, nor that of users themselves."""

from keshou.accounts.account import AccountKind, What
from keshou.app.site import Site
from keshou.db import Transaction
from keshou.errors import InputError
from keshou.gate.act import OWN_HAND


def invite(
    site: Site, tx: Transaction, account: str, kind: AccountKind, *, by: str, agent: str = "", mail: str = "",
    waits: bool = False,
) -> str:  # fmt: skip
    """Invite somebody, or anew; return the invitation, told this once.

    With `waits` one to an account that somebody had before is accepted once a second hand has confirmed it.

    Raises:
        InputError: the id is a program's, or stands for users themselves, or is that of who invites.
        AccountError: an account of that id is of another kind or agent.

    """
    if account == OWN_HAND or any(each.id == account for each in site.programs.programs(tx)):
        raise InputError(
            "this id is a program's, or stands for users", hint="give the person an id of their own (miit24:13.1.3)"
        )
    if account == by:
        raise InputError("nobody invites themselves", hint="ask another who holds the office (miit24:13.1.3)")
    later = waits and site.accounts.was_proven(tx, account)
    return site.accounts.invite(tx, account, kind, agent=agent, mail=mail, by=by, now=site.now(), waits=later)


def link_subject(
    site: Site, tx: Transaction, account: str, issuer: str, subject: str, *, by: str, waits: bool = False
) -> None:
    """Let a subject of the provider sign in to an account; write down who let it.

    With `waits` it signs nobody in before a second hand confirms it.

    Raises:
        OpenIdError: it signs in to another account already, or it is not one of the provider's.

    """
    known, now = site.openid.links(tx, account), site.now()
    made = site.openid.link(tx, account, issuer, subject, now, by=by, waits=waits)
    if made not in known:
        site.accounts.note_way(tx, account, What.LINKED, subject, by=by, now=now)


def unlink_subject(site: Site, tx: Transaction, account: str, issuer: str, subject: str, *, by: str) -> None:
    """Let a subject sign in to an account no more: the account's sessions end, and it is written down who did it.

    Raises:
        UnknownLinkError: it does not anyway.

    """
    site.openid.unlink(tx, account, issuer, subject)
    site.accounts.sessions.end_all(tx, account)
    site.accounts.note_way(tx, account, What.UNLINKED, subject, by=by, now=site.now())
