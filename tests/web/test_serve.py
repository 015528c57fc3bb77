# SPDX-License-Identifier: Apache-2.0
"""A server stops with what was begun done, starts only where it is safe, and says when it cannot work."""

import asyncio
import contextlib
import http.client
import json
import os
import shutil
import signal
import socket
import ssl
import threading
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import pytest
from certificates import self_signed
from places import Server, begin, serving

from keshou.app.settings import ServerSettings, Settings
from keshou.db import Database
from keshou.errors import InputError, UnreachableError
from keshou.ledger.audit import audit
from keshou.vault.errors import KeyFileError
from keshou.web.serve import Place, _try_address, place_of, serve
from keshou.web.workers import ToldOnce

ENOUGH = 200
CALLERS = 6


class _Callers:
    """Threads that correct plans over keep-alive connections until the server is gone."""

    def __init__(self, server: Server) -> None:
        self.answered: dict[tuple[int, int], int] = {}
        self.others: list[tuple[int, bytes]] = []
        self.enough = threading.Event()
        self._threads = [threading.Thread(target=self._work, args=(server, number)) for number in range(CALLERS)]
        for thread in self._threads:
            thread.start()

    def _work(self, server: Server, user: int) -> None:
        with contextlib.closing(http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)) as connection:
            number = 0
            with contextlib.suppress(OSError, http.client.HTTPException):
                while True:
                    connection.request("POST", f"/users/u{user}/plan?plan=P-{number}")
                    answer = connection.getresponse()
                    body = answer.read()
                    if answer.status == 201 and json.loads(body)["permitted"]:
                        self.answered[user, number] = json.loads(body)["entry"]
                    else:
                        self.others.append((answer.status, body))
                    number += 1
                    if len(self.answered) >= ENOUGH:
                        self.enough.set()

    def join(self) -> None:
        for thread in self._threads:
            thread.join(60)


@pytest.mark.parametrize("workers", ["1", "2"])
def test_told_to_stop_amid_acts_it_does_and_answers_them_whole_and_signs_the_log(
    tmp_path: Path, workers: str, postgresql_url: str
) -> None:
    database = postgresql_url if workers == "2" else f"sqlite:///{tmp_path / 'keshou.db'}"
    with begin(tmp_path / "site", database, users=CALLERS) as site:
        key = site.ledger.key
    with serving(tmp_path / "site", workers) as server:
        callers = _Callers(server)
        assert callers.enough.wait(60)
        assert server.stop() == 0
        callers.join()
    assert callers.others == []
    with contextlib.closing(Database(database)) as base, base.reading() as tx:
        audited = audit(tx, key)
        values = tx.connection.exec_driver_sql("SELECT COUNT(*) FROM vault_value").scalar()
    assert audited.size == 2 + CALLERS + len(callers.answered), "an act was done and its caller not told"
    assert audited.covered == audited.size, "the log was left unsigned"
    assert values == 4 * CALLERS
    assert max(callers.answered.values()) < audited.size
    assert len(set(callers.answered.values())) == len(callers.answered)


def test_who_is_sending_when_it_is_told_to_stop_is_still_answered(tmp_path: Path) -> None:
    begin(tmp_path / "site").close()
    with serving(tmp_path / "site") as server, socket.create_connection(("127.0.0.1", server.port)) as late:
        late.sendall(
            b"POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 5\r\n\r\n[1,"
        )
        server.get("/healthz")
        server.process.send_signal(signal.SIGTERM)
        with contextlib.suppress(ConnectionError):
            while True:
                socket.create_connection(("127.0.0.1", server.port)).close()
        late.sendall(b"2]")
        late.settimeout(60)
        assert late.recv(4096).startswith(b"HTTP/1.1 200")


