# SPDX-License-Identifier: Apache-2.0
"""What a code is sent with: few words, so that one short message holds them."""

from keshou.language import Language, Text

_WORDS = Text(
    zh="验证码 {code}，{minutes} 分钟内有效，仅可使用一次。请勿告诉任何人，包括我们的工作人员。",
    en="Your code is {code}. It holds for {minutes} minutes and can be used once. Tell nobody, our staff included.",
)

_SHARED = Text(
    zh="这个号码或邮箱登记在不止一名用户名下，没有发送验证码。请改用您的用户编号登录。",
    en="This number or mail is registered of more than one user, so no code was sent. Sign in with your user number.",
)


def shared(language: Language) -> str:
    """Return the text that tells whoever has an address that several users do, and how to sign in then."""
    return _SHARED.in_(language)


def message(language: Language, code: str, minutes: int) -> str:
    """Return the text that tells a user the `code` and for how many `minutes` it holds."""
    return _WORDS.in_(language).format(code=code, minutes=minutes)
