# SPDX-License-Identifier: Apache-2.0
"""The scene of questions: lawful and unlawful acts, each answered with its articles."""

import datetime as dt
from typing import NamedTuple

from rich.console import RenderableType
from rich.table import Table

from keshou.cli.tour.stage import Stage
from keshou.gate.act import Act
from keshou.gate.facts import ReviewApproved, SuspensionLifted, SuspensionOrdered
from keshou.language import Text
from keshou.law.terms import ActKind

_MANY = 3000
_NIGHT = dt.timedelta(hours=17)


class Question(NamedTuple):
    """One act asked about, in plain words."""

    told: Text
    act: Act


def ask(stage: Stage, user: str, refuser: str) -> None:
    """Ask the gate lawful and unlawful things."""
    stage.scene(
        "问闸门", "Questions to the gate",
        "每次动用信息之前问一句“可以吗”。答案不是一个对错，而是依据的条款：允许站在哪些条款上，拒绝碰到了哪些条款、缺什么。",
        "Before information is touched, one asks: may I? The answer "
        "is never a bare yes or no: it cites the articles, and "
        "for a denial all of them, with what was missing.",
    )  # fmt: skip
    questions = _questions(stage, user, refuser)
    asked = Table(box=None, padding=(0, 1, 1, 1), show_header=False)
    asked.add_column(ratio=3)
    asked.add_column(ratio=5)
    denied = 0
    for told, act in questions:
        decision = stage.site.ask(act)
        denied += not decision.permitted
        asked.add_row(stage.call.of(told), stage.articles(decision))
    asked.add_row(*_suspended(stage, user))
    stage.show(asked)
    stage.facts |= {"questions": len(questions) + 1, "denied": denied + 1}


def _questions(stage: Stage, user: str, refuser: str) -> list[Question]:
    when = stage.office_hour()
    stage.site.record_site(_review(stage), by="reviewer")

    def act(kind: ActKind, who: str, purpose: str, by: str, *items: str, **rest: object) -> Act:
        moment = rest.pop("when", when)
        parts = {"kind": kind, "user": who, "purpose": purpose, "by": by, "items": frozenset(items)}
        return Act(**parts, when=moment, **rest)  # type: ignore[arg-type]

    use, number = ActKind.USE, "mobile_number"
    repair = (ActKind.QUERY, user, "repair", "repairer", "home_address")
    return [
        Question(Text("计费程序按号码接续服务", "the billing program runs the service by the number"),
                 act(use, user, "service", "billing", number)),
        Question(Text("外包维修员凭工单查地址，上午十点", "a contract repairer looks up a home, at ten in the morning"),
                 act(*repair)),
        Question(Text("同一位维修员，凌晨三点", "the same repairer, at three at night"),
                 act(*repair, when=when + _NIGHT)),
        Question(Text("用流量推荐套餐，用户没有同意", "recommend a plan; the user never agreed"),
                 act(use, user, "marketing", "analyst", "data_volume")),
        Question(Text("给拒收的用户发推荐短信", "send a recommendation to a user who refused"),
                 act(use, refuser, "marketing", "analyst", number)),
        Question(Text("用身份证号码做营销", "use the identity number for marketing"),
                 act(use, user, "marketing", "analyst", "resident_id_number")),
        Question(Text("用基站位置做客服，目的之外", "use the cell location for customer care, beyond its purpose"),
                 act(use, user, "care", "care", "cell_location")),
        Question(Text("出售手机号码", "sell the mobile number"),
                 act(ActKind.SELL, user, "marketing", "analyst", number)),
        Question(Text("合作门店查询用户，合同没有包括", "the partner shop looks a user up, beyond its contract"),
                 act(ActKind.QUERY, user, "service", "shop", number, where="west_branch")),
        Question(Text(f"批量导出 {_MANY:,} 人的套餐，未经审查", f"export the plans of {_MANY:,} users without review"),
                 act(ActKind.EXPORT, "", "billing", "billing", "tariff_plan", count=_MANY)),
        Question(Text("同样的导出，审查员已批准", "the same export, approved by the reviewer"),
                 act(ActKind.EXPORT, "", "billing", "billing", "tariff_plan", count=_MANY, review=_review_id(stage),
                     when=stage.site.now())),
        Question(Text("查询一个没有记录的用户", "look up somebody who is not on record"),
                 act(ActKind.QUERY, "nobody", "care", "care", number)),
    ]  # fmt: skip


def _review_id(stage: Stage) -> str:
    return f"tour-{stage.facts.get('version', 0)}"


def _review(stage: Stage) -> ReviewApproved:
    now = stage.site.now()
    return ReviewApproved(
        at=now, review=_review_id(stage), requester="billing", reviewer="reviewer", kind=ActKind.EXPORT,
        purpose="billing", items=frozenset({"tariff_plan"}), count=_MANY, until=now + dt.timedelta(hours=1),
    )  # fmt: skip


def _suspended(stage: Stage, user: str) -> tuple[str, RenderableType]:
    """Ask while the authority has suspended a purpose, and lift it again."""
    site, name = stage.site, _review_id(stage)
    order = SuspensionOrdered(at=site.now(), suspension=name, purposes=frozenset({"service"}))
    site.record_site(order, by="officer")
    act = Act(
        kind=ActKind.USE, user=user, items=frozenset({"mobile_number"}), purpose="service", by="billing",
        when=site.now(),
    )  # fmt: skip
    decision = site.ask(act)
    site.record_site(SuspensionLifted(at=site.now(), suspension=name), by="officer")
    told = Text(
        "计费程序再问，电信管理机构已要求暂停",
        "the billing program again, while the authority has it suspended",
    )
    return stage.call.of(told), stage.articles(decision)
