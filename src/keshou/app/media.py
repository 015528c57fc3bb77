# SPDX-License-Identifier: Apache-2.0
"""The register of media as it stands (Order 24 Art. 13(iv))."""

from keshou.app.site import Site
from keshou.gate.media import Medium, fold_media
from keshou.gate.store import Standings


def media_of(site: Site) -> dict[str, Medium]:
    """Return every medium by id, in the order registered."""
    with site.reading() as tx:
        return fold_media(Standings().site_facts(tx))
