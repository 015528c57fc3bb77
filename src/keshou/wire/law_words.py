# SPDX-License-Identifier: Apache-2.0
"""What the codes of the law's data are called."""

from keshou.language import Language, Text
from keshou.law.coverage import Status
from keshou.law.model import Penalty
from keshou.law.status import Standing
from keshou.law.terms import ActKind, Bearer, Carrier, Modality, PenaltyKind, Rank

RANK = {
    Rank.LAW: Text("法律", "law"),
    Rank.ADMINISTRATIVE_REGULATION: Text("行政法规", "administrative regulation"),
    Rank.DEPARTMENTAL_RULE: Text("部门规章", "departmental rule"),
    Rank.GUIDANCE: Text("指导性技术文件", "guidance"),
    Rank.DRAFT: Text("征求意见稿", "draft"),
}
MODALITY = {
    Modality.REQUIRED: Text("应当", "must"),
    Modality.PROHIBITED: Text("不得", "must not"),
    Modality.PERMITTED: Text("可以", "may"),
    Modality.DEFINITION: Text("定义", "meaning"),
    Modality.LIABILITY: Text("责任", "liability"),
}
BEARER = {
    Bearer.OPERATOR: Text("经营者", "operator"),
    Bearer.STAFF: Text("工作人员", "staff"),
    Bearer.AGENT: Text("代理人", "agent"),
    Bearer.USER: Text("用户", "user"),
    Bearer.PROXY: Text("受托人", "proxy"),
    Bearer.AUTHORITY: Text("主管机关", "authority"),
    Bearer.ANYONE: Text("任何组织和个人", "anyone"),
    Bearer.STATE: Text("国家", "state"),
    Bearer.ASSOCIATION: Text("行业协会", "association"),
}
STATUS = {
    Status.ENFORCED: Text("由闸门执行", "enforced by the gate"),
    Status.CARRIED: Text("由软件落实", "carried by the software"),
    Status.OUTSIDE: Text("在软件之外", "outside software"),
    Status.OPEN: Text("待建", "open"),
    Status.NONE_NEEDED: Text("无须落实", "nothing to carry"),
    Status.GAP: Text("缺口", "gap"),
}
STANDING = {
    Standing.IN_FORCE: Text("施行中", "in force"),
    Standing.NOT_YET: Text("尚未施行", "not yet in force"),
    Standing.REPEALED: Text("已废止", "repealed"),
    Standing.ADOPTABLE: Text("可采用", "may be adopted"),
    Standing.NEVER: Text("从未施行", "never in force"),
}
KIND = {
    ActKind.COLLECT: Text("收集", "collect"),
    ActKind.USE: Text("使用", "use"),
    ActKind.PROVIDE: Text("提供", "provide"),
    ActKind.SELL: Text("出售", "sell"),
    ActKind.DISCLOSE: Text("泄露", "disclose"),
    ActKind.QUERY: Text("查询", "query"),
    ActKind.CORRECT: Text("更正", "correct"),
    ActKind.DELETE: Text("删除", "delete"),
    ActKind.EXPORT: Text("导出", "export"),
    ActKind.COPY: Text("复制", "copy"),
    ActKind.DESTROY: Text("销毁", "destroy"),
}
CARRIER = {
    Carrier.GATE: Text("闸门", "the gate"),
    Carrier.DECLARATION: Text("声明", "the declaration"),
    Carrier.VAULT: Text("保险库", "the vault"),
    Carrier.LEDGER: Text("日志", "the ledger"),
    Carrier.ACTS: Text("办理环节", "acts"),
    Carrier.DUTIES: Text("职责", "duties"),
    Carrier.IDENTITY: Text("身份登记", "true-identity registration"),
    Carrier.SUPERVISION: Text("监督检查", "supervision"),
    Carrier.DISCOVERY: Text("发现", "discovery"),
    Carrier.OUTSIDE: Text("软件之外的人", "people outside software"),
    Carrier.NONE: Text("无", "nothing"),
}
PENALTY = {
    PenaltyKind.CORRECTION: Text("责令限期改正", "correction within a term"),
    PenaltyKind.WARNING: Text("警告", "warning"),
    PenaltyKind.FINE: Text("罚款", "fine"),
    PenaltyKind.PUBLICATION: Text("向社会公告", "public announcement"),
    PenaltyKind.SOCIAL_CREDIT_FILE: Text("记入社会信用档案", "entry in the social credit file"),
    PenaltyKind.CONFISCATION: Text("没收违法所得", "confiscation of unlawful gains"),
    PenaltyKind.LICENCE_REVOCATION: Text("吊销许可证", "revocation of the licence"),
    PenaltyKind.FILING_CANCELLATION: Text("取消备案", "cancellation of the filing"),
    PenaltyKind.WEBSITE_CLOSURE: Text("关闭网站", "closing of the website"),
    PenaltyKind.BUSINESS_BAN: Text("禁止有关责任人员从事该业务", "ban of responsible persons from the business"),
    PenaltyKind.PUBLIC_SECURITY: Text("治安管理处罚", "public-security punishment"),
    PenaltyKind.DISCIPLINARY: Text("依法给予处分", "disciplinary action"),
    PenaltyKind.SERVICE_REFUSAL: Text("不得提供服务", "refusal of service"),
    PenaltyKind.CRIMINAL: Text("构成犯罪的追究刑事责任", "criminal liability where a crime"),
    PenaltyKind.CIVIL: Text("民事责任", "civil liability"),
}
SOURCE = {
    "full": Text("已读原文", "the text was read"),
    "corroborated": Text("没有逐字读过原文，有其他资料佐证", "not read word by word; other papers corroborate it"),
    "secondary": Text("没有读到原文，据二手资料", "the text was not read; from secondary sources"),
    "general_knowledge": Text("没有读到原文，据一般了解", "the text was not read; from general knowledge"),
}
"""How well a provision's source was read."""
RESPECT = {
    "modality": Text("语气不同", "it speaks otherwise"),
    "bearers": Text("约束的对象不同", "it lies on others"),
    "period": Text("期限不同", "another period"),
    "penalty": Text("处罚不同", "another penalty"),
}
"""In what two provisions on one matter differ."""


def measures(penalty: Penalty, language: Language) -> str:
    """Return what a penalty provision lets the authority do, with the bounds of a fine in yuan."""
    told = [
        _fine(penalty, language) if kind is PenaltyKind.FINE else PENALTY[kind].in_(language) for kind in penalty.kinds
    ]
    return ("、" if language == "zh" else ", ").join(told)


def _fine(penalty: Penalty, language: Language) -> str:
    """Return the fine with its bounds; the bounds themselves are within it."""
    low, high = penalty.fine_from, penalty.fine_to
    if low is None and high is None:
        return PENALTY[PenaltyKind.FINE].in_(language)
    if language == "zh":
        ends = (f"{low:,}元以上" if low is not None else "") + (f"{high:,}元以下" if high is not None else "")
        return f"{'可以并处' if penalty.fine_discretionary else '处'}{ends}罚款"
    if low is not None and high is not None:
        ends = f"{low:,} to {high:,}"
    else:
        ends = f"up to {high:,}" if high is not None else f"at least {low:,}"
    return f"fine of {ends} yuan{' that may be added' if penalty.fine_discretionary else ''}"
