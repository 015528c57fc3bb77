# SPDX-License-Identifier: Apache-2.0
"""Print docs/zh/reference/asvs.md, drawn from the English page; with --write, write it.

Its introduction, headings and columns are Chinese. What each point says stays English, as the standard's own text is.
"""

import re
import sys
from pathlib import Path

DOCS = Path(__file__).resolve().parent.parent / "docs"
ENGLISH, CHINESE = DOCS / "reference" / "asvs.md", DOCS / "zh" / "reference" / "asvs.md"
_HEAD = """\
# 验证标准逐条对照

由 `scripts/asvs.py` 根据英文页面写成；有一个测试把两者对在一起。OWASP应用安全验证标准（ASVS）5.0.0，\
第一级和第二级。标准本身只有英文，所以每一条怎样做到，\
也用英文写；测试的名称是英文句子。谁会攻击什么，什么阻止他们，见[安全讲解](../explanation/security.md)。

| 写的是 | 意思 |
|---|---|
| 做到 | 服务器做到 |
| 经营者 | 由运行它的人来做 |
| 不适用 | 没有这一条所说的东西 |
| 还没有 | 缺着 |
"""
_TITLES = {
    "V1": "编码与清理", "V2": "核对与业务逻辑", "V3": "网页前端", "V4": "接口", "V5": "文件", "V6": "身份的证明",
    "V7": "会话", "V8": "授权", "V9": "自身完整的令牌", "V10": "OAuth和OpenID Connect", "V11": "密码学", "V12": "通信",
    "V13": "配置", "V14": "数据保护", "V15": "代码的写法", "V16": "日志与错误", "V17": "WebRTC",
}  # fmt: skip
_ANCHORS = {"#libraries-and-their-flaws": "#库及其缺陷"}
_STANDS = {"holds": "做到", "operator": "经营者", "n/a": "不适用", "not yet": "还没有"}
_LINK = re.compile(r"]\((\.\./[^)#]+)")
_COLUMNS = ("| point | stands | how | shown by |", "| 条 | 现状 | 怎样（英文） | 由什么证明 |")


def page(english: str) -> str:
    """Return the Chinese page of an English one.

    Raises:
        KeyError: a chapter or a word for how a point stands has no Chinese.

    """
    body = "## " + english.partition("\n## ")[2]
    body = body.replace(*_COLUMNS)
    body = re.sub(r"^## (V\d+) .*$", lambda found: f"## {found[1]} {_TITLES[found[1]]}", body, flags=re.M)
    row = re.compile(r"^(\| [\d.]+ \| )([a-z/ ]+?)( \| )", re.M)
    body = row.sub(lambda found: f"{found[1]}{_STANDS[found[2]]}{found[3]}", body)
    for english_anchor, anchor in _ANCHORS.items():
        body = body.replace(english_anchor, anchor)
    return f"{_HEAD}\n{_LINK.sub(_aim, body)}"


def _aim(found: re.Match[str]) -> str:
    """Return a link as it leads from the Chinese page: to the Chinese page where there is one."""
    return found[0] if (CHINESE.parent / found[1]).is_file() else f"](../{found[1]}"


if __name__ == "__main__":
    drawn = page(ENGLISH.read_text("utf-8"))
    if "--write" in sys.argv[1:]:
        CHINESE.write_text(drawn, "utf-8")
    else:
        print(drawn, end="")
