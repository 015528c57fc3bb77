# SPDX-License-Identifier: Apache-2.0
"""The short way of one question: read, laid out, decided and written by what the frame's handler goes by."""

from keshou.app.site import Site
from keshou.gate.act import Act
from keshou.gate.decision import Deny
from keshou.web.authzen.answer import MINIMAL, Writers
from keshou.web.authzen.layout import Laid, Layouts
from keshou.web.entitled import asks_alike
from keshou.web.metrics import Metrics
from keshou.web.short_way import Asked
from keshou.wire.authzen import read_single_quickly


class ShortEvaluation:
    """Answers one question; what is no plain question, or may not be asked, is refused on the whole way."""

    def __init__(self, site: Site, metrics: Metrics, layouts: Layouts, writers: Writers) -> None:
        self._site, self._metrics, self._layouts, self._writers = site, metrics, layouts, writers

    def plan(self, asked: Asked) -> Laid | None:
        """Return the act that is asked about, or the denial of what cannot be one; None when it is neither."""
        element = read_single_quickly(asked.body, self._layouts.questions)
        if element is None:
            return None
        (laid,) = self._layouts.of(asked.caller).lay_out((element,), asked.now)
        return None if type(laid) is bytes else laid

    async def do(self, asked: Asked, plan: Act | Deny) -> tuple[int, bytes]:
        """Decide it, on facts at least as new as the question."""
        if type(plan) is Act:
            site, size, alike = self._site, asked.seen.size, asks_alike(asked.caller)
            known = site.decide_known((plan,), size, alike=alike)
            decision = (known if known is not None else await site.decide_async((plan,), size, alike=alike))[0]
        else:
            decision = plan  # type: ignore[assignment]
        self._metrics.decided(decision)
        if not self._site.settings.server.reasons or b"return=minimal" in asked.heads.get(b"prefer", b""):
            return 200, MINIMAL[decision.permitted]
        return 200, self._writers.of(self._site.law, asked.language).write(decision)
