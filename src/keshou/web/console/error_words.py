# SPDX-License-Identifier: Apache-2.0
"""Refusals in the reader's language: the rooms tell them in English, as people at a terminal read them."""

from keshou.errors import KeshouError
from keshou.language import Language, Text
from keshou.web.problem import kind_of

REFUSALS = {
    "nobody appoints themselves (miit24:13.1.3)": Text("没有人可以任命自己", "nobody appoints themselves"),
    "an agent's staff appoint nobody (miit24:11)": Text("代理人的员工不能任命他人", "an agent's staff appoint nobody"),
    "an agent's own staff do not find it fit (miit24:11)": Text(
        "代理人自己的员工不能认定它合格", "an agent's own staff do not find it fit"
    ),
    "nobody confirms their own access (miit24:13.1.5)": Text(
        "没有人可以确认自己的权限；请由对您负责的人确认",
        "nobody confirms their own access; let who answers for you do it",
    ),
    "nobody of that id holds the post": Text(
        "此人已不担任这个岗位；失效的须重新任命", "nobody of that id holds the post; what lapsed is appointed anew"
    ),
    "whoever confirms does not answer for the post's department (miit24:13.1.5)": Text(
        "确认的人不是该岗位所属部门的负责人", "whoever confirms does not answer for the post's department"
    ),
    "whoever asked for a bulk act may not review it (miit24:13.1.3)": Text(
        "申请批量操作的人不能自己审查；请由别人审查",
        "whoever asked for a bulk act may not review it; let somebody else",
    ),
    "the review was answered before": Text(
        "别人已经答复了这项审查，没有再改动什么", "the review was answered before; nothing more was changed"
    ),
    "whoever set a hold does not lift it (miit24:13.1.3)": Text(
        "设定法定留存的人不能自己解除；请由别人解除", "whoever set a hold does not lift it; let somebody else"
    ),
    "no such hold stands": Text("没有这项法定留存，或者已经结束", "no such hold stands, or it ended before"),
    "a hold on everything of everybody": Text(
        "法定留存要写明用户或者目的", "a hold on everything of everybody: name users, or purposes"
    ),
    "somebody named in the hold is not on record": Text(
        "法定留存里有一名用户没有记录；请核对编号", "somebody named in the hold is not on record; check the ids"
    ),
    "a demand or another law without the provision it rests on": Text(
        "主管机关的要求和其他规定，须写明引用的规定", "a demand or another law needs the provision it rests on"
    ),
    "there is no such review": Text("没有这项审查", "there is no such review"),
    "no post of the caller reviews bulk acts (miit24:13.1.3)": Text(
        "您的岗位不能审查批量操作；规则写明谁可以", "no post of yours reviews bulk acts; the rules say whose does"
    ),
    "a person reviews (miit24:13.1.3)": Text("审查由人来做", "a person reviews"),
    "the rules declare no review of bulk acts": Text(
        "规则没有规定批量操作的审查", "the rules declare no review of bulk acts"
    ),
    "this is for those in a post of the operator's own (miit24:13.1.1)": Text(
        "只有担任经营者自己岗位的人可以这样做", "this is for those in a post of the operator's own"
    ),
    "the caller answers for no post and has no office for it (miit24:13.1.5)": Text(
        "您不对任何岗位负责，也没有为此的职权", "you answer for no post and have no office for it"
    ),
    "no rules are in force": Text("没有生效的规则；请先公布", "no rules are in force; publish them first"),
    "nobody invites or ends themselves": Text("没有人可以邀请或终止自己的账号", "nobody invites or ends themselves"),
    "the rules declare no such post": Text("规则里没有这个岗位", "the rules declare no such post"),
    "the agent was not entrusted with this purpose (miit24:11)": Text(
        "代理人没有受托这个目的；请由经营者自己的员工登记",
        "the agent was not entrusted with this purpose; let the operator's own staff write it down",
    ),
    "the rules declare no such agent": Text("规则里没有这个代理人", "the rules declare no such agent"),
    "it was changed since it was read": Text(
        "您打开之后，别人已经改过；您所做的没有生效。请重新打开，再作决定",
        "somebody changed it since you opened it, and nothing of yours was done; open it again, then decide anew",
    ),
    "nobody reviews their own emergency (miit24:13.1.3)": Text(
        "没有人可以复核自己的应急授权；请由别人复核",
        "nobody reviews their own emergency; let somebody else",
    ),
    "there is no such emergency": Text("没有这次应急授权", "there is no such emergency"),
    "the emergency was reviewed before": Text("别人已经复核过了", "the emergency was reviewed before"),
    "the rules foresee no emergencies": Text("规则没有规定应急授权", "the rules foresee no emergencies"),
    "the rules do not lend this post in an emergency": Text(
        "规则没有把这个岗位列入应急授权", "the rules do not lend this post in an emergency"
    ),
    "the rules do not know this reason for an emergency": Text(
        "规则里没有这个应急理由", "the rules do not know this reason for an emergency"
    ),
    "it would hold for longer than the rules let it": Text(
        "超过了规则允许的时间", "it would hold for longer than the rules let it"
    ),
    "a review finds an emergency justified or not": Text(
        "复核的结论是正当或者不正当", "a review finds an emergency justified or not"
    ),
    "no such user is on record": Text("没有这个用户", "no such user is on record"),
    "whoever writes this down holds no post, or one of an agent that may not serve now (miit24:13.1.3, 11)": Text(
        "登记的人没有担任岗位，或者所属代理人现在不能办理",
        "you hold no post, or one of an agent that may not serve now",
    ),
    "the log has no such entry": Text("日志里没有这一条", "the log has no such entry"),
    "the first rules are published by the operator's own people (miit24:8)": Text(
        "第一版规则由经营者自己的人员公布", "the first rules are published by the operator’s own people"
    ),
    "nothing changed": Text(
        "与现有的一版完全相同，没有公布", "it says the same as the version before; nothing was published"
    ),
    "this caller does no acts": Text("监督检查人员不办理行为", "inspectors do no acts"),
    "this is for the operator's people and programs": Text(
        "只有经营者的人员可以这样做", "this is for the operator's people"
    ),
    "the register has a medium of that id": Text("登记册里已有这个编号", "the register has a medium of that id"),
    "the register has no such medium": Text("登记册里没有这个介质", "the register has no such medium"),
    "the medium was destroyed": Text("这个介质已经销毁", "the medium was destroyed"),
    "nobody is the witness of what they do themselves": Text(
        "没有人可以为自己做的事作见证；请写另一个看到的人",
        "nobody is the witness of what they do themselves; name somebody else who saw it",
    ),
    "no key of this recipient was verified": Text(
        "这个接收方还没有核实过的公钥；请先由别人核实并登记",
        "no key of this recipient was verified; let somebody verify it and write it down first",
    ),
    "whoever verified the recipient's key does not export to it (miit24:13.1.3)": Text(
        "核实公钥的人不能向这个接收方导出；请由别人来做",
        "whoever verified the recipient's key does not export to it; let somebody else do it",
    ),
    "the recipient has no key on record": Text("这个接收方没有登记的公钥", "the recipient has no key on record"),
    "the file does not hold one public key and nothing else": Text(
        "填写的不是一个公钥", "what was given is not one public key"
    ),
    "what stands for the recipient's public key is none": Text(
        "填写的不是公钥；它以 age1 开头", "that is no public key; one begins with age1"
    ),
    "the export waits for another person's review": Text(
        "这次导出还在等待审查", "the export waits for another person's review"
    ),
    "the export's review was refused": Text("这次导出的审查没有批准", "the export's review was refused"),
    "the approval of the export is over": Text("对这次导出的批准已经过期", "the approval of the export is over"),
    "there is no such export": Text("没有这次导出", "there is no such export"),
    "there is no such link": Text("没有这个链接", "there is no such link"),
    "the rules declare no such recipient": Text("规则里没有这个接收方", "the rules declare no such recipient"),
    "this was done before, and its secret is told once only": Text(
        "已经做过，令牌当时已经显示；丢了就终止它，另建一个",
        "this was done before, and its token was shown then; where it was lost, end it and make another",
    ),
    "one of the choices has to be made": Text("请选择其中一项", "choose one of them"),
    "an id is of letters, digits, dots, dashes and underscores": Text(
        "标识由字母、数字、点、短横和下划线组成", "an id is of letters, digits, dots, dashes and underscores"
    ),
    "another backup is being made": Text(
        "正在做另一个备份；请等它做完", "another backup is being made; wait until it is done"
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


def in_words(error: KeshouError, language: Language) -> tuple[str, str]:
    """Return why something was refused, and what to do about it (may be empty); never anybody's values."""
    told = str(error)
    if told in REFUSALS:
        return REFUSALS[told].in_(language), ""
    if told.startswith(_OFFICE_BEGINS):
        return _OFFICE.in_(language), ""
    if language == "zh":
        return kind_of(error).title.zh, ""
    return told, error.hint
