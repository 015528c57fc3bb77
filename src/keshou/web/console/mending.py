# SPDX-License-Identifier: Apache-2.0
"""How what was missing is mended, in words, and on which page."""

from typing import Final

from keshou.language import Text

_RULES, _PEOPLE, _USER = "/console/rules", "/console/people", "/console/user"
MEND: Final = {
    "complete_notice": (
        Text("补全规则里应当告知的内容，再公布", "complete what the rules tell users, and publish them"),
        _RULES,
    ),
    "confidentiality": (
        Text(
            "不可以这样做；除非上位法另有规定并已登记",
            "it may not be done, unless a higher law says so and is recorded",
        ),
        "",
    ),
    "consent": (Text("向用户出示规则并征得同意", "show the user the rules and ask for consent"), _USER),
    "consent_freely_given": (
        Text("重新出示规则，由用户自由地同意", "show the rules anew and let the user agree freely"),
        _USER,
    ),
    "consent_to_messages": (Text("只有用户自己要求，才可以发送", "send them only when the user asks for them"), _USER),
    "contract": (
        Text(
            "扩大代理合同的范围并改声明，或由自己的员工办理",
            "widen the agent’s contract and the declaration, or let your own staff do it",
        ),
        _RULES,
    ),
    "express_consent": (Text("征得明示同意", "ask for express consent"), _USER),
    "grant": (
        Text(
            "由有权限的岗位在许可的地点和时间办理，或在声明里授权",
            "let a post that is granted it act, where and when it is; or grant it in the declaration",
        ),
        _PEOPLE,
    ),
    "guardian_consent": (Text("征得监护人的同意", "ask the guardian"), _USER),
    "hold": (
        Text("等法定留存到期或者由另一个人解除", "wait until the hold is over, or somebody else lifts it"),
        "/console/holds",
    ),
    "item": (Text("用声明里的信息种类", "name a kind of information that the declaration knows"), _RULES),
    "kind": (
        Text(
            "在声明里给这个目的加上这种行为，并征得新的同意",
            "declare this act for the purpose, and ask for consent anew",
        ),
        _RULES,
    ),
    "lawful_basis": (Text("征得同意，或登记上位法的依据", "ask for consent, or record a ground in higher law"), _USER),
    "need": (
        Text(
            "只要这个目的必需的信息；确有必要的，写进声明",
            "ask only for what the purpose needs; what it really needs goes into the declaration",
        ),
        _RULES,
    ),
    "nothing_permits_sale": (Text("不可以出售，没有例外", "it may not be sold; there is no exception"), ""),
    "notice": (Text("先向用户出示现行规则", "show the user the rules in force first"), _USER),
    "post": (Text("说明以哪个岗位办理，或先任命", "say in which post it is done, or appoint somebody first"), _PEOPLE),
    "providing_service": (
        Text("登记信息只用于提供服务", "use registration information for providing the service alone"),
        "",
    ),
    "published_rules": (Text("先公布规则", "publish the rules first"), _RULES),
    "purpose": (
        Text("用声明过的目的；新的目的先声明并公布", "name a declared purpose; declare and publish a new one first"),
        _RULES,
    ),
    "qualification": (
        Text(
            "恢复代理人的资格或续签合同，或由自己的员工办理",
            "see to the agent’s qualification, or let your own staff do it",
        ),
        "/console/people/agents",
    ),
    "recipient": (
        Text("在声明里写明接收方，并征得新的同意", "declare the recipient, and ask for consent anew"),
        _RULES,
    ),
    "retention": (Text("等留存期满再删除", "wait until the time of retention is over"), ""),
    "review": (
        Text("先申请审查，由另一个人批准", "ask for a review first; another person approves it"),
        "/console/reviews",
    ),
    "service": (Text("用户开始使用服务之后才可以", "it may be done once the user uses the service"), _USER),
    "staff": (Text("先任命此人到岗位", "appoint whoever acts to a post"), _PEOPLE),
    "suspension": (Text("等电信管理机构解除暂停", "wait until the authority lifts the suspension"), ""),
    "user": (Text("先登记这个用户", "take the user in first"), ""),
}
"""Code of what was missing -> how it is mended, and on which page (empty: on none)."""
