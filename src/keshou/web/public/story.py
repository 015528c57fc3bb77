# SPDX-License-Identifier: Apache-2.0
"""The tour's story as questions: what the sample's staff would do, in plain words, each to be asked by the reader."""

import datetime as dt
from typing import Final, NamedTuple
from urllib.parse import urlencode

from keshou.gate.act import Act
from keshou.language import Text
from keshou.law.model import CHINA
from keshou.law.terms import ActKind

AGREED: Final = "KS80808111"
"""One of the sample's invented users, who agreed to the service and to recommendations."""
SILENT: Final = "KS82923172"
"""Another, who agreed to the service and said nothing of recommendations."""
NOBODY: Final = "nobody"
"""Who is on no record."""
USERS: Final = (AGREED, SILENT, NOBODY)
HOURS: Final = ("", "10", "03")
"""When an act is asked about: now, at ten in the morning, at three at night."""
ASK: Final = "/start/ask"


class Question(NamedTuple):
    """One question to the gate, as the form sends it."""

    told: Text
    kind: ActKind
    user: str
    purpose: str
    by: str
    items: tuple[str, ...]
    hour: str = ""

    @property
    def link(self) -> str:
        """The page that asks it."""
        asked = [("kind", self.kind.value), ("user", self.user), ("purpose", self.purpose), ("by", self.by)]
        asked += [("item", each) for each in self.items]
        return f"{ASK}?{urlencode([*asked, ('hour', self.hour)] if self.hour else asked)}"


RECOMMEND: Final = Question(
    Text("向没有同意推荐的用户推荐套餐", "recommend a plan to a user who did not agree to it"),
    ActKind.USE, SILENT, "marketing", "analyst", ("tariff_plan",),
)  # fmt: skip
SALE: Final = Question(
    Text("出售手机号码", "sell the mobile number"), ActKind.SELL, AGREED, "marketing", "analyst", ("mobile_number",)
)
STORY: Final = (
    Question(Text("计费程序按号码接续服务", "the billing program runs the service by the number"),
             ActKind.USE, AGREED, "service", "billing", ("mobile_number",)),
    Question(Text("客服查看来电用户的套餐", "customer care looks up the plan of a user who calls"),
             ActKind.QUERY, AGREED, "care", "care", ("tariff_plan",)),
    Question(Text("向同意过的用户推荐套餐", "recommend a plan to a user who agreed to it"),
             ActKind.USE, AGREED, "marketing", "analyst", ("tariff_plan",)),
    RECOMMEND,
    Question(Text("用身份证号码做营销", "use the identity number for marketing"),
             ActKind.USE, AGREED, "marketing", "analyst", ("resident_id_number",)),
    Question(Text("外包维修员凭工单查地址，上午十点", "a contract repairer looks up a home, at ten in the morning"),
             ActKind.QUERY, AGREED, "repair", "repairer", ("home_address",), "10"),
    Question(Text("同一位维修员，凌晨三点", "the same repairer, at three at night"),
             ActKind.QUERY, AGREED, "repair", "repairer", ("home_address",), "03"),
    Question(Text("用基站位置做客服，目的之外", "use the cell location for customer care, beyond its purpose"),
             ActKind.USE, AGREED, "care", "care", ("cell_location",)),
    SALE,
    Question(Text("合作门店查询用户，合同没有包括", "the partner shop looks a user up, beyond its contract"),
             ActKind.QUERY, AGREED, "service", "shop", ("mobile_number",)),
    Question(Text("查询一个没有记录的用户", "look up somebody who is not on record"),
             ActKind.QUERY, NOBODY, "care", "care", ("mobile_number",)),
)  # fmt: skip


def act_of(asked: Question, now: dt.datetime, where: str) -> Act:
    """Return the act that a question is about, asked at `now`, done at the department `where`."""
    return Act(
        kind=asked.kind, user=asked.user, items=frozenset(asked.items), purpose=asked.purpose, by=asked.by,
        when=moment(asked.hour, now), where=where,
    )  # fmt: skip


def moment(hour: str, now: dt.datetime) -> dt.datetime:
    """Return the next moment at which clocks show `hour`; `now` when none is given."""
    if not hour:
        return now
    here = now.astimezone(CHINA).replace(hour=int(hour), minute=0, second=0, microsecond=0)
    return (here if here > now else here + dt.timedelta(days=1)).astimezone(dt.UTC)
