# SPDX-License-Identifier: Apache-2.0
"""A process that backs up or restores, slowly, until the test kills it; or that may write only so much."""

import resource
import signal
import sys
import time
from pathlib import Path

from keshou.app import backup, clock, restore
from keshou.app.site import Site
from keshou.errors import KeshouError

_SLOW = 0.02


def slowly(rows: int) -> None:
    """Say that some rows are done, and wait a little."""
    sys.stdout.write(f"{rows}\n")
    sys.stdout.flush()
    time.sleep(_SLOW)


def main() -> None:
    """Do what the arguments say: ``backup HOME DEST``, ``restore ARCHIVE HOME``, ``full HOME DEST BYTES``."""
    what, first, second = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
    if what == "restore":
        asked = restore.Asked(accept_older=True, by="officer", reason="test")
        restore.restore(first, second, clock.now(), asked, on_progress=lambda done, _all: slowly(done))
        return
    if what == "full":
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        with Site.open(first) as site:
            resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[4]), resource.RLIM_INFINITY))
            try:
                backup.back_up(site, second)
            except KeshouError as error:
                sys.stdout.write(f"{int(error.status)} {error}\n")
            resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        return
    with Site.open(first) as site:
        backup.back_up(site, second, on_progress=lambda done, _all: slowly(done))


main()
