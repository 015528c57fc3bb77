# SPDX-License-Identifier: Apache-2.0
"""A process that serves a site and prints the address once it answers."""

import sys
from pathlib import Path

from keshou.app.settings import read_settings
from keshou.web.serve import place_of, serve


def say(url: str) -> None:
    """Print the address."""
    sys.stdout.write(f"{url}\n")
    sys.stdout.flush()


def main() -> None:
    """Serve the site, port and application that the arguments name."""
    home, port, application, *more = sys.argv[1:]
    workers = int(more[0]) if more else 1
    place = place_of(read_settings(Path(home)), Path(home), port=int(port), workers=workers)
    serve(Path(home), place, say, application)


if __name__ == "__main__":
    main()
