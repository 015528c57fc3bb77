# SPDX-License-Identifier: Apache-2.0
"""Build the documentation as a site: `python scripts/handbook FOLDER`. It needs no server and asks no other host."""

import sys
from pathlib import Path

from site_of import FaultyError, build

ROOT = Path(__file__).resolve().parents[2]


def main() -> None:
    """Build it into the folder that is named, else into `.work/handbook`; name every fault, and stop on one."""
    out = Path(sys.argv[1]) if sys.argv[1:] else ROOT / ".work" / "handbook"
    try:
        pages = build(ROOT, out)
    except FaultyError as error:
        sys.exit("\n".join(error.faults))
    print(f"{out / 'index.html'}: {pages} pages")


if __name__ == "__main__":
    main()
