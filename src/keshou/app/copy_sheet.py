# SPDX-License-Identifier: Apache-2.0
"""A user's own copy told in one language, as tables: whatever format it takes, it says the same."""

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from keshou.app.fact_words import BY_ITSELF, FACTS
from keshou.app.own_copy import NotShown, OwnAct, OwnCopy
from keshou.app.site import Site
from keshou.app.user_history import rules_ever
from keshou.app.value_words import worded
from keshou.copies.sheet import Sheet, Table
from keshou.declaration.render import labels
from keshou.declaration.wording import ACTS
from keshou.gate.act import OWN_HAND
from keshou.gate.calendar import in_china
from keshou.gate.facts import UserFact
from keshou.language import Language, Text
from keshou.law.terms import ConsentStrength
from keshou.ledger.events import DUE

TITLE = Text("我的信息副本", "A copy of my information")
NONE = Text("没有", "Nothing")
PAGE = Text("第{n}页，共{total}页", "Page {n} of {total}")
HEAD = {
    "operator": Text("经营者", "Operator"),
    "user": Text("用户编号", "User number"),
    "made": Text("制作时间", "Made"),
    "rules": Text("规则版本", "Version of the rules"),
    "entries": Text("这次查询记入日志", "Recorded in the log as"),
    "not_told": Text("不在其中", "What is not told here"),
}
NOT_TOLD = Text(
    "经营者自己系统里的数据的使用，凡对整张表裁定、没有写明接收方的，日志只记总数，不记是谁的。",
    "Use of data in the operator's own systems, where a whole table was judged and no recipient named: "
    "the log has how many, and not whose.",
)
"""What no entry tells user by user."""
TITLES: Mapping[str, tuple[Text, tuple[Text, ...]]] = {
    "information": (Text("持有的信息", "What is held"), (Text("信息", "Information"), Text("内容", "As it is held"))),
    "purposes": (Text("所为的目的", "What it is for"), (Text("目的", "Purpose"), Text("信息", "Information"))),
    "consents": (
        Text("看到、同意、撤回过什么，用过什么服务", "What you were shown, agreed to and took back; services"),
        (Text("时间", "When"), Text("经过", "What came true"), Text("关于", "About"), Text("信息", "Information")),
    ),
    "recipients": (
        Text("可以提供给", "To whom it may be given"), (Text("目的", "Purpose"), Text("接收方", "Recipient")),
    ),
    "given": (
        Text("提供给过谁", "To whom it was given"),
        (
            Text("时间", "When"), Text("接收方", "Recipient"), Text("目的", "Purpose"), Text("信息", "Information"),
            Text("日志条目", "Entry of the log"),
        ),
    ),
    "acts": (
        Text("对信息做过什么", "What was done with it"),
        (
            Text("时间", "When"), Text("谁", "Who"), Text("行为", "Act"), Text("目的", "Purpose"),
            Text("信息", "Information"), Text("结果", "Outcome"), Text("日志条目", "Entry of the log"),
        ),
    ),
    "kept": (
        Text("暂时不得删除的", "What may not be erased for now"),
        (Text("原因", "Ground"), Text("规定", "Provision"), Text("到", "Until"), Text("信息", "Information")),
    ),
}  # fmt: skip
"""Key of a table -> what it is called, and its columns."""
STRENGTH: Mapping[ConsentStrength, Text] = {
    ConsentStrength.TACIT: Text("默许", "tacitly"),
    ConsentStrength.EXPRESS: Text("明示", "expressly"),
    ConsentStrength.GUARDIAN: Text("监护人", "by a guardian"),
}
GROUNDS: Mapping[str, Text] = {
    "dispute": Text("争议尚未了结", "a dispute is open"),
    "case": Text("案件正在审理", "a case is before a court"),
    "authority": Text("主管机关要求", "an authority demands it"),
    "law": Text("其他法律、法规规定", "another law asks for it"),
}
"""Ground of a hold -> what it is called."""
LATEST = Text(
    "这里是最近的{n}行，共{all}行。其余的在CSV或JSON格式的副本里，那里有全部。",
    "These are the latest {n} of {all} rows. The rest are in a copy as CSV or JSON, which has all.",
)
_GROWING = frozenset({"consents", "given", "acts"})
"""Tables that grow with time, in the order of time."""
_DONE, _REFUSED = Text("已做", "done"), Text("被拒绝（{cites}）", "refused ({cites})")
_UNSURE = Text(
    "一些用户已做，一些被拒绝，日志没有分人记录", "done of some users and refused of others; not on record of whom"
)
_PERHAPS = Text("（可能：{why}）", " (perhaps: {why})")
_USER, _UNKNOWN = Text("用户本人", "the user"), Text("岗位不明", "post not known")
_MASKED = Text("（不是全值）", " (not in full)")
_DENIED = Text("持有，未显示：被拒绝（{cites}）", "held, and not shown: refused ({cites})")
_NOT_FOR_STAFF = Text("持有，未显示：没有目的允许工作人员查询", "held, and not shown: no purpose lets staff look it up")
_UNAGREED = Text("（没有有效的同意）", " (no consent stands)")
_UNNEEDED = Text("现行规则没有目的需要", "Needed for no purpose of the rules in force")
_OUTSIDE = Text("（获准，从经营者自己的系统）", " (let through, out of the operator's own systems)")
_VERSION = Text("第{n}版", "version {n}")
_EVIDENCE = Text("凭据编号{id}", "on file as {id}")
_OVER = Text("了结为止", "until it is over")


