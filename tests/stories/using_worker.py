# SPDX-License-Identifier: Apache-2.0
"""A process that uses one user's information over and over and says what it was told; stopped by its input's end."""

import sys
import threading
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "acts"))

from house import SITE, act

from keshou.app import clock
from keshou.app.settings import Settings
from keshou.app.site import Site
from keshou.db import Database
from keshou.law.terms import ActKind
from keshou.vault.keys import FileKeys


def main() -> None:
    """Print ``entry permitted shown`` after each act."""
    url, folder = sys.argv[1], Path(sys.argv[2])
    stop = threading.Event()
    threading.Thread(target=lambda: (sys.stdin.read(), stop.set()), daemon=True).start()
    with Site(folder, Settings(site=SITE), Database(url), FileKeys.open(folder / "keys", SITE), clock.now) as site:
        while not stop.is_set():
            done = site.perform(act(ActKind.USE, "u1", "tariff_plan"))
            permitted = done.decision is not None and done.decision.permitted
            sys.stdout.write(f"{done.entry} {int(permitted)} {len(done.values)}\n")
            sys.stdout.flush()


main()
