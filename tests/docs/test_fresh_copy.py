# SPDX-License-Identifier: Apache-2.0
"""The README's two commands work where nothing was made yet: in a copy of what is kept of the source, and no more."""

import contextlib
import http.client
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

import documentation

ROOT = documentation.ROOT
MADE = re.compile(r"(?:|.*/)(?:__pycache__|\.[\w-]*cache|\.venv|\.hypothesis|\.work)/|(?:site|build|dist)/")
"""What work leaves in a folder that came without Git."""
WAIT = 120.0
NOBODY = 0


def kept() -> list[Path]:
    """Return the files of the source: those that Git tracks, or all but what work leaves where there is no Git."""
    if (ROOT / ".git").exists():
        listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True).stdout
        return [ROOT / os.fsdecode(each) for each in listed.split(b"\0") if each]
    return [path for path in ROOT.rglob("*") if path.is_file() and not MADE.match(path.relative_to(ROOT).as_posix())]


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A fresh copy, with an environment of what is installed here: nothing is fetched, and nothing put there."""
    folder = tmp_path / "keshou"
    for path in kept():
        if path.is_file():
            new = folder / path.relative_to(ROOT)
            new.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(path, new)
    here, venv = Path(sys.prefix), folder / ".venv"
    venv.mkdir()
    for each in here.iterdir():
        if each.is_dir():
            (venv / each.name).symlink_to(each.resolve())
        else:
            shutil.copy2(each, venv / each.name)
    return folder


def environment(folder: Path) -> dict[str, str]:
    """Return what a shell of somebody's has: nothing of the run of tests that this is, or of a `make` around it."""
    told = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("KESHOU_", "MAKE", "MFLAGS", "PIP_", "PYTEST"))
    }
    never = {"PIP_NO_INDEX": "1", "PIP_DRY_RUN": "1"}
    return told | never | {"PYTHONPATH": str(folder / "src"), "LC_ALL": "C.UTF-8"}


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def status_of(port: int, path: str) -> int:
    """Return what a server at `port` answers; `NOBODY` when there is none."""
    with contextlib.closing(http.client.HTTPConnection("127.0.0.1", port, timeout=30)) as connection:
        try:
            connection.request("GET", path)
        except ConnectionRefusedError:
            return NOBODY
        return connection.getresponse().status


@contextlib.contextmanager
def running(folder: Path, port: int) -> Iterator["subprocess.Popen[bytes]"]:
    """Have `make run` run as at a terminal: whatever it starts gets what the keyboard sends."""
    with (folder / "said").open("wb") as said:
        process = subprocess.Popen(
            ["make", "run", f"PORT={port}"], cwd=folder, env=environment(folder), stdout=said, stderr=said,
            start_new_session=True,
        )  # fmt: skip
    try:
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(30)


def _interrupt(process: "subprocess.Popen[bytes]") -> None:
    """Do what people do: press the keys, and press them once more where a busy machine took no notice."""
    for patience in (60, 60):
        os.killpg(process.pid, signal.SIGINT)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(patience)
            return
    raise AssertionError("it does not stop")


def test_make_run_makes_a_site_and_serves_it_until_it_is_interrupted(copy: Path) -> None:
    port, end = free_port(), time.monotonic() + WAIT
    with running(copy, port) as process:
        while status_of(port, "/healthz") != 200:
            assert process.poll() is None, (copy / "said").read_text("utf-8")
            assert time.monotonic() < end, (copy / "said").read_text("utf-8")
            time.sleep(0.1)
        assert status_of(port, "/start") == 200
        assert f"http://127.0.0.1:{port}" in (copy / "said").read_text("utf-8")
        _interrupt(process)
        assert status_of(port, "/healthz") == NOBODY
    checked = subprocess.run(
        [copy / ".venv" / "bin" / "keshou", "--home", "site", "ledger", "verify"],
        cwd=copy, env=environment(copy), check=False, capture_output=True, text=True,
    )  # fmt: skip
    assert checked.returncode == 0, checked.stderr
    assert "Traceback" not in (copy / "said").read_text("utf-8")


def test_make_test_would_run_the_whole_suite_by_scripts_that_are_there(copy: Path) -> None:
    told = subprocess.run(
        ["make", "-n", "test"], cwd=copy, env=environment(copy), check=True, capture_output=True, text=True
    ).stdout
    scripts = re.findall(r"^scripts/[\w-]+", told, re.M)
    assert "scripts/environment" in scripts
    assert [each for each in scripts if not os.access(copy / each, os.X_OK)] == []
    assert re.search(r"^\.venv/bin/pytest .*\btests$", told, re.M), told
