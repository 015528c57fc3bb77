# SPDX-License-Identifier: Apache-2.0
"""What was written down -> an answer."""

from typing import Any

from litestar import Response

from keshou.app.site import Site
from keshou.gate.facts import SiteFact
from keshou.web.api.asked import answer
from keshou.web.recorded import record
from keshou.wire.caller import Caller
from keshou.wire.office import Recorded


def write_down(
    site: Site, caller: Caller, key: str, asked: Any, place: tuple[str, ...], *facts: SiteFact, id_: str = ""
) -> Response[bytes]:
    """Write `facts` down in one entry; `id_` is what was made for them."""
    done = record(site, caller, key, asked, place, *facts)
    return answer(Recorded(entry=done.entry, revision=done.entry + 1, id=id_, repeated=done.repeated))
