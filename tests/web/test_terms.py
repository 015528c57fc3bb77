# SPDX-License-Identifier: Apache-2.0
"""Pages, messages and findings say in Chinese what the glossary says, and no second word for it."""

from pathlib import Path

import pytest

import keshou

ROOT = Path(keshou.__file__).parent
OTHER_WORDS = {"账本": "日志", "权限审查": "权限复核", "紧急授权": "应急授权", "职能": "职权"}
"""What was said for it before -> the glossary's word."""


@pytest.mark.parametrize("word", OTHER_WORDS)
def test_nothing_is_called_by_a_second_name(word: str) -> None:
    told = [path for kind in ("py", "toml", "j2") for path in ROOT.rglob(f"*.{kind}")]
    assert len(told) > 100
    assert [str(path) for path in told if word in path.read_text("utf-8")] == []
    assert OTHER_WORDS[word] in (Path(__file__).parents[2] / "docs" / "zh" / "glossary.md").read_text("utf-8")
