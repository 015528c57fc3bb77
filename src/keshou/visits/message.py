# SPDX-License-Identifier: Apache-2.0
"""What a code is sent with: few words, so that one short message holds them."""

from keshou.language import Language, Text

_WORDS = Text(
    zh="验证码 {code}，{minutes} 分钟内有效，仅可使用一次。请勿告诉任何人，包括我们的工作人员。",
    en="Your code is {code}. It holds for {minutes} minutes and can be used once. Tell nobody, our staff included.",
)


def message(language: Language, code: str, minutes: int) -> str:
    """Return the text that tells a user the `code` and for how many `minutes` it holds."""
    return _WORDS.in_(language).format(code=code, minutes=minutes)
