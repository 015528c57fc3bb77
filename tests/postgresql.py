# SPDX-License-Identifier: Apache-2.0
"""A PostgreSQL server of our own for the time of a test run: private folder, private socket, gone at the end."""

import contextlib
import ctypes
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

import memory

ROOT = Path(__file__).resolve().parent.parent
SUPERUSER = "keshou"
_PROGRAMS = ("initdb", "postgres")
_START_LIMIT = 60
_STOP_LIMIT = 30
_PR_SET_PDEATHSIG = 1
_QUICK = {
    "fsync": "off", "full_page_writes": "off", "synchronous_commit": "off", "autovacuum": "off",
    "wal_level": "minimal", "max_wal_senders": "0", "max_wal_size": "128MB",
}  # fmt: skip
_COPIED_BY_FILE = 150_000
"""The version from which a server logs every page of a database that it copies, unless it is told to copy files."""
_SERVER = {"max_connections": "200", "listen_addresses": "127.0.0.1", "timezone": "UTC", "log_min_messages": "warning"}


def programs() -> Path:
    """Return the folder with `initdb` and `postgres`, installing the server when this machine has none."""
    found = _find_programs()
    if found is None:
        subprocess.run([ROOT / "scripts" / "install-postgresql"], check=True)
        found = _find_programs()
    if found is None:
        raise RuntimeError("PostgreSQL was installed but initdb and postgres are not found")
    return found


def _find_programs() -> Path | None:
    candidates = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=_version, reverse=True)
    for name in ("postgres", "initdb"):
        if on_path := shutil.which(name):
            candidates.append(Path(on_path).resolve().parent)
    if config := shutil.which("pg_config"):
        answer = subprocess.run([config, "--bindir"], check=False, capture_output=True, text=True)
        candidates.append(Path(answer.stdout.strip() or "/"))
    return next((folder for folder in candidates if all((folder / name).exists() for name in _PROGRAMS)), None)


def _version(folder: Path) -> float:
    try:
        return float(folder.parent.name)
    except ValueError:
        return 0.0


class Cluster:
    """One server. Use it as a context manager; `durable` keeps fsync on, for tests that pull the plug.

    Side effects: makes a folder in memory (below the temporary folder when it is durable) and removes it at the end;
    runs the server as an unprivileged user when we are root, since PostgreSQL refuses to run as root.
    """

    def __init__(self, *, durable: bool = False) -> None:
        self.programs = programs()
        self.durable = durable
        self.owner = _unprivileged_owner()
        self.folder = Path(tempfile.mkdtemp(prefix="keshou-pg-", dir=None if durable else memory.folder()))
        self.port = _free_port()
        self._process: subprocess.Popen[bytes] | None = None
        self._admin: psycopg.Connection[Any] | None = None

    def __enter__(self) -> "Cluster":
        try:
            if self.owner:
                shutil.chown(self.folder, *self.owner)
            self._initialise()
            self.start()
        except BaseException:
            self._clean()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._clean()

    def url(self, name: str, *, tcp: bool = False) -> str:
        """Return the address of database `name`: over the private socket, or over loopback TCP."""
        if tcp:
            return f"postgresql://{SUPERUSER}@127.0.0.1:{self.port}/{name}"
        return f"postgresql://{SUPERUSER}@/{name}?host={self.folder}&port={self.port}"

    def create(self, name: str, template: str = "template0") -> None:
        """Make database `name` as a copy of `template`, to which nobody may be connected."""
        command = sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(template))
        by_file = not self.durable and self._connected().info.server_version >= _COPIED_BY_FILE
        self._command(command + sql.SQL(" STRATEGY FILE_COPY") if by_file else command)

    def drop(self, name: str) -> None:
        """Remove database `name`, ending the sessions that are still in it."""
        self._command(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))

    @contextlib.contextmanager
    def database(self, name: str, template: str = "template0") -> Iterator[str]:
        """Give the name of a database that is there for the block."""
        self.create(name, template)
        try:
            yield name
        finally:
            self.drop(name)

    def start(self) -> None:
        """Start the server and return once it answers."""
        settings = _SERVER | ({} if self.durable else _QUICK)
        settings |= {"port": str(self.port), "unix_socket_directories": str(self.folder)}
        flags = [part for key, value in settings.items() for part in ("-c", f"{key}={value}")]
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [self.programs / "postgres", "-D", self.folder / "data", *flags],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.folder,
                preexec_fn=_die_with_parent,  # noqa: PLW1509 - two system calls, no lock taken
                **self._identity(),
            )
        self._wait_until_it_answers()

    def kill(self) -> None:
        """End the server as a power cut would: at once, with no shutdown. `start` brings it back."""
        self._forget_admin()
        if self._process:
            self._process.send_signal(signal.SIGQUIT)
            self._process.wait(_STOP_LIMIT)
            self._process = None

    def stop(self) -> None:
        """End the server in good order."""
        self._forget_admin()
        if self._process:
            self._process.send_signal(signal.SIGINT)
            self._process.wait(_STOP_LIMIT)
            self._process = None

    def _clean(self) -> None:
        try:
            self.stop()
        finally:
            if self._process:
                self._process.kill()
                self._process.wait()
            shutil.rmtree(self.folder, ignore_errors=True)

    def _identity(self) -> dict[str, Any]:
        if not self.owner:
            return {}
        return {"user": self.owner[0], "group": self.owner[1], "extra_groups": []}

    def _initialise(self) -> None:
        command = [self.programs / "initdb", "-D", self.folder / "data", "-U", SUPERUSER, "--auth=trust", "-E", "UTF8"]
        outcome = subprocess.run(
            [*command, "--locale=C", "--no-sync", "--no-instructions"],
            check=False,
            capture_output=True,
            text=True,
            cwd=self.folder,
            **self._identity(),
        )
        if outcome.returncode:
            raise RuntimeError(f"initdb failed: {outcome.stderr}")

    def _wait_until_it_answers(self) -> None:
        limit = time.monotonic() + _START_LIMIT
        while time.monotonic() < limit:
            if self._process is None or self._process.poll() is not None:
                break
            try:
                self._admin = psycopg.connect(self.url("postgres"), autocommit=True)
            except psycopg.OperationalError:
                time.sleep(0.02)
            else:
                return
        raise RuntimeError(f"PostgreSQL did not start: {(self.folder / 'log').read_text()}")

    def _connected(self) -> "psycopg.Connection[Any]":
        if self._admin is None or self._admin.closed or self._admin.broken:
            self._admin = psycopg.connect(self.url("postgres"), autocommit=True)
        return self._admin

    def _command(self, command: sql.Composed) -> None:
        self._connected().execute(command)

    def _forget_admin(self) -> None:
        if self._admin:
            self._admin.close()
            self._admin = None


def _unprivileged_owner() -> tuple[int, int] | None:
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            entry = pwd.getpwnam(name)
            return entry.pw_uid, entry.pw_gid
    raise RuntimeError("PostgreSQL will not run as root and there is neither a user postgres nor a user nobody")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


_libc = ctypes.CDLL(None)


def _die_with_parent() -> None:
    """Ask the kernel (Linux) to stop the server when the test run is killed, so that none is left behind."""
    if hasattr(_libc, "prctl"):
        _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGINT)
