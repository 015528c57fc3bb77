# SPDX-License-Identifier: Apache-2.0
"""The short way of questions: read, laid out, decided and written by what the frame's handlers go by."""

from collections.abc import Sequence

from keshou.app.site import Site
from keshou.gate.act import Act
from keshou.gate.decision import Decision, Deny
from keshou.web.authzen.answer import MINIMAL, Answers, Writers, counted, write_all, write_batch
from keshou.web.authzen.evaluation import MOST_AT_ONCE
from keshou.web.authzen.layout import Laid, Layouts, put_back
from keshou.web.entitled import asks_alike
from keshou.web.metrics import Metrics
from keshou.web.short_way import MOST, Asked
from keshou.wire.authzen import AuthzenShapeError, Semantic, read_batch, read_single_quickly

_MOST_BATCH = 1 << 22
"""Bytes of a batch that may come this way, where the settings let in bodies of that size."""


class _Questions:
    """What both ways of asking have in common."""

    most = MOST

    def __init__(self, site: Site, metrics: Metrics, layouts: Layouts, writers: Writers) -> None:
        self._site, self._metrics, self._layouts, self._writers = site, metrics, layouts, writers
        self.most = min(self.most, site.settings.server.body_bytes)

    async def _decided(self, asked: Asked, acts: Sequence[Act]) -> Sequence[Decision]:
        """Decide them, on facts at least as new as the question."""
        site, size, alike = self._site, asked.seen.size, asks_alike(asked.caller)
        known = site.decide_known(acts, size, alike=alike)
        return known if known is not None else await site.decide_async(acts, size, alike=alike)

    def _writer(self, asked: Asked) -> Answers | None:
        """Return what writes the reasons; None where there are to be none."""
        if not self._site.settings.server.reasons or b"return=minimal" in asked.heads.get(b"prefer", b""):
            return None
        return self._writers.of(self._site.law, asked.language)


class ShortEvaluation(_Questions):
    """Answers one question; what is no plain question, or may not be asked, is refused on the whole way."""

    def plan(self, asked: Asked) -> Laid | None:
        """Return the act that is asked about, or the denial of what cannot be one; None when it is neither."""
        element = read_single_quickly(asked.body, self._layouts.questions)
        if element is None:
            return None
        (laid,) = self._layouts.of(asked.caller).lay_out((element,), asked.now)
        return None if type(laid) is bytes else laid

    async def do(self, asked: Asked, plan: Act | Deny) -> tuple[int, bytes]:
        """Decide it and answer."""
        decision = (await self._decided(asked, (plan,)))[0] if type(plan) is Act else plan
        self._metrics.decided(decision)  # type: ignore[arg-type]
        writer = self._writer(asked)
        return 200, MINIMAL[decision.permitted] if writer is None else writer.write(decision)  # type: ignore[union-attr, arg-type]


class ShortEvaluations(_Questions):
    """Answers a batch that is answered to its end; what is none, or ends earlier, goes the whole way."""

    most = _MOST_BATCH

    def plan(self, asked: Asked) -> Sequence[Laid] | None:
        """Return what each element comes to; None when it is no such batch."""
        try:
            batch = read_batch(asked.body, MOST_AT_ONCE, self._layouts.questions)
        except AuthzenShapeError:
            return None
        if batch is None or batch.single or batch.semantic is not Semantic.EXECUTE_ALL:
            return None
        return self._layouts.of(asked.caller).lay_out(batch.elements, asked.now)

    async def do(self, asked: Asked, plan: Sequence[Laid]) -> tuple[int, bytes]:
        """Decide them and answer."""
        acts = [each for each in plan if type(each) is Act]
        decisions = put_back(plan, await self._decided(asked, acts) if acts else ())
        self._metrics.decided_all(counted(decisions))
        return 200, write_batch(write_all(decisions, self._writer(asked)))
