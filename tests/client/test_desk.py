# SPDX-License-Identifier: Apache-2.0
"""A data service checks permits with keys it keeps, and lets one for one use pass once."""

import datetime as dt
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec
import pytest
from permit_office import NOW, SERVING, issued, keys, with_header

from keshou.client.desk import KEYS_FRESH, PAUSE, PermitDesk
from keshou.client.errors import ServerUnreachableError
from keshou.client.redeem import Redeemer
from keshou.errors import UnreachableError
from keshou.permits import errors as e
from keshou.permits.keys import KEY_EPOCH, PublicKeys


class Fetch:
    """Gets keys as told, and counts."""

    def __init__(self, get: Callable[[], PublicKeys] = keys) -> None:
        self.get, self.times = get, 0

    def __call__(self) -> PublicKeys:
        self.times += 1
        return self.get()


def unreachable() -> PublicKeys:
    raise ServerUnreachableError("ConnectError")


def test_keys_are_fetched_once_for_many_permits() -> None:
    fetch = Fetch()
    desk = PermitDesk(fetch)
    assert {desk.admit(issued(), SERVING, NOW).entry for _ in range(5)} == {6}
    assert fetch.times == 1


def test_keys_are_fetched_anew_when_they_are_old() -> None:
    fetch = Fetch()
    desk = PermitDesk(fetch)
    desk.admit(issued(), SERVING, NOW)
    later = NOW + KEYS_FRESH
    desk.admit(issued(now=later), SERVING, later)
    assert fetch.times == 2


def test_a_key_that_is_not_known_is_looked_for_but_forged_names_make_no_flood() -> None:
    later = NOW + 3 * KEY_EPOCH
    moments = iter([NOW, later, later])
    fetch = Fetch(lambda: keys(next(moments)))
    desk = PermitDesk(fetch, fresh=10 * KEY_EPOCH)
    desk.admit(issued(), SERVING, NOW)
    assert desk.admit(issued(now=later), SERVING, later).entry == 6
    for _ in range(100):
        with pytest.raises(e.PermitKeyError):
            desk.admit(with_header(issued(), kid="forged"), SERVING, later)
    assert fetch.times == 2
    with pytest.raises(e.PermitKeyError):
        desk.admit(with_header(issued(), kid="forged"), SERVING, later + PAUSE)
    assert fetch.times == 3


def test_what_is_no_permit_fetches_nothing() -> None:
    fetch = Fetch()
    for token in ("", "a.b.c", "x" * 100_000):
        with pytest.raises(e.PermitError):
            PermitDesk(fetch).admit(token, SERVING, NOW)
    assert fetch.times == 0


def test_without_keys_nothing_is_served() -> None:
    with pytest.raises(UnreachableError):
        PermitDesk(unreachable).admit(issued(), SERVING, NOW)


def test_keys_go_on_serving_while_the_server_is_away() -> None:
    fetch = Fetch()
    desk = PermitDesk(fetch)
    desk.admit(issued(), SERVING, NOW)
    fetch.get = unreachable
    later = NOW + KEYS_FRESH
    assert desk.admit(issued(now=later), SERVING, later).entry == 6


class Hanging(Fetch):
    """Gets keys once, and then hangs until it is let go, and fails."""

    def __init__(self) -> None:
        super().__init__()
        self.began, self.over = threading.Event(), threading.Event()

    def __call__(self) -> PublicKeys:
        if self.times:
            self.times += 1
            self.began.set()
            self.over.wait(30)
            raise ServerUnreachableError("ReadTimeout")
        return super().__call__()


