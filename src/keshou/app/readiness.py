# SPDX-License-Identifier: Apache-2.0
"""Whether a site can do its work: its database answers, has the right tables and lets acts in; its keys can be read."""

from keshou.app.keys import open_keys
from keshou.app.site import Site
from keshou.errors import KeshouError
from keshou.migrations.run import is_current


def missing(site: Site) -> tuple[str, ...]:
    """Return the parts that are not ready: ``database``, ``schema``, ``door``, ``keys``; empty when all are.

    Never raises: a part that fails is a part that is missing.
    """
    return (*_of_database(site), *_of_keys(site))


def _of_database(site: Site) -> tuple[str, ...]:
    try:
        site.pulse.look_now()  # which does not wait for ever for a server that says nothing
        with site.reading() as tx:
            if not is_current(tx):
                return ("schema",)
        return ("door",) if site.door.is_stuck() else ()
    except KeshouError:
        return ("database",)


def _of_keys(site: Site) -> tuple[str, ...]:
    try:
        open_keys(site.settings, site.home)
    except (KeshouError, OSError):
        return ("keys",)
    return ()
