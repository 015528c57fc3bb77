# SPDX-License-Identifier: Apache-2.0
"""Pages that only the sample operator's site has."""

import shlex
import sys
from pathlib import Path

from keshou.app.site import Site
from keshou.declaration.model import Published
from keshou.web.errors import NotFoundError
from keshou.web.frame.sample import is_sample


def command(site: Site, *words: str) -> str:
    """Return a command line on this very site, as it can be given in any folder."""
    installed = Path(sys.executable).with_name("keshou")
    name = str(installed) if installed.is_file() else "keshou"
    return shlex.join([name, "--home", str(site.home.resolve()), *words])


def require_sample(site: Site) -> Published | None:
    """Return the rules in force of a sample site; None while there are none.

    Raises:
        NotFoundError: the site is not marked as a sample, or its rules are another operator's.

    """
    if not is_sample(site):
        raise NotFoundError("only a sample site has this page", hint="make one with `keshou init DIR --sample`")
    return site.rules()
