# SPDX-License-Identifier: Apache-2.0
"""The command line in a process that dies on the way of a handover: ``MOMENT WORDS...``."""

import os
import signal
import sys
from collections.abc import Callable
from typing import Any

from keshou.app import in_place, laying
from keshou.cli.app import run


def die(*_: Any) -> None:
    """End as a machine does that loses its power."""
    os.kill(os.getpid(), signal.SIGKILL)


def then_die(first: Callable[..., Any]) -> Callable[..., None]:
    """Do `first`, then end."""

    def both(*given: Any) -> None:
        first(*given)
        die()

    return both


def main() -> None:
    """Run one command line, up to a moment."""
    moment = sys.argv[1]
    if moment == "written":
        laying.Laid.record = die  # type: ignore[method-assign]
    elif moment == "recorded":
        laying.Laid.record = then_die(laying.Laid.record)  # type: ignore[method-assign]
    elif moment == "one_named":
        in_place.put = then_die(in_place.put)
    elif moment == "named":
        in_place.put_all = then_die(in_place.put_all)
    sys.exit(run(sys.argv[2:]))


if __name__ == "__main__":
    main()
