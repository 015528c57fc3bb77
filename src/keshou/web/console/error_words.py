# SPDX-License-Identifier: Apache-2.0
"""Refusals that pages tell otherwise than the rooms do, for the rooms speak to people at a terminal."""

import re

from keshou.errors import KeshouError
from keshou.language import Language, Text
from keshou.wire import error_words

REFUSALS = {
    "nobody of that id holds the post": Text(
        "此人已不担任这个岗位；失效的须重新任命", "nobody of that id holds the post; what lapsed is appointed anew"
    ),
    "whoever confirms does not answer for the post's department (miit24:13.1.5)": Text(
        "确认的人不是该岗位所属部门的负责人", "whoever confirms does not answer for the post's department"
    ),
    "the review was answered before": Text(
        "别人已经答复了这项审查，没有再改动什么", "the review was answered before; nothing more was changed"
    ),
    "no post of the caller reviews bulk acts (miit24:13.1.3)": Text(
        "您的岗位不能审查批量操作；规则写明谁可以", "no post of yours reviews bulk acts; the rules say whose does"
    ),
    "a person reviews (miit24:13.1.3)": Text("审查由人来做", "a person reviews"),
    "the caller answers for no post and has no office for it (miit24:13.1.5)": Text(
        "您不对任何岗位负责，也没有为此的职权", "you answer for no post and have no office for it"
    ),
    "no rules are in force": Text("没有生效的规则；请先公布", "no rules are in force; publish them first"),
    "nobody is the second hand of what they gave, or of their own account (miit24:13.1.3)": Text(
        "自己给出的，或者自己的账户，不能自己确认；请由别人确认",
        "nobody confirms what they gave, or their own account; let somebody else",
    ),
    "nothing of that id waits for a second hand": Text(
        "没有等待确认的，或者已经确认、已经过期", "nothing of that id waits any more"
    ),
    "a person confirms it (miit24:13.1.3)": Text("确认由人来做", "a person confirms it"),
    "it was changed since it was read": Text(
        "您打开之后，别人已经改过；您所做的没有生效。请重新打开，再作决定",
        "somebody changed it since you opened it, and nothing of yours was done; open it again, then decide anew",
    ),
    "an emergency of the same person waits for its review (miit24:13.1.3)": Text(
        "您上一次应急授权还没有复核；请先请别人复核",
        "your last emergency waits for its review; let somebody else review it first",
    ),
    "whoever published that a post is lent does not lend it to themselves (miit24:13.1.3)": Text(
        "这个岗位可以应急借用，是您自己公布的；您不能自己借用，请由别人来办",
        "you published that this post is lent, so you do not lend it to yourself; let somebody else",
    ),
    "the rules give a post more that whoever publishes holds (miit24:13.1.3)": Text(
        "这一版会给您自己担任的岗位更多权限；没有公布，请由不担任这些岗位的人公布",
        "this version gives more to a post that you hold; nothing was published: let somebody publish it who does not",
    ),
    "no such user is on record": Text("没有这个用户", "no such user is on record"),
    "whoever writes this down holds no post, or one of an agent that may not serve now (miit24:13.1.3, 11)": Text(
        "登记的人没有担任岗位，或者所属代理人现在不能办理",
        "you hold no post, or one of an agent that may not serve now",
    ),
    "nothing changed": Text(
        "与现有的一版完全相同，没有公布", "it says the same as the version before; nothing was published"
    ),
    "this caller does no acts": Text("监督检查人员不办理行为", "inspectors do no acts"),
    "this is for the operator's people and programs": Text(
        "只有经营者的人员可以这样做", "this is for the operator's people"
    ),
    "no key of this recipient was verified": Text(
        "这个接收方还没有核实过的公钥；请先由别人核实并登记",
        "no key of this recipient was verified; let somebody verify it and write it down first",
    ),
    "the file does not hold one public key and nothing else": Text(
        "填写的不是一个公钥", "what was given is not one public key"
    ),
    "what stands for the recipient's public key is none": Text(
        "填写的不是公钥；它以 age1 开头", "that is no public key; one begins with age1"
    ),
    "this was done before, and its secret is told once only": Text(
        "已经做过，令牌当时已经显示；丢了就终止它，另建一个",
        "this was done before, and its token was shown then; where it was lost, end it and make another",
    ),
    "the form has no name of its own": Text(
        "这个表单已经失效；请重新打开", "the form holds no longer; open the page again"
    ),
}
"""A refusal as the rooms tell it -> the same for readers of pages."""
_OFFICE = Text(
    "您的岗位没有办理此事的职权；规则里写明哪些岗位有",
    "no post of yours has the office for this; the rules say whose does",
)
_OFFICE_BEGINS = "no post of the caller has the office"
_ELSEWHERE = re.compile(r"/api/|\b(see|list)\b[^`]*`keshou ")
"""What a hint has that leads to a list of another face; the page shows that list itself."""


def in_words(error: KeshouError, language: Language) -> tuple[str, str]:
    """Return why something was refused, and what to do about it (may be empty); never anybody's values."""
    told = str(error)
    if told in REFUSALS:
        return REFUSALS[told].in_(language), ""
    if told.startswith(_OFFICE_BEGINS):
        return _OFFICE.in_(language), ""
    what, hint = error_words.in_words(error, language)
    return what, "" if _ELSEWHERE.search(error.hint) else hint


def in_one(error: KeshouError, language: Language) -> str:
    """Return both as one sentence, for what a page says beside a form."""
    return ("；" if language == "zh" else "; ").join(each for each in in_words(error, language) if each)
