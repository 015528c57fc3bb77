# SPDX-License-Identifier: Apache-2.0
"""What of a user may not be erased for now, and why, as far as the user is told; in the reader's words."""

import datetime as dt
from typing import NamedTuple

from markupsafe import Markup

from keshou.app.site import Site
from keshou.language import Language
from keshou.web.portal.story import Names
from keshou.wire.hold_words import GROUND


class Kept(NamedTuple):
    """One ground under which something is kept."""

    ground: str
    cite: str
    until: dt.datetime | None
    items: Markup
    ids: tuple[str, ...]


def kept_now(site: Site, user: str, names: Names, language: Language) -> list[Kept]:
    """Return what holds keep of a user, but for those that the user is not told of."""
    return [
        Kept(GROUND[each.ground].in_(language), each.cite, each.until, names.items(each.items), each.items)
        for each in site.holds.of_user(user)
    ]
