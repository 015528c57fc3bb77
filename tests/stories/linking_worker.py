# SPDX-License-Identifier: Apache-2.0
"""The command line in a process that dies while a link is made or ended: ``MOMENT WORDS...``."""

import sys

import handing_worker

from keshou.app.site import Site
from keshou.cli.app import run
from keshou.links.store import Links

moment = sys.argv[1]
if moment == "kept":
    Links.add = handing_worker.then_die(Links.add)  # type: ignore[method-assign]
elif moment == "ended":
    Links.revoke = handing_worker.then_die(Links.revoke)  # type: ignore[method-assign,assignment]
elif moment == "committed":
    Site._committed = handing_worker.die  # type: ignore[method-assign]
sys.exit(run(sys.argv[2:]))
