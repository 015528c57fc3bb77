# SPDX-License-Identifier: Apache-2.0
"""What the codes of the law's data are called."""

from keshou.language import Text
from keshou.law.coverage import Status
from keshou.law.status import Standing
from keshou.law.terms import ActKind, Bearer, Carrier, Modality, Rank

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
