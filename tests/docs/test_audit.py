# SPDX-License-Identifier: Apache-2.0
"""Whether a locked library has a known flaw is asked; no answer is not taken for a good one."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

import documentation

ROOT = documentation.ROOT
CLEAN = {"dependencies": [{"name": "a", "version": "1", "vulns": []}]}
FLAWED = {"dependencies": [{"name": "a", "version": "1", "vulns": [{"id": "PYSEC-0"}]}]}
SKIPPED = {"dependencies": [{"name": "a", "skip_reason": "not on the list"}]}


@pytest.mark.parametrize(
    ("found", "status", "alone", "building"),
    [(CLEAN, 0, 0, 0), (FLAWED, 1, 1, 1), (None, 1, 0, 1), (SKIPPED, 0, 0, 1)],
)
def test_a_known_flaw_fails_the_audit_and_nobody_to_ask_is_said(
    tmp_path: Path, found: Any, status: int, alone: int, building: int
) -> None:
    tool = tmp_path / "pip-audit"
    answer = "" if found is None else f"""while [ "$1" != -o ]; do shift; done; echo '{json.dumps(found)}' > "$2"\n"""
    tool.write_text(f"#!/bin/sh\n{answer}exit {status}\n", "utf-8")
    tool.chmod(0o700)
    named = {name: value for name, value in os.environ.items() if name != "CI"} | {"PIP_AUDIT": str(tool)}
    for more, wanted in (({}, alone), ({"CI": "1"}, building)):
        run = subprocess.run(
            [ROOT / "scripts" / "audit", "requirements/run.txt"],
            env=named | more,
            capture_output=True,
            text=True,
            check=False,
        )
        assert run.returncode == wanted, run.stderr
        assert ("nobody could be asked" in run.stderr) is (found in (None, SKIPPED))
        assert ("by when it is mended" in run.stderr) is (found is FLAWED)


def test_every_library_is_locked_by_version_and_hash() -> None:
    for path in sorted((ROOT / "requirements").glob("*.txt")):
        text = path.read_text("utf-8").replace("\\\n", " ")
        lines = [line for line in text.splitlines() if line and not line.startswith("#")]
        assert lines
        assert [line for line in lines if "==" not in line or "--hash=sha256:" not in line] == [], path.name
