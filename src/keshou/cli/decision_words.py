# SPDX-License-Identifier: Apache-2.0
"""What the codes of the gate's answers are called: what was missing, and what a permission stands on."""

from keshou.language import Text

MISSING = {
    "complete_notice": Text("规则没有写全应当告知的内容", "rules that tell users all they must be told"),
    "confidentiality": Text("信息必须保密，不得泄露", "confidentiality: it may not be disclosed"),
    "consent": Text("用户的同意", "the user's consent"),
    "consent_freely_given": Text("不受欺骗、误导、强迫的同意", "a consent without deceit, misleading or coercion"),
    "consent_to_messages": Text(
        "用户同意或请求接收商业信息", "the user's agreement to, or request for, commercial messages"
    ),
    "contract": Text("代理合同没有包括这一行为", "a contract with the agent that covers this act"),
    "express_consent": Text("明示同意", "express consent"),
    "grant": Text(
        "该岗位没有这项权限（行为、信息、地点或时间）", "a grant to the post for this act, item, place or hour"
    ),
    "guardian_consent": Text("监护人的同意", "a guardian's consent"),
    "item": Text("不认识的信息种类", "a kind of information that is known"),
    "kind": Text("该目的没有声明这种行为", "the purpose declares no such kind of act"),
    "lawful_basis": Text("合法的依据", "a lawful basis"),
    "need": Text("该目的不需要这项信息", "the purpose does not need this information"),
    "nothing_permits_sale": Text("任何依据都不允许出售", "nothing: no ground whatever permits sale"),
    "notice": Text("用户尚未看到现行规则", "the notice: the user was not shown these rules"),
    "post": Text("此人担任几个岗位，没有说明以哪个岗位行事", "the post: more than one is held, or not this one"),
    "providing_service": Text(
        "登记信息只能用于提供服务", "registration information serves providing the service alone"
    ),
    "published_rules": Text("已公布并生效的收集、使用规则", "rules that are published and in force"),
    "purpose": Text("规则没有声明这个目的", "a purpose that the rules declare"),
    "qualification": Text("合格的代理人", "an agent that is fit"),
    "recipient": Text("规则声明过的接收方", "a recipient that the rules declare"),
    "retention": Text("登记信息的留存期未满", "the time of retention of registration information is not over"),
    "review": Text("批量操作事先的审查", "the review that a bulk act needs first"),
    "service": Text("用户没有在使用该目的所属的服务", "a service that the user is using"),
    "staff": Text("此人不担任任何岗位", "a post: whoever acts holds none"),
    "suspension": Text("主管机关要求暂停这类行为", "freedom from a suspension: the authority asked that this stop"),
    "user": Text("没有这个用户的记录", "a user who is on record"),
}
"""Code of what was missing -> its name."""

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
