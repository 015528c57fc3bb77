# SPDX-License-Identifier: Apache-2.0
"""Servers in processes of their own, and callers of theirs in another."""

import contextlib
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


@contextlib.contextmanager
def keshou(home: Path, port: int) -> Iterator[int]:
    """Run ``keshou serve`` with one worker over the site in `home`; give its port."""
    command = [sys.executable, "-m", "keshou", "--home", str(home), "serve", "--port", str(port), "--workers", "1"]
    with _running(command, home, {}) as found:
        yield found


@contextlib.contextmanager
def other(home: Path, port: int, application: str, environ: Mapping[str, str]) -> Iterator[int]:
    """Run another application on the same Granian with the same settings."""
    command = [sys.executable, str(TESTS / "web" / "serve_worker.py"), str(home), str(port), application]
    with _running(command, home, environ) as found:
        yield found


@contextlib.contextmanager
def _running(command: Sequence[str], home: Path, environ: Mapping[str, str]) -> Iterator[int]:
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
            yield port
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