def test_a_forged_permit_holds_nobody_up_while_the_server_is_away() -> None:
    fetch = Hanging()
    desk = PermitDesk(fetch)
    desk.admit(issued(), SERVING, NOW)
    later, forged = NOW + PAUSE, with_header(issued(), kid="forged")
    with ThreadPoolExecutor(8) as pool:
        try:
            first = pool.submit(desk.admit, forged, SERVING, later)
            assert fetch.began.wait(30)
            assert desk.admit(issued(now=later), SERVING, later).entry == 6
            others = [pool.submit(desk.admit, forged, SERVING, later) for _ in range(4)]
            assert all(isinstance(each.exception(30), e.PermitKeyError) for each in others)
            assert not first.done()
        finally:
            fetch.over.set()
        assert isinstance(first.exception(30), e.PermitKeyError)
    assert fetch.times == 2


def test_all_who_wait_for_the_first_keys_are_served_by_one_fetch() -> None:
    go_on = threading.Event()
    fetch = Fetch(lambda: keys() if go_on.wait(30) else unreachable())
    desk = PermitDesk(fetch)
    with ThreadPoolExecutor(8) as pool:
        asked = [pool.submit(desk.admit, issued(), SERVING, NOW) for _ in range(8)]
        time.sleep(0.1)
        go_on.set()
        assert {each.result(30).entry for each in asked} == {6}
    assert fetch.times == 1


def test_without_the_first_keys_all_who_wait_are_told_so() -> None:
    go_on = threading.Event()
    desk = PermitDesk(lambda: unreachable() if go_on.wait(30) else keys())
    with ThreadPoolExecutor(4) as pool:
        asked = [pool.submit(desk.admit, issued(), SERVING, NOW) for _ in range(4)]
        time.sleep(0.1)
        go_on.set()
        assert all(isinstance(each.exception(30), UnreachableError) for each in asked)
    assert desk._fetching is None, "the next permit has them fetched again"


def test_a_permit_for_one_use_passes_once_whoever_comes_and_after_a_restart(tmp_path: Path) -> None:
    token = issued(once=True)

    def passes(desk: PermitDesk) -> bool:
        try:
            return desk.admit(token, SERVING, NOW).once
        except e.PermitSpentError:
            return False

    with Redeemer(tmp_path / "uses.db") as redeemer, ThreadPoolExecutor(8) as pool:
        desk = PermitDesk(keys, redeemer)
        assert sum(pool.map(lambda _: passes(desk), range(16))) == 1
    with Redeemer(tmp_path / "uses.db") as redeemer:
        assert not passes(PermitDesk(keys, redeemer))


def test_processes_on_several_machines_share_a_postgresql_database(postgresql_url: str) -> None:
    with Redeemer(postgresql_url) as first, Redeemer(postgresql_url) as second:
        first.redeem("one", NOW + dt.timedelta(minutes=5), NOW)
        with pytest.raises(e.PermitSpentError):
            second.redeem("one", NOW + dt.timedelta(minutes=5), NOW)


def test_a_use_is_remembered_as_long_as_the_permit_would_be_taken(tmp_path: Path) -> None:
    end = NOW + dt.timedelta(minutes=5)
    with Redeemer(tmp_path / "uses.db") as redeemer:
        desk = PermitDesk(keys, redeemer, leeway=dt.timedelta(seconds=30))
        desk.admit(issued(once=True), SERVING, NOW)
        redeemer.redeem("another", end + dt.timedelta(hours=1), end + dt.timedelta(seconds=20))
        with pytest.raises(e.PermitSpentError):
            desk.admit(issued(once=True), SERVING, end + dt.timedelta(seconds=20))


def test_a_permit_for_one_use_is_refused_where_uses_are_not_remembered() -> None:
    with pytest.raises(e.PermitOnceError):
        PermitDesk(keys).admit(issued(once=True), SERVING, NOW)


def test_a_permit_that_does_not_cover_is_not_used_up(tmp_path: Path) -> None:
    token = issued(once=True)
    with Redeemer(tmp_path / "uses.db") as redeemer:
        desk = PermitDesk(keys, redeemer)
        with pytest.raises(e.PermitBeyondError):
            desk.admit(token, msgspec.structs.replace(SERVING, users=frozenset({"A-2"})), NOW)
        assert desk.admit(token, SERVING, NOW).once
