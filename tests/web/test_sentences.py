# SPDX-License-Identifier: Apache-2.0
"""What the rooms say, as pages say it: a whole sentence whose citations are links, and nothing of it a tag."""

import pytest

from keshou.language import Language
from keshou.law.load import load
from keshou.web.sentences import sentence


@pytest.mark.parametrize(
    ("told", "language", "shown"),
    [
        ("nobody appoints themselves", "en", "Nobody appoints themselves."),
        ("没有人可以任命自己", "zh", "没有人可以任命自己。"),
        ("Who is it?", "en", "Who is it?"),
        ("已经做过。", "zh", "已经做过。"),
        ("`by` is missing", "en", "<code>by</code> is missing."),
        ("", "en", ""),
        ("<b> is no id", "en", "&lt;b&gt; is no id."),
        (
            "sign in (miit24:13.1.3)", "en",
            'Sign in (<a href="/law/miit24#a13.1.3">Order 24, Article 13(1)(3)</a>).',
        ),
        (
            "请登录（miit24:9, 11）", "zh",
            '请登录（<a href="/law/miit24#a9">第24号令第9条</a>、<a href="/law/miit24#a11">第24号令第11条</a>）。',
        ),
        ("see nothing24:9 and at 12:30", "en", "See nothing24:9 and at 12:30."),
    ],
)  # fmt: skip
def test_it_is_a_sentence_and_its_citations_are_links(told: str, language: Language, shown: str) -> None:
    assert str(sentence(told, load(), language)) == shown
