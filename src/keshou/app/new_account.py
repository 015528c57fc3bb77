# SPDX-License-Identifier: Apache-2.0
"""A person gets a name of their own: never a program's, whose posts would be theirs, nor that of users themselves."""

from keshou.accounts.account import AccountKind
from keshou.app.site import Site
from keshou.db import Transaction
from keshou.errors import InputError
from keshou.gate.act import OWN_HAND


def invite(
    site: Site, tx: Transaction, account: str, kind: AccountKind, *, by: str, agent: str = "", mail: str = ""
) -> str:
    """Invite somebody, or anew; return the invitation, told this once.

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
    return site.accounts.invite(tx, account, kind, agent=agent, mail=mail, by=by, now=site.now())
