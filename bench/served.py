# SPDX-License-Identifier: Apache-2.0
"""Servers in processes of their own, and callers of theirs in another."""

import contextlib
import mmap
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import msgspec
from load import Measured

HERE = Path(__file__).parent
TESTS = HERE.parent / "tests"


class Served(int):
    """A server's port, and the process that was started for it."""

    pid: int

    def cpu(self) -> float:
        """Return the seconds that the server's processes were at work so far, in their own code and in the system's."""
        wanted, found = {self.pid}, dict(_processes())
        for _ in range(len(found)):
            wanted |= {pid for pid, (parent, _) in found.items() if parent in wanted}
        ticks = sum(found[pid][1] for pid in wanted if pid in found)
        return ticks / os.sysconf("SC_CLK_TCK")


def _processes() -> Iterator[tuple[int, tuple[int, int]]]:
    """Yield each process of the machine with its parent and the ticks it was at work."""
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            with contextlib.suppress(OSError):
                words = (folder / "stat").read_text("utf-8").rpartition(")")[2].split()
                yield int(folder.name), (int(words[1]), int(words[11]) + int(words[12]))


@contextlib.contextmanager
def keshou(home: Path, port: int) -> Iterator[Served]:
    """Run ``keshou serve`` with one worker over the site in `home`; give its port."""
    command = [sys.executable, "-m", "keshou", "--home", str(home), "serve", "--port", str(port), "--workers", "1"]
    with _running(command, home, {}) as found:
        yield found


@contextlib.contextmanager
def in_memory(path: Path) -> Iterator[None]:
    """Keep what a file says now in memory, as it is where a server runs for days and nobody else wants the machine.

    A file that no process has mapped is taken out of memory within seconds on some machines, and then read from disk a
    page at a time.
    """
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
        for start in range(0, len(mapped), mmap.PAGESIZE):
            mapped[start]
        yield


@contextlib.contextmanager
def other(home: Path, port: int, application: str, environ: Mapping[str, str]) -> Iterator[Served]:
    """Run another application on the same Granian with the same settings."""
    command = [sys.executable, str(TESTS / "web" / "serve_worker.py"), str(home), str(port), application]
    with _running(command, home, environ) as found:
        yield found


@contextlib.contextmanager
def _running(command: Sequence[str], home: Path, environ: Mapping[str, str]) -> Iterator[Served]:
    port = int(next(word for word in command if word.isdigit() and len(word) > 1))
    path = os.pathsep.join([str(HERE), *filter(None, [os.environ.get("PYTHONPATH")])])
    env = {**os.environ, "PYTHONPATH": path, **environ}
    log = home / f"errors-{port}.txt"
    with log.open("w") as sink:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=sink, text=True, env=env)
    with process:
        assert process.stdout is not None
        try:
            assert f":{port}" in process.stdout.readline(), log.read_text("utf-8")
            served = Served(port)
            served.pid = process.pid
            yield served
        finally:
            process.terminate()
            process.wait(60)


def load(port: int, connections: int, seconds: float, requests: Sequence[bytes]) -> Measured:
    """Have callers in another process ask for `seconds`; return what they were answered."""
    with tempfile.NamedTemporaryFile(suffix=".requests") as file:
        file.write(msgspec.msgpack.encode(requests))
        file.flush()
        told = subprocess.run(
            [sys.executable, str(HERE / "load.py"), str(port), str(connections), str(seconds), file.name],
            check=True,
            stdout=subprocess.PIPE,
        )
    return msgspec.json.decode(told.stdout, type=Measured)


def request(path: str, body: bytes | None, key: str = "", **headers: str) -> bytes:
    """Return a request as it goes over the wire."""
    lines = [f"{'GET' if body is None else 'POST'} {path} HTTP/1.1", "Host: 127.0.0.1"]
    lines += [f"Authorization: Bearer {key}"] if key else []
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    if body is not None:
        lines += [f"Content-Length: {len(body)}"]
        lines += [] if "Content_Type" in headers else ["Content-Type: application/json"]
    return "\r\n".join([*lines, "", ""]).encode() + (body or b"")
