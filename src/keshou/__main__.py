# SPDX-License-Identifier: Apache-2.0
"""``keshou`` and ``python -m keshou``: the command line."""

import sys

from keshou.cli.app import run


def main() -> None:
    """Run the command line and end the process with its exit status."""
    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