def test_with_a_certificate_it_speaks_tls_alone(tmp_path: Path) -> None:
    certificate, key = self_signed(tmp_path)
    begin(tmp_path / "site", tls_certificate=str(certificate), tls_key=str(key)).close()
    with serving(tmp_path / "site", scheme="https") as server:
        context = ssl.create_default_context(cafile=str(certificate))
        with contextlib.closing(http.client.HTTPSConnection("localhost", server.port, context=context)) as connection:
            connection.request("GET", "/healthz")
            answer = connection.getresponse()
            assert answer.status == 200
            assert answer.getheader("strict-transport-security", "").startswith("max-age")
        assert b"200" not in server.raw(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")[:20]


def test_tls_1_3_is_spoken_and_nothing_older(tmp_path: Path) -> None:
    certificate, key = self_signed(tmp_path)
    begin(tmp_path / "site", tls_certificate=str(certificate), tls_key=str(key)).close()
    with serving(tmp_path / "site", scheme="https") as server:
        for older in (ssl.TLSVersion.TLSv1_1, ssl.TLSVersion.TLSv1_2):
            told = _version(server, certificate, older)
            assert "_ALERT_" in told, "it must be the server that refuses, and not our own side that offers nothing"
        assert _version(server, certificate, ssl.TLSVersion.TLSv1_3) == "TLSv1.3"


def _version(server: Server, certificate: Path, version: ssl.TLSVersion) -> str:
    """Return the version that is spoken with who speaks that one alone, or why none is."""
    context = ssl.create_default_context(cafile=str(certificate))
    context.set_ciphers("DEFAULT:@SECLEVEL=0")  # else our own side would offer nothing so old
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = context.maximum_version = version
    with socket.create_connection(("localhost", server.port), timeout=60) as plain:
        try:
            with context.wrap_socket(plain, server_hostname="localhost") as spoken:
                return str(spoken.version())
        except ssl.SSLError as error:
            return str(error.reason)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o620])
def test_a_certificate_s_key_that_others_may_read_is_refused_before_anything_listens(tmp_path: Path, mode: int) -> None:
    certificate, key = self_signed(tmp_path)
    (tmp_path / "privkey.pem").symlink_to(key)
    for name in ("privkey.pem", key.name):
        given = {"tls_certificate": str(certificate), "tls_key": str(tmp_path / name)}
        key.chmod(mode)
        with pytest.raises(KeyFileError, match="wider than 0600"):
            _place(tmp_path, "127.0.0.1:8400", **given)
        key.chmod(0o600)
        assert _place(tmp_path, "127.0.0.1:8400", **given).tls_key


NAMED = "https://keshou.example"


def _place(home: Path, address: str, **server: str) -> Place:
    settings = Settings(site="00112233445566aa", address=address, server=ServerSettings(**server))  # type: ignore[arg-type]
    return place_of(settings, home)


@pytest.mark.parametrize("address", ["0.0.0.0:8400", "192.0.2.1:8400", "[::]:8400", "example.org:8400"])
def test_off_loopback_it_wants_tls_or_a_proxy(tmp_path: Path, address: str) -> None:
    with pytest.raises(InputError, match="in the clear"):
        _place(tmp_path, address)
    assert _place(tmp_path, address, trusted_proxy="192.0.2.7", url=NAMED)
    certificate, key = self_signed(tmp_path)
    assert _place(tmp_path, address, tls_certificate=str(certificate), tls_key=str(key), url=NAMED)


def test_off_loopback_it_wants_the_name_that_callers_know(tmp_path: Path) -> None:
    certificate, key = self_signed(tmp_path)
    for secured in ({"trusted_proxy": "192.0.2.7"}, {"tls_certificate": str(certificate), "tls_key": str(key)}):
        with pytest.raises(InputError, match="need a name") as told:
            _place(tmp_path, "192.0.2.1:8400", **secured)
        assert "url" in told.value.hint


@pytest.mark.parametrize("address", ["127.0.0.1:8400", "[::1]:8400", "localhost:8400", "127.8.8.8:8400"])
def test_on_loopback_it_wants_neither(tmp_path: Path, address: str) -> None:
    assert _place(tmp_path, address)


@pytest.mark.parametrize(
    ("address", "server", "match"),
    [
        ("127.0.0.1", {}, "HOST:PORT"),
        ("127.0.0.1:", {}, "HOST:PORT"),
        ("127.0.0.1:8400", {"tls_certificate": "c.pem"}, "and its key"),
        ("127.0.0.1:8400", {"tls_certificate": "c.pem", "tls_key": "k.pem"}, "is not a file"),
        ("0.0.0.0:8400", {"trusted_proxy": "the proxy"}, "is no address"),
    ],
)
def test_what_makes_no_place_is_refused_before_anything_listens(
    tmp_path: Path, address: str, server: dict[str, str], match: str
) -> None:
    with pytest.raises(InputError, match=match):
        _place(tmp_path, address, **server)


