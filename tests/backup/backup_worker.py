# SPDX-License-Identifier: Apache-2.0
"""A process that backs up or restores, slowly, until the test kills it; or that may write only so much."""

import resource
import signal
import sys
import time
from pathlib import Path
from typing import Any

from keshou.app import backup, clock, restore
from keshou.app.place import Place
from keshou.app.site import Site
from keshou.errors import KeshouError

_SLOW, _LONG = 0.02, 60


def slowly(rows: int) -> None:
    """Say that some rows are done, and wait a little."""
    sys.stdout.write(f"{rows}\n")
    sys.stdout.flush()
    time.sleep(_SLOW)


def wait_at(moment: str) -> None:
    """Wait to be killed ``before`` a folder in the making gets its name, or right ``after`` it did."""
    settle = Place.settle

    def waiting(place: Place, **given: Any) -> None:
        if moment == "after":
            settle(place, **given)
        slowly(1)
        time.sleep(_LONG)

    Place.settle = waiting  # type: ignore[method-assign]


def main() -> None:
    """Do what the arguments say.

    ``backup HOME DEST``, ``restore ARCHIVE HOME``, ``new ARCHIVE HOME KEYS DATABASE MOMENT``, ``full HOME DEST BYTES``.
    """
    what, first, second = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
    if what == "restore":
        asked = restore.Asked(accept_older=True, by="officer", reason="test")
        restore.restore(first, second, clock.now(), asked, on_progress=lambda done, _all: slowly(done))
        return
    if what == "new":
        wait_at(sys.argv[6])
        restore.restore(first, second, clock.now(), restore.Asked(), keys=Path(sys.argv[4]), database=sys.argv[5])
        return
    if what == "full":
        sys.dont_write_bytecode = True  # Python would keep what it compiled cut short, for everybody
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
