# SPDX-License-Identifier: Apache-2.0
"""What the codes of the gate's answers are called: what was missing, and what a permission stands on."""

from keshou.language import Text

MISSING = {
    "complete_notice": Text("规则没有写全应当告知的内容", "the rules do not say all that users must be told"),
    "confidentiality": Text("信息必须保密", "information is confidential"),
    "consent": Text("用户没有这样的同意", "the user did not agree to this"),
    "consent_freely_given": Text(
        "同意是以欺骗、误导、强迫得来的", "the consent was had by deceit, misleading or coercion"
    ),
    "consent_to_messages": Text(
        "用户没有同意也没有要求接收商业信息，或已拒收",
        "the user neither agreed to commercial messages nor asked for them, or refused them",
    ),
    "contract": Text("代理合同没有包括这一行为", "the agent's contract does not cover this act"),
    "express_consent": Text("没有明示同意", "there is no express consent"),
    "grant": Text(
        "岗位没有这项权限（行为、信息、地点或时间）", "the post is not granted this act, item, place or hour"
    ),
    "guardian_consent": Text("没有监护人的同意", "there is no guardian's consent"),
    "hold": Text(
        "信息因争议、案件、主管机关要求或者其他规定须暂时留存",
        "it is kept for now: a dispute, a case, a demand, another law",
    ),
    "item": Text("不认识的信息种类", "it is no kind of information that is known"),
    "kind": Text("该目的没有声明这种行为", "the purpose declares no such act"),
    "lawful_basis": Text("没有合法的依据", "there is no lawful basis"),
    "need": Text("该目的不需要这项信息", "the purpose does not need this information"),
    "nothing_permits_sale": Text("任何依据都不允许出售", "nothing whatever permits sale"),
    "notice": Text("用户没有看过包括这一行为的规则", "the user was not shown rules that cover this"),
    "post": Text("此人不担任这个岗位，或担任几个而没有说明", "the post is not held, or several are and none was named"),
    "providing_service": Text(
        "登记信息只能用于提供服务", "registration information serves providing the service alone"
    ),
    "published_rules": Text("没有公布并生效的规则", "no rules are published and in force"),
    "purpose": Text("规则没有声明这个目的", "the rules declare no such purpose"),
    "qualification": Text("代理人不合格", "the agent is not fit"),
    "recipient": Text("规则没有声明这个接收方", "the rules declare no such recipient"),
    "retention": Text("登记信息的留存期未满", "registration information is still to be retained"),
    "review": Text("批量操作没有事先审查", "the bulk act was not reviewed"),
    "service": Text("用户没有在使用该目的所属的服务", "the user does not use a service of the purpose"),
    "staff": Text("此人不担任任何岗位", "whoever acts holds no post"),
    "suspension": Text("电信管理机构要求暂停这类行为", "the authority has suspended this"),
    "user": Text("没有这个用户的记录", "no such user is on record"),
}
"""Code of what was missing -> why the prohibition was met."""

STANDS_ON = {
    "agent": Text("代理人合格", "the agent is fit"),
    "consent": Text("用户已同意", "the user agreed"),
    "declared_ground": Text("声明的上位法依据", "a higher law that the rules declare"),
    "grant": Text("岗位有权限", "the post is granted it"),
    "need": Text("该目的确有需要", "the purpose needs it"),
    "notice": Text("用户看过规则", "the user was shown the rules"),
    "own_hand": Text("用户处理自己的信息", "users handle their own information"),
    "published_rules": Text("规则已公布", "the rules are published"),
    "recipient": Text("接收方已声明", "the recipient is declared"),
    "recorded_ground": Text("已记录的上位法依据", "a recorded ground in higher law"),
    "retention": Text("留存期已满", "the time of retention is over"),
    "review": Text("已经审查", "it was reviewed"),
    "service": Text("用户在使用服务", "the user uses the service"),
}
"""Code of what a permission stands on -> its name."""
