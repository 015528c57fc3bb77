# SPDX-License-Identifier: Apache-2.0
"""One of the example apps, running as it would at an operator's."""

import contextlib
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import httpx2

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
_START_SECONDS = 60


@contextlib.contextmanager
def running(app: str, environment: Mapping[str, str]) -> Iterator[httpx2.Client]:
    """Run ``examples/APP.py`` on Granian; give a client of it."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "granian", "--interface", "asgi", "--port", str(port), f"{app}:app"]
    process = subprocess.Popen(
        command, cwd=EXAMPLES, env=os.environ | environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    try:
        with httpx2.Client(base_url=f"http://127.0.0.1:{port}", timeout=30, trust_env=False) as client:
            _wait(process, port)
            yield client
    finally:
        process.terminate()
        process.communicate(timeout=_START_SECONDS)


def _wait(process: subprocess.Popen[str], port: int) -> None:
    end = time.monotonic() + _START_SECONDS
    while time.monotonic() < end:
        if process.poll() is not None:
            raise RuntimeError(f"the example did not start:\n{process.communicate()[0]}")
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.05)
    raise RuntimeError("the example did not start in time")
