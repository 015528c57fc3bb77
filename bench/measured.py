# SPDX-License-Identifier: Apache-2.0
"""One measurement in a process of its own: prints seconds and the peak of memory as JSON."""

import contextlib
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

from sites import BRANCH, CLERK, day_clock

from keshou.app.intake import Intake
from keshou.app.site import Site
from keshou.db import Database
from keshou.ledger.audit import audit
from keshou.ledger.note import VerifierKey


def audited(url: str, origin: str, key: str) -> float:
    """Check a stored log; return seconds."""
    with contextlib.closing(Database(url)) as database, database.reading() as tx:
        start = time.perf_counter()
        audit(tx, VerifierKey(origin, bytes.fromhex(key)))
        return time.perf_counter() - start


def imported(home: str, table: str) -> float:
    """Take in the users of a table, all or none; return seconds."""
    with Site.open(Path(home), day_clock(1)) as site:
        start = time.perf_counter()
        report = Intake(site, Path(table), by=CLERK, where=BRANCH).run("stop")
        taken = time.perf_counter() - start
    assert report.taken == report.rows, report.faults[:3]
    return taken


def peak() -> float:
    """Return the most memory this program held, in megabytes; what a parent held before it does not count."""
    status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text("ascii").splitlines())
    return int(status["VmHWM"].split()[0]) / 1024


PROGRAMS: dict[str, Callable[..., float]] = {"audit": audited, "import": imported}

if __name__ == "__main__":
    seconds = PROGRAMS[sys.argv[1]](*sys.argv[2:])
    print(json.dumps({"seconds": seconds, "peak_mb": peak()}))
