# SPDX-License-Identifier: Apache-2.0
"""An invitation makes one account, however many accept it at once."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

from people import BROWSER, PASSWORD, START, accounts, joined

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


def test_of_two_first_tries_at_once_both_are_counted(database: Database) -> None:
    room = accounts()
    joined(room, database)
    counted, came = threading.Event(), []

    def first() -> None:
        with database.transaction() as tx:
            came.append(room.start(tx, "clerk", "", START).may)
            counted.set()
            time.sleep(0.3)

    def second() -> None:
        assert counted.wait(10)
        with database.transaction() as tx:
            came.append(room.start(tx, "clerk", "", START).may)

    with ThreadPoolExecutor(2) as hands:
        for each in [hands.submit(first), hands.submit(second)]:
            each.result()
    assert came == [True, True]
    with database.transaction() as tx:
        tries = [room.start(tx, "clerk", "", START).may for _ in range(room.settings.tries)]
    assert tries.count(True) == room.settings.tries - 2
