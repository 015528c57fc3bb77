# SPDX-License-Identifier: Apache-2.0
"""What a version of the rules changed, in words that users read: of purposes, information and acts, never of posts.

Which of the operator's own posts does a thing is no part of the public rules; whether an agent does it is.
"""

from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

from keshou.declaration.compare import Difference, Quadruple
from keshou.declaration.model import Declaration
from keshou.declaration.render import labels
from keshou.declaration.wording import ACTS
from keshou.language import Language, Text
from keshou.law.law import Law
from keshou.law.terms import ActKind

REASONS: Final[Mapping[str, Text]] = {
    "guidance": Text("经营者不再采用原来采用的指南", "the operator goes by guidance no longer that it went by before"),
    "kinds": Text(
        "经营者的种类少了，约束它的法规可能变少", "the operator is of fewer kinds, and fewer instruments may bind it"
    ),
    "purpose_name": Text("目的的名称改了", "the purpose is named otherwise"),
    "manner": Text("方式改了", "the manner is another"),
    "services": Text("涉及更多服务", "it concerns more services"),
    "beyond_service": Text("不再只是为了提供服务", "it is no longer part of providing the service"),
    "commercial_messages": Text("会发送商业信息", "commercial messages are sent"),
    "consent": Text("征求同意的要求放宽了", "consent is asked for less strictly"),
    "retention": Text("保存得更久，或者起算的时间不同", "it is kept longer, or from another moment on"),
    "recipients": Text("提供给更多的接收方", "it is provided to others than before"),
    "why": Text("必要的理由改了", "the reason why it is necessary is another"),
    "class": Text("与另一类信息一起保存和销毁", "it is kept and destroyed with another class of information"),
    "agent": Text("由另外的代理人办理", "another agent does it"),
    "stand_ins": Text(
        "代理人原来只得到代号，现在会看到信息", "an agent that was given a stand-in gets to see the information"
    ),
    "recipient_stand_ins": Text(
        "接收方原来只得到代号，现在会看到信息", "a recipient that was given a stand-in gets to see the information"
    ),
}
"""Code of what widened -> what that means for users. Source: declaration/compare.py."""

_Triple = tuple[str, str, ActKind]


class Change(NamedTuple):
    """Acts on kinds of information for one purpose."""

    purpose: str
    items: tuple[str, ...]
    acts: tuple[str, ...]
    reasons: tuple[str, ...] = ()


class Changes(NamedTuple):
    """What a version changed over the one before."""

    began: list[Change]
    """What is allowed now and was not."""
    ended: list[Change]
    """What was allowed and is not any more."""
    widened: list[Change]
    """What was allowed and means more now."""
    anew: list[Change]
    """For what those who agreed before are asked again."""
    inside: bool
    """Whether it changed which of the operator's own posts does something."""

    @property
    def is_empty(self) -> bool:
        """Whether nothing that users read of changed in what is allowed."""
        return not (self.began or self.ended or self.widened or self.inside)


class Naming:
    """What purposes, kinds of information and acts are called, in either version."""

    def __init__(self, old: Declaration | None, new: Declaration, law: Law, language: Language) -> None:
        both = [each for each in (old, new) if each is not None]
        self._purposes = {each.id: each.name.in_(language) for one in both for each in one.purposes}
        self._items = {key: label for one in both for key, label in labels(one, law, language).items()}
        self._language: Language = language

    def change(self, purpose: str, items: Iterable[str], acts: Iterable[ActKind], *reasons: str) -> Change:
        """Return a change in words; ids that have no name stand for themselves."""
        return Change(
            self._purposes.get(purpose, purpose),
            tuple(self._items.get(each, each) for each in items),
            tuple(ACTS[each.value].in_(self._language) for each in acts),
            tuple(REASONS[each].in_(self._language) for each in reasons),
        )


def changes(found: Difference, naming: Naming) -> Changes:
    """Return what the comparison found, in words."""
    after = _triples(found.newly_allowed | found.unchanged)
    before = _triples(found.no_longer_allowed | found.unchanged)
    moved = _triples(found.newly_allowed | found.no_longer_allowed)
    reasons: dict[_Triple, dict[str, None]] = {}
    for each in found.widened:
        reasons.setdefault(each.quadruple[:3], {}).update(dict.fromkeys(each.reasons))
    kinds: dict[tuple[str, ...], list[_Triple]] = {}
    for triple, why in reasons.items():
        kinds.setdefault(tuple(why), []).append(triple)
    return Changes(
        began=_grouped(after - before, naming),
        ended=_grouped(before - after, naming),
        widened=[each for why, triples in kinds.items() for each in _grouped(triples, naming, *why)],
        anew=_grouped(_triples(found.anew), naming) if before else [],
        inside=bool(moved & after & before - reasons.keys()),
    )


def _triples(found: Iterable[Quadruple]) -> set[_Triple]:
    return {each[:3] for each in found}


def _grouped(triples: Iterable[_Triple], naming: Naming, *reasons: str) -> list[Change]:
    """Return triples as few lines: items of one purpose that the same acts are done on stand together."""
    acts: dict[tuple[str, str], set[ActKind]] = {}
    for purpose, item, act in triples:
        acts.setdefault((purpose, item), set()).add(act)
    items: dict[tuple[str, tuple[ActKind, ...]], list[str]] = {}
    for (purpose, item), done in sorted(acts.items()):
        items.setdefault((purpose, tuple(each for each in ActKind if each in done)), []).append(item)
    return [naming.change(purpose, named, done, *reasons) for (purpose, done), named in items.items()]