class _Names(NamedTuple):
    """What ids are called, in the newest rules that have them."""

    language: Language
    items: Mapping[str, str]
    purposes: Mapping[str, str]
    services: Mapping[str, str]
    recipients: Mapping[str, str]
    posts: Mapping[str, str]

    def say(self, text: Text) -> str:
        """Return a text in the copy's language."""
        return text.in_(self.language)

    def all(self, ids: Iterable[str]) -> str:
        """Return kinds of information, one after another."""
        return self.listed(self.items.get(each, each) for each in ids)

    def listed(self, words: Iterable[str]) -> str:
        """Return words one after another."""
        return ("、" if self.language == "zh" else ", ").join(words)


def sheet(site: Site, copy: OwnCopy, language: Language) -> Sheet:
    """Return `copy` in `language`, with names out of every version of the rules."""
    names, rules = _names(site, language), site.rules()
    operator = rules.declaration.operator.name.in_(language) if rules else ""
    head = {
        "operator": operator,
        "user": copy.user,
        "made": _moment(copy.made),
        "rules": str(rules.version) if rules else "",
        "entries": names.listed(map(str, copy.entries)),
        "not_told": names.say(NOT_TOLD),
    }
    rows: dict[str, list[tuple[str, ...]]] = {
        "information": [
            (names.items.get(item, item), value + names.say(_MASKED) * (item in copy.partly))
            for item, value in sorted(worded(copy.information, language).items())
        ] + [_not_shown(each, names) for each in copy.not_shown],
        "purposes": _purposes(copy, names),
        "consents": [_fact(each, names) for each in copy.facts],
        "recipients": [
            (names.purposes.get(each, each), names.recipients.get(one, one))
            for each, to in copy.recipients.items() for one in to
        ],
        "given": [_given(each, names) for each in copy.acts if each.recipient and each.permitted is not False],
        "acts": [_act(each, names) for each in copy.acts],
        "kept": [
            (names.say(GROUNDS[each.ground]), each.cite,
             _moment(each.until) if each.until else names.say(_OVER), names.all(each.items))
            for each in copy.kept
        ],
    }  # fmt: skip
    tables = [
        Table(key, title.in_(language), tuple(each.in_(language) for each in columns), rows[key])
        for key, (title, columns) in TITLES.items()
    ]
    told = [(HEAD[key].in_(language), value) for key, value in head.items()]
    return Sheet(
        language, names.say(TITLE), operator, copy.made, told, names.say(NONE), names.say(PAGE), tables
    )  # fmt: skip


