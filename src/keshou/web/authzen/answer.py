# SPDX-License-Identifier: Apache-2.0
"""Decisions -> the protocol's words, as bytes: what does not change from one decision to the next is laid out once.

With reasons a decision carries `context`: `reasons` (each with its article), `grounds`, `full`, `obligations`, and
`basis`, the state it was decided on. The same question on the same state is answered by the same bytes.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from keshou.gate.decision import Decision, Deny, Permit
from keshou.language import Language
from keshou.law.law import Law
from keshou.web.authzen.obligations import obligations
from keshou.wire.decision import decision_shape

MINIMAL = {True: b'{"decision":true}', False: b'{"decision":false}'}
_ALONE = b'{"evaluations":[%b]}'
_MOST_KEPT = 4096


class Answers:
    """Writes decisions in one language."""

    def __init__(self, law: Law, language: Language) -> None:
        self._law = law
        self._language: Language = language
        self._known: dict[int, tuple[object, bytes]] = {}
        """By identity of the reasons or grounds, which the gate shares between equal answers; kept alive here."""

    def write(self, decision: Decision) -> bytes:
        """Return `decision` with its context."""
        basis = b'"basis":{"rules":%d,"revision":%d}}}' % (decision.rules, decision.revision)
        return self._head(decision) + basis

    def _head(self, decision: Decision) -> bytes:
        part: object = decision.reasons if isinstance(decision, Deny) else decision.grounds
        place = id(part) * 2 + (isinstance(decision, Permit) and decision.full)
        kept = self._known.get(place)
        if kept is not None and kept[0] is part:
            return kept[1]
        head = self._laid_out(decision)
        if len(self._known) >= _MOST_KEPT:
            self._known.clear()
        self._known[place] = part, head
        return head

    def _laid_out(self, decision: Decision) -> bytes:
        shape = decision_shape(decision, self._law, self._language)
        context: dict[str, Any] = {}
        if isinstance(decision, Deny):
            context["reasons"] = [{**msgspec.to_builtins(each), "articles": [each.cite]} for each in shape.reasons]
            context["reason_admin"] = {"403": _told(f"{each.cite}: {each.missing_name}" for each in shape.reasons)}
            context["reason_user"] = {"403": _told(each.missing_name for each in shape.reasons)}
        else:
            context["grounds"] = msgspec.to_builtins(shape.grounds)
            context["full"] = shape.full
            context["obligations"] = obligations(decision)
        body = msgspec.json.encode({"decision": decision.permitted, "context": context})
        return body[:-2] + b","


class Writers:
    """One writer a language."""

    def __init__(self) -> None:
        self._of: dict[Language, Answers] = {}

    def of(self, law: Law, language: Language) -> Answers:
        """Return what writes in `language`."""
        found = self._of.get(language)
        if found is None:
            found = self._of[language] = Answers(law, language)
        return found


def write_all(decisions: Sequence[Decision | bytes], answers: Answers | None) -> list[bytes]:
    """Return each decision as it is answered, without its context when there is no `answers`.

    What is written already stays as it is. What the gate decided alike in one batch is one decision, written once.
    """
    if answers is None:
        return [each if isinstance(each, bytes) else MINIMAL[each.permitted] for each in decisions]
    written = {place: each if isinstance(each, bytes) else answers.write(each) for place, each in _different(decisions)}
    return [written[place] for place in map(id, decisions)]


def counted(decisions: Sequence[Decision | bytes]) -> Iterable[tuple[Decision | None, int]]:
    """Return each of `decisions` with how often it is among them; None stands for what is no question."""
    times = Counter(map(id, decisions))
    return [(None if isinstance(each, bytes) else each, times[place]) for place, each in _different(decisions)]


def _different(decisions: Sequence[Decision | bytes]) -> Iterable[tuple[int, Decision | bytes]]:
    """Return the identity of each of `decisions` and the decision, once where several are the same one."""
    return dict(zip(map(id, decisions), decisions, strict=True)).items()


def write_batch(decisions: Sequence[bytes]) -> bytes:
    """Return the answer to a batch."""
    if not decisions:
        return b'{"evaluations":[]}'
    # Put together once: a thousand answers are a megabyte, and each copy of it takes as long as the rest.
    first, *rest = decisions
    return b",".join([b'{"evaluations":[' + first, *rest[:-1], rest[-1] + b"]}"] if rest else [_ALONE % first])


def fault(message: str, status: int = 400) -> bytes:
    """Return the denial of an element that is not a question, or that the caller may not ask."""
    error = {"status": status, "message": message}
    return msgspec.json.encode({"decision": False, "context": {"error": error}})


def _told(words: Any) -> str:
    return "; ".join(dict.fromkeys(words))
