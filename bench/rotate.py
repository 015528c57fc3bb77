# SPDX-License-Identifier: Apache-2.0
"""A process that wraps every data key of a site anew and says how long that took: home, and when its clock began."""

import datetime as dt
import json
import sys
import time
from pathlib import Path

from sites import NOON

from keshou.app.site import Site

if __name__ == "__main__":
    home, started = Path(sys.argv[1]), float(sys.argv[2])
    with Site.open(home, lambda: NOON + dt.timedelta(seconds=time.perf_counter() - started)) as site:
        begun = time.perf_counter()
        done = site.keeper.rotate_epochs("keeper", lambda _: None)
        print(json.dumps({"seconds": time.perf_counter() - begun, "keys": done.keys, "left": done.left}))
