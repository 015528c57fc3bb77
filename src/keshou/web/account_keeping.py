# SPDX-License-Identifier: Apache-2.0
"""What every face asks before an account is looked after: that it is there, and is nobody's own."""

from keshou.accounts.account import Account
from keshou.app.site import Site
from keshou.db import Transaction
from keshou.web.errors import NotEntitledError, NotFoundError
from keshou.wire.caller import Caller


def known_account(tx: Transaction, site: Site, account: str) -> Account:
    """Return an account.

    Raises:
        NotFoundError: there is none of that id.

    """
    found = site.accounts.account(tx, account)
    if found is None:
        raise NotFoundError("there is no such account", hint="list them at /api/v1/accounts")
    return found


def refuse_self(caller: Caller, account: str) -> None:
    """Refuse whoever would look after their own account in an office.

    Raises:
        NotEntitledError: it is the caller's own.

    """
    if caller.id == account:
        raise NotEntitledError("nobody invites or ends themselves", hint="ask another who holds the office")
