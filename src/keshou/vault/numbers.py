# SPDX-License-Identifier: Apache-2.0
"""The surrogate numbers of users: each is given once, and never again, whatever copy of the database is put back.

Stand-ins that were handed out, lists of erasures and old copies name users by their number alone, so one that somebody
had must not become somebody else's. An archive does not know whom the site admitted after it. So numbers go on, once it
is put back, at the moment of that, in microseconds since 1970: no site admits more than one user in each, so that all
numbers given before lie below. They stay below 2**53, which every reader of JSON reads alike, until the year 2255.
"""

from keshou.db import Transaction
from keshou.rows import each, select

_SKIP = 'INSERT INTO vault_user ("user", ref, since, index_key) VALUES (?, NULL, 0, 0)'


def next_number(tx: Transaction) -> int:
    """Return the number that the next new user gets."""
    return int(select(tx, 'SELECT COALESCE(MAX("user"), 0) FROM vault_user')[0][0]) + 1


def skip_to(tx: Transaction, moment: int) -> None:
    """Let numbers go on after `moment` (microseconds since 1970).

    Side effects: a row of nobody, as one of whom everything was erased, stands for it.
    """
    each(tx, _SKIP, [(max(moment, next_number(tx)),)])
