# SPDX-License-Identifier: Apache-2.0
"""What shows a user, and anybody whom the user shows it to, that an entry about them stands in the log: offline.

It is the entry itself and its proof under a signed checkpoint. Nothing is opened for it and nothing recorded.
"""

import io
import zipfile
from typing import NamedTuple

from keshou.app.own_part import OwnPart
from keshou.app.site import Site
from keshou.app.user_history import Happening, happening
from keshou.ledger.errors import EntryError
from keshou.ledger.events import TOLD

_ONCE = (1980, 1, 1, 0, 0, 0)
"""A time for every file, so that the same proof is the same bytes."""


class OwnProof(NamedTuple):
    """One entry about a user, and what shows that it is in the log."""

    place: int
    entry: bytes
    """Its own bytes, which are what was hashed."""
    proof: bytes
    """C2SP tlog-proof: siblings up to a signed checkpoint, and that checkpoint."""
    vkey: str
    """The log's verifier key; whoever checks takes it from another channel too."""

    def files(self) -> dict[str, bytes]:
        """Return the files by name as `keshou verify` takes them: the proof, the entry beside it, and the key."""
        name = f"entry-{self.place}.proof"
        return {name: self.proof, f"{name}.entry": self.entry, "log.vkey": f"{self.vkey}\n".encode()}

    def zipped(self) -> bytes:
        """Return the files as a ZIP archive."""
        written = io.BytesIO()
        with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, data in self.files().items():
                info = zipfile.ZipInfo(name, _ONCE)
                info.compress_type, info.external_attr = zipfile.ZIP_DEFLATED, 0o600 << 16
                archive.writestr(info, data)
        return written.getvalue()


def is_given(found: Happening) -> bool:
    """Say whether an entry about a user is given to the user as it is."""
    return found.header.event != TOLD and not found.header.ground


def own_proof(site: Site, user: str, place: int, part: OwnPart | None = None) -> OwnProof | None:
    """Return the proof of entry `place`; None when the user is not given it.

    They are not when it is not about them, not of `part`, or done on a ground in higher law, which says for which case.
    An entry that no checkpoint covers yet is signed first.
    """
    found = happening(site, user, place, part)
    if found is None or not is_given(found):
        return None
    try:
        return _proof(site, place)
    except EntryError:
        site.checkpoint()
        return _proof(site, place)


def _proof(site: Site, place: int) -> OwnProof:
    with site.reading() as tx:
        return OwnProof(place, site.ledger.entry(tx, place), site.ledger.tlog_proof(tx, place), str(site.ledger.key))
