# SPDX-License-Identifier: Apache-2.0
"""The fixed words of the rules page, in both languages."""

from keshou.language import Text

WORDS = {
    "title": Text("用户个人信息收集、使用规则", "Rules on collecting and using users' personal information"),
    "version": Text("版本", "Version"),
    "effective": Text("施行日期", "In effect from"),
    "digest": Text("摘要", "Digest"),
    "digest_note": Text("（凭此核对您同意的正是这一版）", "(shows that this is the version you agreed to)"),
    "intro": Text(
        "本规则说明我们为了什么目的、以什么方式、收集和使用您的哪些个人信息，以及您可以怎样查询、更正、撤回同意、注销号码或者账号。",
        "These rules say for which purposes, in what manner and which of your personal information we collect and "
        "use, and how you can query, correct, withdraw consent and cancel.",
    ),
    "overview": Text("一览", "At a glance"),
    "who": Text("我们是谁", "Who we are"),
    "licence": Text("许可或者备案", "Licence or filing"),
    "purposes": Text("收集和使用的目的", "What we collect and use information for"),
    "purpose": Text("目的", "Purpose"),
    "services": Text("所涉服务", "Services"),
    "acts": Text("我们会做的", "What we do"),
    "manner": Text("方式", "Manner"),
    "scope": Text("范围和理由", "Scope and reasons"),
    "item": Text("信息", "Information"),
    "why": Text("为何必要", "Why it is necessary"),
    "only": Text("仅限", "only for"),
    "basis": Text("依据", "Basis"),
    "consent_express": Text("您的明示同意", "your express consent"),
    "consent_tacit": Text("您的同意（您没有表示反对）", "your consent (you have not objected)"),
    "consent_guardian": Text("监护人的同意", "your guardian's consent"),
    "basis_in_part": Text(
        "{cite}（{acts}：{items}）；其余为{consent}", "{cite} ({acts}: {items}); for the rest, {consent}"
    ),
    "retention": Text("保存期限", "Kept"),
    "collection": Text("收集后", "after collection"),
    "service_end": Text("服务终止后", "after the service ends"),
    "collection_at_once": Text("用后即删", "deleted as soon as used"),
    "service_end_at_once": Text("服务终止时即删", "deleted when the service ends"),
    "provided": Text("向他人提供", "Provided to others"),
    "overseas": Text("境外", "overseas"),
    "nobody": Text("不提供", "no"),
    "refusal": Text("您拒绝的话", "If you refuse"),
    "not_service": Text(
        "这不是提供服务所必需的；拒绝不影响您使用服务。",
        "This is not part of providing the service; refusing does not affect it.",
    ),
    "messages": Text(
        "会向您发送商业信息，您可以随时拒收。", "You are sent commercial messages and may refuse them at any time."
    ),
    "agents": Text("代表我们为您服务的代理人", "Agents who serve you for us"),
    "agent": Text("代理人", "Agent"),
    "stand_ins": Text("只给代号、不给信息本身的", "Given as a stand-in, never as it is"),
    "contact": Text("联系方式", "Contact"),
    "rights": Text("您可以怎样做", "What you can do"),
    "query": Text("查询您的信息", "Query your information"),
    "correct": Text("更正您的信息", "Correct your information"),
    "withdraw": Text("撤回同意", "Withdraw your consent"),
    "cancel": Text("注销号码或者账号", "Cancel your number or account"),
    "complaint": Text("投诉", "Complaints"),
    "answer_before": Text(
        "对个人信息保护有意见，请联系：", "If you object to how your information is protected, turn to:"
    ),
    "holdings": Text("信息存放在哪里", "Where your information lies"),
    "vault": Text("在此加密保存", "kept sealed here"),
    "own_system": Text("存放在我们自己的系统里，未在此加密保存", "in a system of our own, not sealed here"),
    "protection": Text("我们怎样保护信息", "How we protect information"),
    "risks": Text("提供信息的风险", "Risks in giving information"),
    "adopted": Text("我们另外承诺遵循", "We also undertake to follow"),
    "phone": Text("电话", "Phone"),
    "email": Text("电子邮箱", "E-mail"),
    "url": Text("网页", "Page"),
    "address": Text("地址", "Address"),
    "colon": Text("：", ": "),
    "stop": Text("。", "."),
    "ended": Text(
        "您停止使用服务后，我们停止收集和使用您的信息，只在上述期限内保存。",
        "When you stop using the service we stop collecting and using your information, and only keep it for the "
        "times stated above.",
    ),
}
ACTS = {
    "collect": Text("收集", "collect"),
    "use": Text("使用", "use"),
    "provide": Text("提供给他人", "provide to others"),
    "sell": Text("出售", "sell"),
    "disclose": Text("公开", "disclose"),
    "query": Text("查询", "query"),
    "correct": Text("更正", "correct"),
    "delete": Text("删除", "delete"),
    "export": Text("批量导出", "export"),
    "copy": Text("复制", "copy"),
    "destroy": Text("销毁", "destroy"),
}
