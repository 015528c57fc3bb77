# SPDX-License-Identifier: Apache-2.0
"""An invitation makes one account, however many accept it at once."""

import threading
from concurrent.futures import ThreadPoolExecutor

from people import BROWSER, PASSWORD, START, accounts

from keshou.accounts.account import AccountKind
from keshou.accounts.errors import UnknownAccountError
from keshou.db import Database


def test_of_two_who_accept_one_invitation_at_once_one_has_the_account(database: Database) -> None:
    room = accounts()
    with database.transaction() as tx:
        text = room.invite(tx, "clerk", AccountKind.STAFF, by="officer", now=START)
    stored, together, came = room.hashes.make(PASSWORD), threading.Barrier(2), []

    def accept(_: int) -> None:
        together.wait()
        try:
            with database.transaction() as tx:
                came.append(room.accept(tx, text, stored, BROWSER, START).session.account)
        except UnknownAccountError:
            came.append("refused")

    with ThreadPoolExecutor(2) as hands:
        list(hands.map(accept, range(2)))
    assert sorted(came) == ["clerk", "refused"]
