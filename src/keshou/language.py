# SPDX-License-Identifier: Apache-2.0
"""A text in the two languages of the house."""

from typing import Literal

import msgspec

Language = Literal["zh", "en"]


class Text(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The same text in Chinese and in English; both are always there, though a draft may leave one empty."""

    zh: str
    en: str

    def in_(self, language: Language) -> str:
        """Return the text in `language`."""
        return self.zh if language == "zh" else self.en
