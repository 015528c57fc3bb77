# SPDX-License-Identifier: Apache-2.0
"""Pages, messages and findings say in Chinese what the glossary says, and no second word for it."""

from pathlib import Path

import pytest

import keshou

ROOT = Path(keshou.__file__).parent
PROJECT = Path(__file__).parents[2]
OTHER_WORDS = {
    "账本": "日志", "入账": "日志", "权限审查": "权限复核", "紧急授权": "应急授权", "职能": "职权", "呼叫方": "调用方",
    "掩码": "遮盖", "草案": "征求意见稿", "法律数据": "法规数据", "交付链接": "分享链接", "接收方密钥": "接收方公钥",
    "闸门规则": "禁令",
}  # fmt: skip
"""What was said for it before -> the glossary's word."""


@pytest.mark.parametrize("word", OTHER_WORDS)
def test_nothing_is_called_by_a_second_name(word: str) -> None:
    handbook = [*(PROJECT / "docs" / "zh").rglob("*.md"), PROJECT / "docs" / "glossary.md"]
    told = [path for kind in ("py", "toml", "j2") for path in ROOT.rglob(f"*.{kind}")]
    assert len(told) > 100
    assert len(handbook) > 40
    assert [str(path) for path in [*told, *handbook] if word in path.read_text("utf-8")] == []
    assert OTHER_WORDS[word] in (PROJECT / "docs" / "zh" / "glossary.md").read_text("utf-8")