def latest(whole: Sheet, most: int) -> Sheet:
    """Return a sheet with no more than the latest `most` rows in each table that grows with time, and says so there."""
    return whole._replace(tables=[_latest(each, most, whole.language) for each in whole.tables])


def _latest(table: Table, most: int, language: Language) -> Table:
    rows = len(table.rows)
    if table.key not in _GROWING or rows <= most:
        return table
    note = LATEST.in_(language).format(n=f"{most:,}", all=f"{rows:,}")
    return table._replace(rows=table.rows[rows - most :], note=note)


def _names(site: Site, language: Language) -> _Names:
    ever = rules_ever(site)
    declared = [ever[number].declaration for number in sorted(ever)]
    items = {key: item.label.in_(language) for key, item in site.law.items.items()}
    for one in declared:
        items |= labels(one, site.law, language)
    return _Names(
        language, items,
        {each.id: each.name.in_(language) for one in declared for each in one.purposes},
        {each.id: each.name.in_(language) for one in declared for each in one.services},
        {each.id: each.name.in_(language) for one in declared for each in one.recipients},
        {each.id: each.name.in_(language) for one in declared for each in one.posts},
    )  # fmt: skip


def _not_shown(given: NotShown, names: _Names) -> tuple[str, ...]:
    why = names.say(_DENIED).format(cites=names.listed(given.cites)) if given.cites else names.say(_NOT_FOR_STAFF)
    return names.items.get(given.item, given.item), why


def _purposes(copy: OwnCopy, names: _Names) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = [
        (names.purposes.get(each, each), names.all(items)) for each, items in copy.purposes.items()
    ]
    unagreed = names.say(_UNAGREED)
    rows += [(names.purposes.get(each, each) + unagreed, names.all(items)) for each, items in copy.unagreed.items()]
    return [*rows, *([(names.say(_UNNEEDED), names.all(copy.unneeded))] if copy.unneeded else [])]


def _fact(fact: UserFact, names: _Names) -> tuple[str, ...]:
    version, strength = getattr(fact, "version", 0), getattr(fact, "strength", None)
    about = [
        names.purposes.get(purpose := getattr(fact, "purpose", ""), purpose),
        names.services.get(service := getattr(fact, "service", ""), service),
        names.say(_VERSION).format(n=version) if version else "",
        names.say(STRENGTH[strength]) if strength else "",
        names.say(_EVIDENCE).format(id=evidence) if (evidence := getattr(fact, "evidence", "")) else "",
    ]
    what = FACTS[str(fact.__struct_config__.tag)]
    told = " · ".join(each for each in about if each)
    return _moment(fact.at), names.say(what), told, names.all(sorted(getattr(fact, "items", ())))


def _act(act: OwnAct, names: _Names) -> tuple[str, ...]:
    who = names.say(_USER) if act.by == OWN_HAND else names.posts.get(act.post, act.post) or names.say(_UNKNOWN)
    what = names.say(ACTS.get(act.act) or BY_ITSELF.get(act.act, BY_ITSELF[DUE]))
    to = names.recipients.get(act.recipient, act.recipient)
    what += names.say(_OUTSIDE) if act.outside else ""
    return (
        _moment(act.at), who, f"{what} → {to}" if to else what, names.purposes.get(act.purpose, act.purpose),
        names.all(act.items), _outcome(act, names), str(act.entry),
    )  # fmt: skip


def _outcome(act: OwnAct, names: _Names) -> str:
    if act.permitted is None:
        return names.say(_UNSURE)
    return names.say(_DONE) if act.permitted else names.say(_REFUSED).format(cites=names.listed(act.cites))


def _given(act: OwnAct, names: _Names) -> tuple[str, ...]:
    to, purpose = names.recipients.get(act.recipient, act.recipient), names.purposes.get(act.purpose, act.purpose)
    if act.permitted is None:
        to += names.say(_PERHAPS).format(why=names.say(_UNSURE))
    return _moment(act.at), to, purpose, names.all(act.items), str(act.entry)


def _moment(moment: dt.datetime) -> str:
    """Return a moment by the clocks of China."""
    return f"{in_china(moment):%Y-%m-%d %H:%M:%S}"