def test_an_address_where_something_serves_already_is_refused_and_nothing_of_it_is_shared(tmp_path: Path) -> None:
    begin(tmp_path / "one").close()
    begin(tmp_path / "other").close()
    with serving(tmp_path / "one") as server:
        for host in ("127.0.0.1", "localhost", "0.0.0.0"):  # noqa: S104 - refused
            place = _place(tmp_path, f"{host}:{server.port}", trusted_proxy="192.0.2.7", url=NAMED)
            with pytest.raises(UnreachableError, match="something serves there already"):
                serve(tmp_path / "other", place)
        assert server.get("/healthz")[0] == 200
    with serving(tmp_path / "other") as server:
        assert server.get("/healthz")[0] == 200


def test_an_address_of_another_machine_is_refused(tmp_path: Path) -> None:
    begin(tmp_path / "site").close()
    place = _place(tmp_path, "192.0.2.1:8400", trusted_proxy="192.0.2.7", url=NAMED)
    with pytest.raises(UnreachableError, match="cannot be listened at"):
        serve(tmp_path / "site", place)


def test_a_key_that_is_gone_makes_it_unready_but_not_dead(tmp_path: Path) -> None:
    begin(tmp_path / "site").close()
    with serving(tmp_path / "site") as server:
        assert server.get("/readyz") == (200, b'{"ready":true,"missing":[]}')
        shutil.move(tmp_path / "site" / "keys" / "index.key", tmp_path / "index.key")
        assert server.get("/readyz") == (503, b'{"ready":false,"missing":["keys"]}')
        assert server.get("/healthz")[0] == 200
        shutil.move(tmp_path / "index.key", tmp_path / "site" / "keys" / "index.key")
        assert server.get("/readyz")[0] == 200


def test_a_database_of_another_schema_makes_it_unready(tmp_path: Path) -> None:
    begin(tmp_path / "site").close()
    with serving(tmp_path / "site") as server:
        base = Database(f"sqlite:///{tmp_path / 'site' / 'keshou.db'}")
        with contextlib.closing(base), base.transaction() as tx:
            tx.connection.exec_driver_sql("UPDATE alembic_version SET version_num = '0001'")
        assert server.get("/readyz") == (503, b'{"ready":false,"missing":["schema"]}')


def test_a_proxy_is_believed_and_nobody_goes_around_it(tmp_path: Path) -> None:
    begin(tmp_path / "site", trusted_proxy="127.0.0.1", rate_unknown="1/minute").close()
    with serving(tmp_path / "site") as server:
        told = [server.get("/whoami", X_Forwarded_For=source)[0] for source in ("192.0.2.1", "192.0.2.1", "192.0.2.2")]
        assert told == [401, 429, 401]
        assert server.get("/metrics", X_Forwarded_For="127.0.0.1")[0] == 403


def test_a_worker_that_is_told_to_stop_twice_hears_it_once() -> None:
    heard: list[int] = []
    loop = asyncio.new_event_loop()
    told = ToldOnce(loop)
    for number in (signal.SIGUSR1, signal.SIGUSR2):
        told.add_signal_handler(number, lambda given, _: heard.append(given), number, None)
    try:
        for number in (signal.SIGUSR1, signal.SIGUSR1, signal.SIGUSR2):
            os.kill(os.getpid(), number)
            loop.run_until_complete(asyncio.sleep(0.01))
    finally:
        loop.close()
    assert heard == [signal.SIGUSR1]


def test_ctrl_c_that_reaches_server_and_workers_alike_ends_them(tmp_path: Path) -> None:
    begin(tmp_path / "site").close()
    with serving(tmp_path / "site", "2") as server:
        everybody = _family(server.process.pid)
        assert len(everybody) > 2
        for each in everybody:
            with contextlib.suppress(ProcessLookupError):
                os.kill(each, signal.SIGINT)
        assert server.process.wait(45) == 0, "a worker stood until it was killed"


