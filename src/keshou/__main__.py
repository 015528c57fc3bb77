# SPDX-License-Identifier: Apache-2.0
"""``keshou`` and ``python -m keshou``: the command line."""

import sys

_INTERRUPTED = 130


def main() -> None:
    """Run the command line and end the process with its exit status."""
    try:
        from keshou.cli.app import run  # noqa: PLC0415 - an interrupt while this is read ends quietly too

        status = run(sys.argv[1:])
    except KeyboardInterrupt:
        status = _INTERRUPTED
    sys.exit(status)


if __name__ == "__main__":
    main()
