# SPDX-License-Identifier: Apache-2.0
"""The short way of one act on one user's information: what the frame's handler does, for plain requests."""

import re

import anyio.to_thread
import msgspec

from keshou.acts.request import Perform
from keshou.app.site import Site
from keshou.errors import KeshouError
from keshou.gate.decision import Permit
from keshou.web.api.acts import act_of, refuse_contradictions
from keshou.web.api.decided import denied, done_before, permitted
from keshou.web.entitled import require_fresh_for
from keshou.web.idempotency import named
from keshou.web.short_way import MOST, Asked
from keshou.wire.acts import ActRequest

_KEY = re.compile(rb"[!-~]{1,255}")
_read = msgspec.json.Decoder(ActRequest)
_read_any = msgspec.json.Decoder()


class ShortAct:
    """Asks and does; bulk acts, permits and whatever asks for a revision go the whole way."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self.most = min(MOST, site.settings.server.body_bytes)

    def plan(self, asked: Asked) -> Perform | None:
        """Return the job; None when the request is not of the plainest form, or to be refused."""
        key = asked.heads.get(b"idempotency-key", b"")
        if not _KEY.fullmatch(key):
            return None
        try:
            body = asked.body.decode()
            request = _read.decode(body)
            if _may_repeat(body) or request.users or request.holding or request.at_least is not None:
                return None
            act = act_of(request, asked.caller, self._site)
            refuse_contradictions(request)
            require_fresh_for(act.kind, asked.caller, self._site)
        except (UnicodeDecodeError, RecursionError, msgspec.DecodeError, KeshouError):
            return None
        return named(
            Perform(act=act, values=request.values, masked=request.masked), asked.caller, key.decode(), request, "acts"
        )

    async def do(self, asked: Asked, plan: Perform) -> tuple[int, bytes]:
        """Bring it to the door, and answer after its commit."""
        site = self._site
        done = await site.perform_async(plan)
        if done.repeated:
            found = await anyio.to_thread.run_sync(done_before, site, done, asked.language)
            return found.status_code or 200, found.content
        if isinstance(done.decision, Permit):
            return 200, msgspec.json.encode(permitted(site, done, asked.language))
        return 403, denied(site, done, asked.language).content


def _may_repeat(body: str) -> bool:
    """Say whether an object of `body` could name a member twice: it has a colon more than members that were read."""
    found = _read_any.decode(body)
    members = len(found) + sum(len(each) for each in found.values() if isinstance(each, dict))
    return body.count(":") != members
