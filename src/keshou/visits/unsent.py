# SPDX-License-Identifier: Apache-2.0
"""What somebody typed into a form when their visit was over: given back to their own browser, sealed, and kept nowhere.

Only the user whose form it was gets to see it again, and only for as long as a visit lasts.
"""

import base64
import binascii
import datetime as dt
import hmac
from collections.abc import Mapping

import msgspec

from keshou.visits.errors import VisitTamperedError
from keshou.visits.seal import Seal
from keshou.visits.settings import VisitSettings

_LONGEST = 65_536


class _Kept(msgspec.Struct, frozen=True):
    path: str
    fields: dict[str, list[str]]
    mark: str
    until: float


class Unsent:
    """Seals what was typed for the way through a browser."""

    def __init__(self, seal: Seal, settings: VisitSettings) -> None:
        self._seal = seal
        self._settings = settings

    def mark(self, user: str) -> str:
        """Return what a form says of whose it is: a digest, from which nobody learns the user."""
        return self._seal.digest("form", user).hex()[:32]

    def close(self, path: str, fields: Mapping[str, list[str]], mark: str, now: dt.datetime) -> str:
        """Return what was typed into the form of `path`, sealed; `mark` is what the form says of whose it is.

        Empty when it is too long to be given back.
        """
        until = now + dt.timedelta(hours=self._settings.visit_hours)
        body = msgspec.json.encode(_Kept(path, dict(fields), mark, until.timestamp()))
        if len(body) > _LONGEST:
            return ""
        return base64.urlsafe_b64encode(self._seal.close_form(body)).decode()

    def open(self, sealed: str, user: str, now: dt.datetime) -> tuple[str, dict[str, list[str]]] | None:
        """Return path and fields of what `user` typed; None when it is another's, too old, or not what was sealed."""
        try:
            body = self._seal.open_form(base64.urlsafe_b64decode(sealed.encode("ascii")))
        except (VisitTamperedError, ValueError, binascii.Error):
            return None
        kept = msgspec.json.decode(body, type=_Kept)
        if now.timestamp() >= kept.until or not hmac.compare_digest(kept.mark, self.mark(user)):
            return None
        return kept.path, kept.fields
