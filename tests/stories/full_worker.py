# SPDX-License-Identifier: Apache-2.0
"""The command line in a process whose files take only so many bytes: ``BYTES WORDS...``."""

import resource
import signal
import sys

from keshou.app import keeper
from keshou.cli.app import run

keeper.REWRAPPED, keeper.RENEWED, keeper.REINDEXED = 7, 3, 3  # type: ignore[misc]


def main() -> None:
    """Run one command line and end with its status."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    sys.dont_write_bytecode = True  # Python would keep what it compiled cut short, for everybody
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[1]), resource.RLIM_INFINITY))
    sys.exit(run(sys.argv[2:]))


main()
