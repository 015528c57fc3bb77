# SPDX-License-Identifier: Apache-2.0
"""Words of conditions -> what the prohibitions of the day say: a code, reasons, grounds.

The same words always give the same answer, so each is worked out once and looked up from then on. A code is an
unsigned 64-bit integer with one bit a prohibition; zero means that the act meets none.
"""

from collections.abc import Collection, Iterable, Sequence
from typing import NamedTuple

import numpy as np

from keshou.gate.conditions import BITS, Condition, Conditions, Words
from keshou.gate.decision import Ground, Reason
from keshou.gate.prohibitions.places import PLACES
from keshou.gate.prohibitions.registry import PROHIBITIONS, Prohibition, Rule
from keshou.law.model import Citation, LawError

_MOST_KEPT = 1 << 17


class Answer(NamedTuple):
    """What one word of conditions comes to."""

    code: int
    reasons: tuple[Reason, ...]
    grounds: tuple[Ground, ...]


def _agreed(c: Conditions) -> Condition:
    return (c.collects | c.uses) & c.consented & c.user_known


def _told(c: Conditions) -> Condition:
    return (c.collects | c.uses) & c.notice_complete & c.noticed


def _needed(c: Conditions) -> Condition:
    return c.within_need & c.serves_users


GROUNDS: tuple[tuple[str, str, Rule], ...] = (
    ("published_rules", "miit24:8", lambda c: c.published),
    ("published_rules", "npcsc2012:2.2", lambda c: c.published),
    ("consent", "miit24:9.1", _agreed),
    ("consent", "npcsc2012:2.1", _agreed),
    ("notice", "miit24:9.2", _told),
    ("need", "miit24:9.3", _needed),
    ("service", "miit24:9.4", lambda c: (c.collects | c.uses) & c.service_in_use),
    ("declared_ground", "miit24:9.5", lambda c: (c.collects | c.uses) & c.declared_ground),
    ("recorded_ground", "miit24:9.5", lambda c: c.higher_law),
    ("own_hand", "miit24:9.2", lambda c: c.own_hand),
    ("recipient", "miit24:10", lambda c: c.gives & c.recipient_declared),
    ("agent", "miit24:11", lambda c: c.agent_acts & c.agent_fit),
    ("grant", "miit24:13.1.3", lambda c: c.granted & ~c.own_hand),
    ("review", "miit24:13.1.3", lambda c: c.bulk & c.reviewed),
    ("retention", "miit25:11", lambda c: c.erases & c.touches_registration & c.registration_over),
)
"""What a permission may stand on: the fact, its provision, and when it counts."""


def active(names: Collection[str]) -> tuple[Prohibition, ...]:
    """Return the prohibitions called `names`, in the order of the reason code.

    Raises:
        LawError: the law's data names one that has no function.

    """
    unknown = set(names) - PROHIBITIONS.keys()
    if unknown:
        raise LawError(
            f"no function enforces {', '.join(f'`{each}`' for each in sorted(unknown))}",
            hint="write it in gate/prohibitions, or take the name out of the law's data",
        )
    return tuple(PROHIBITIONS[name] for name in PLACES if name in names)


class Answers:
    """The prohibitions of one day's law, and the answers worked out so far."""

    def __init__(self, prohibitions: Sequence[Prohibition], instruments: Collection[str]) -> None:
        self._prohibitions = tuple(prohibitions)
        cited = ((fact, Citation.parse(cite), rule) for fact, cite, rule in GROUNDS)
        self._grounds = tuple(each for each in cited if each[1].instrument in instruments)
        self.known: dict[int, Answer] = {}
        """Word -> answer; read it first, then ask `of`."""

    def of(self, word: int) -> Answer:
        """Return what `word` comes to.

        Errors in a prohibition propagate: nothing is answered.
        """
        found = self.known.get(word)
        if found is None:
            found = self._work_out(word)
            if len(self.known) >= _MOST_KEPT:
                self.known = {}
            self.known[word] = found
        return found

    def codes(self, words: Words) -> Words:
        """Return the code of each of `words`."""
        seen = Conditions.of(words)
        found = np.zeros(words.shape, np.uint64)
        for each in self._prohibitions:
            found |= each.rule(seen).astype(np.uint64) << np.uint64(PLACES[each.name])
        return found

    def _work_out(self, word: int) -> Answer:
        seen = Conditions.of(np.array([word], np.uint64))
        met = [each for each in self._prohibitions if each.rule(seen)[0]]
        if met:
            return Answer(_code(met), tuple(_reason(each, word) for each in met), ())
        grounds = tuple(Ground(cite, fact) for fact, cite, rule in self._grounds if rule(seen)[0])
        return Answer(0, (), grounds)


def _code(met: Iterable[Prohibition]) -> int:
    return sum(1 << PLACES[each.name] for each in met)


def _reason(prohibition: Prohibition, word: int) -> Reason:
    """Say what was missing: the first condition that explains it, or else what the prohibition is about."""
    exactly = (code for condition, code in prohibition.unless if not word & BITS[condition])
    return Reason(prohibition.name, prohibition.cite, next(exactly, prohibition.missing))


def names_of(code: int) -> tuple[str, ...]:
    """Return the names of the prohibitions in a reason code."""
    return tuple(name for name, place in PLACES.items() if int(code) >> place & 1)
