# SPDX-License-Identifier: Apache-2.0
"""Pages of the reference that are made from the data: every kind of finding, and the schema of the file."""

from itertools import groupby

import msgspec

from keshou.declaration.finding import Kind, kinds
from keshou.declaration.schema import json_schema
from keshou.language import Language, Text

_HEAD = Text(
    zh="""\
# `keshou check` 发现的问题

<!-- Made from findings.toml by keshou.declaration.reference.findings_page(); a test compares. -->

*错误*是违反法规，或者格式不对；*警告*是有疑问，或者是建议。只有所引的法规约束这个经营者时，问题才适用：看经营者的种类，看日期，指南还看是否采用。
花括号里的词由程序填上。
""",
    en="""\
# Findings of `keshou check`

<!-- Made from findings.toml by keshou.declaration.reference.findings_page(); a test compares. -->

An *error* is against the law, or not well-formed; a *warning* is uncertain or advice. A finding applies only while the
instrument it cites binds the operator: by its kind, by the day, and for guidance by adoption. Words in braces are
filled in.
""",
)


def findings_page(language: Language) -> str:
    """Return ``docs/reference/findings.md``, or the page of the same name in ``docs/zh``."""
    every = sorted(kinds().items(), key=lambda pair: (list(_SUBJECTS).index(pair[1].subject), pair[0]))
    parts = [_HEAD.in_(language)]
    for subject, group in groupby(every, key=lambda pair: pair[1].subject):
        parts.append(f"\n## {_SUBJECTS[subject].in_(language)}\n")
        parts.extend(_entry(code, kind, language) for code, kind in group)
    return "".join(parts)


_SUBJECTS = {
    "file": Text("文件", "The file"),
    "operator": Text("经营者", "Operator"),
    "purposes": Text("目的", "Purposes"),
    "items": Text("信息", "Items"),
    "recipients": Text("接收方", "Recipients"),
    "agents": Text("代理人", "Agents"),
    "grants": Text("权限", "Grants"),
    "posts": Text("部门和岗位", "Departments and posts"),
    "channels": Text("渠道", "Channels"),
    "retention": Text("留存和登记", "Retention and registration"),
    "review": Text("审查", "Review"),
    "access": Text("权限复核与应急授权", "Review of access, and emergencies"),
    "holdings": Text("存放处", "Holdings"),
    "finding": Text("凭什么查找用户", "What users are found by"),
}
_SEVERITIES = {"error": Text("错误", "error"), "warning": Text("警告", "warning")}


def _entry(code: str, kind: Kind, language: Language) -> str:
    severity, cite = _SEVERITIES[kind.severity].in_(language), f"`{kind.cite}`" if kind.cite else ""
    told = kind.what.zh + kind.mend.zh if language == "zh" else f"{kind.what.en} {kind.mend.en}"
    beside = ("，" if language == "zh" else ", ") + cite if cite else ""
    return f"\n### `{code}`\n\n{severity}{beside}\n\n{told}\n"


def schema_text() -> str:
    """Return ``docs/reference/operator.schema.json``."""
    return msgspec.json.format(msgspec.json.encode(json_schema()), indent=2).decode() + "\n"
