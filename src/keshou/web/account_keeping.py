# SPDX-License-Identifier: Apache-2.0
"""What every face asks before an account is looked after: that it is there, and is nobody's own."""

from keshou.accounts.account import Account
from keshou.app.site import Site
from keshou.db import Transaction
from keshou.declaration.model import Office
from keshou.web.entitled import require
from keshou.web.errors import NotEntitledError, NotFoundError
from keshou.wire.caller import Caller, CallerKind


def known_account(tx: Transaction, site: Site, account: str) -> Account:
    """Return an account.

    Raises:
        NotFoundError: there is none of that id.

    """
    found = site.accounts.account(tx, account)
    if found is None:
        raise NotFoundError("there is no such account", hint="list them at /api/v1/accounts")
    return found


def require_second(caller: Caller, site: Site) -> None:
    """Refuse whoever may not confirm what another gave: it takes a person in one of two offices, proven just now.

    Raises:
        NotEntitledError: they hold neither office, or it is a program, whose key the other may have made.
        ProofTooOldError: the proof is not fresh.

    """
    if caller.kind is not CallerKind.STAFF:
        raise NotEntitledError("a person confirms it (miit24:13.1.3)", hint="let one of the staff confirm it")
    require(caller, site, Office.ACCOUNTS, Office.AUDIT, fresh=True)


def refuse_self(caller: Caller, account: str) -> None:
    """Refuse whoever would look after their own account in an office.

    Raises:
        NotEntitledError: it is the caller's own.

    """
    if caller.id == account:
        raise NotEntitledError("nobody invites or ends themselves", hint="ask another who holds the office")