def test_workers_that_hear_of_ctrl_c_before_the_one_that_started_them_have_not_failed(tmp_path: Path) -> None:
    begin(tmp_path / "site").close()
    with serving(tmp_path / "site", "2") as server:
        workers = _workers(server.process.pid)
        server.process.send_signal(signal.SIGSTOP)  # whoever started them hears of it last
        for each in workers:
            os.kill(each, signal.SIGINT)
        assert _soon(lambda: all(map(_gone, workers)))
        server.process.send_signal(signal.SIGINT)
        server.process.send_signal(signal.SIGCONT)
        assert server.process.wait(45) == 0, server.errors.read_text()


def _family(process: int) -> list[int]:
    """Return a process and all below it."""
    children = Path(f"/proc/{process}/task/{process}/children").read_text().split()
    return [process, *(each for child in children for each in _family(int(child)))]


def _gone(process: int) -> bool:
    """Say whether a process is no more, or waits for nobody but whoever takes note of its end."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


def _soon(true: Callable[[], bool], seconds: float = 60) -> bool:
    until = time.monotonic() + seconds
    while not true() and time.monotonic() < until:
        time.sleep(0.05)
    return true()


def test_no_worker_outlives_a_server_that_is_killed_and_it_can_be_started_again(tmp_path: Path) -> None:
    begin(tmp_path / "site").close()
    with serving(tmp_path / "site", "2") as server:
        family = _family(server.process.pid)
        assert len(family) > 2
        server.process.kill()
        server.process.wait(30)
        assert _soon(lambda: all(map(_gone, family))), "something serves on"
        _try_address(_place(tmp_path, f"127.0.0.1:{server.port}"))


def _workers(process: int) -> set[int]:
    """Return the processes that serve, of those that a server started."""
    below = [each for each in map(int, _family(process)) if each != process]
    return {each for each in below if b"spawn_main" in Path(f"/proc/{each}/cmdline").read_bytes()}


def test_a_worker_that_fails_while_all_are_started_anew_does_not_take_the_server_along(tmp_path: Path) -> None:
    begin(tmp_path / "site").close()
    with serving(tmp_path / "site") as server:
        before = _workers(server.process.pid)
        server.process.send_signal(signal.SIGHUP)
        assert _soon(lambda: bool(_workers(server.process.pid) - before))
        for each in _workers(server.process.pid) - before:
            os.kill(each, signal.SIGKILL)
        assert _soon(lambda: all(map(_gone, before)))
        assert _soon(lambda: bool(_workers(server.process.pid) - before))
        assert _soon(lambda: _alive(server))
        assert server.process.poll() is None
        assert server.stop() == 0


def _alive(server: Server) -> bool:
    with contextlib.suppress(OSError, http.client.HTTPException):
        return server.get("/healthz")[0] == 200
    return False


def test_what_no_worker_could_serve_is_not_reloaded(tmp_path: Path) -> None:
    begin(tmp_path / "site").close()
    with serving(tmp_path / "site") as server:
        before = _workers(server.process.pid)
        shutil.move(tmp_path / "site" / "keys" / "index.key", tmp_path / "index.key")
        server.process.send_signal(signal.SIGHUP)
        told = "not reloaded, and served as before: KeyMissingError"
        assert _soon(lambda: told in server.errors.read_text("utf-8"))
        assert _workers(server.process.pid) == before
        assert server.get("/healthz")[0] == 200
        shutil.move(tmp_path / "index.key", tmp_path / "site" / "keys" / "index.key")


def test_a_site_that_cannot_be_closed_ends_the_server_in_failure_and_its_log_tells_no_path(tmp_path: Path) -> None:
    with begin(tmp_path / "site") as site:
        path = site.home / "log.checkpoint"
    with serving(tmp_path / "site") as server:
        path.unlink()
        path.mkdir()
        assert server.stop() != 0
        lines = [line for line in server.errors.read_text("utf-8").splitlines() if line.startswith("{")]
    failed = [each for each in map(json.loads, lines) if each["event"] == "the application failed"]
    assert [each["error"] for each in failed] == [{"class": "keshou.errors.UnreachableError"}]
    assert str(path) not in "".join(lines)
