# SPDX-License-Identifier: Apache-2.0
"""What is missing, and under which article: out of the rules in force, the facts, and how fresh our reading is."""

from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

from keshou.app.media import media_of
from keshou.app.second_hand import waiting
from keshou.declaration.check import check as hold
from keshou.declaration.finding import Finding
from keshou.declaration.load import Source
from keshou.gate import reach
from keshou.gate.calendar import day_of
from keshou.gate.view import is_fit
from keshou.language import Text
from keshou.web.console.desk import WAYS_IN, Desk, may_open
from keshou.web.console.names import agent_names, branch_names, item_names
from keshou.web.kept import Kept
from keshou.wire.access import ReviewState, review_shapes

_FOUND: Kept[list[Finding]] = Kept()
_NO_RULES: Final = Text("没有公布的规则：一切行为都会被拒绝", "no rules are published, so every act is denied")
_UNANSWERED: Final = Text("没有人担任负责岗位：{names}", "nobody holds the post that answers for: {names}")
_DUE: Final = Text("有{n}项任职到期须确认", "appointments to be confirmed: {n}")
_WAITING: Final = Text("有{n}项批量操作等待审查", "bulk acts that wait for a review: {n}")
_EMERGENCIES: Final = Text("有{n}次应急授权还没有复核", "emergencies that nobody has reviewed: {n}")
_WAYS: Final = Text("有{n}项登录办法等待第二个人确认", "ways in that wait for a second person: {n}")
_MEDIA: Final = Text("有{n}个介质丢失、敞开或者逾期未销毁", "media missing, lying open, or kept past their day: {n}")
_LACKING: Final = Text(
    "{names}：新的查找方式还用不了，须先在服务器上重建索引：keshou keys rotate index",
    "{names}: users are not found the new way before the index is made anew on the server: keshou keys rotate index",
)
_LINGERING: Final = Text(
    "{names}：规则已不再这样查找，也没有人能据此查找；索引里还留着，服务器在一小时之内清除",
    "{names}: the rules have users found so no more, and nobody is; what the index still holds of it goes with the "
    "next time the server tidies, within the hour",
)
_UNFIT: Final = Text(
    "代理人暂停、不合格或合同不在有效期：{names}", "suspended, unqualified or without contract: {names}"
)


class Missing(NamedTuple):
    """One thing that is missing or waits."""

    cite: str
    """The provision it rests on; empty for the form of the declaration."""
    text: str
    link: str
    """Where it is mended; empty where the reader is not led to."""
    grave: bool
    """Whether it is unlawful as it stands; otherwise it is doubtful, or only waits."""


def missing(desk: Desk) -> list[Missing]:
    """Return what is missing, as far as it can be seen from what is on record."""
    if desk.declaration is None:
        return [Missing("miit24:8", _NO_RULES.in_(desk.language), "/console/rules", grave=True)]
    return [each if may_open(desk, each.link) else each._replace(link="") for each in (*_facts(desk), *_findings(desk))]


def index_due(desk: Desk) -> list[str]:
    """Return what the index of users waits for since the rules changed what they are found by; nothing: it is whole."""
    due, names = desk.site.keeper.unindexed(), item_names(desk)
    return [
        text.in_(desk.language).format(names=_named(sorted(items), names, desk))
        for text, items in ((_LACKING, due.lacking), (_LINGERING, due.lingering))
        if items
    ]


def _findings(desk: Desk) -> Iterator[Missing]:
    """Yield what is wrong with the rules in force, held against the law of today."""
    for each in findings(desk):
        yield Missing(each.cite, each.what.in_(desk.language), "/console/rules", grave=each.severity == "error")


def findings(desk: Desk) -> list[Finding]:
    """Return the findings on the rules in force today; worked out once a day for each version."""
    declaration, day = desk.declaration, day_of(desk.site.now())
    if declaration is None:
        return []
    key = (id(desk.site.law), desk.version, declaration.effective, day)
    return _FOUND.get(key, lambda: hold(Source("", declaration, ()), desk.site.law, day))


def _facts(desk: Desk) -> Iterator[Missing]:
    declaration, state, now = desk.declaration, desk.state, desk.site.now()
    if declaration is None:
        return

    def told(cite: str, text: Text, link: str, *, grave: bool = False, **values: object) -> Missing:
        return Missing(cite, text.in_(desk.language).format(**values), link, grave)

    if names := _named(reach.unanswered(declaration, state), branch_names(desk), desk):
        yield told("miit24:13.1.1", _UNANSWERED, "/console/people", grave=True, names=names)
    unfit = [each.id for each in declaration.agents if each.id in state.suspended_agents or not is_fit(each, now)]
    if names := _named(unfit, agent_names(desk), desk):
        yield told("miit24:11", _UNFIT, "/console/people/agents", grave=True, names=names)
    if due := len(reach.due(declaration, state, now)):
        yield told("miit24:13.1.5", _DUE, "/console/people/access", n=due)
    if asked := sum(each.state is ReviewState.ASKED for each in review_shapes(state)):
        yield told("miit24:13.1.3", _WAITING, "/console/reviews", n=asked)
    with desk.site.reading() as tx:
        ways = len(waiting(desk.site, tx))
    if ways:
        yield told("miit24:13.1.3", _WAYS, WAYS_IN.path, n=ways)
    wrong = [each.state(now) for each in media_of(desk.site).values()]
    if bad := sum(each in ("missing", "open", "overdue") for each in wrong):
        yield told("miit24:13.1.4", _MEDIA, "/console/media", n=bad, grave="missing" in wrong)
    if open_ := sum(each.review is None for each in state.emergencies()):
        yield told("miit24:13.1.3", _EMERGENCIES, "/console/emergencies", n=open_)
    for each in index_due(desk):
        yield Missing("", each, "", grave=False)


def _named(ids: list[str], names: Mapping[str, str], desk: Desk) -> str:
    return ("、" if desk.language == "zh" else ", ").join(names.get(each, each) for each in ids)
