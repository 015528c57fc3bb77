# SPDX-License-Identifier: Apache-2.0
"""Days, moments and numbers as readers write them (source: the CLDR, by Babel), and words that stand for themselves."""

import datetime as dt
import re
from typing import Final

from babel import Locale
from babel.dates import format_date, format_time
from babel.numbers import format_decimal
from markupsafe import Markup, escape

from keshou.gate.calendar import in_china
from keshou.language import Language
from keshou.law.model import CHINA

LOCALES: Final[dict[Language, Locale]] = {"zh": Locale("zh", "CN", script="Hans"), "en": Locale("en", "GB")}
TAGS: Final[dict[Language, str]] = {"zh": "zh-CN", "en": "en"}
"""The languages as HTML and HTTP name them (BCP 47)."""
_CODE: Final = re.compile("`([^`\n]+)`")
LOCAL: Final = CHINA
"""The time that every place in the country keeps."""


def day(given: dt.date, language: Language) -> str:
    """Return a day: ``2 March 2026``, ``2026年3月2日``."""
    return str(format_date(given, "long", LOCALES[language]))


def moment(given: dt.datetime, language: Language) -> str:
    """Return a moment in the country's time; the day alone when it is the day's first instant."""
    local = in_china(given)
    told = day(local.date(), language)
    if local.timetz().replace(tzinfo=None) == dt.time():
        return told
    clock = format_time(local, "HH:mm", tzinfo=local.tzinfo, locale=LOCALES[language])
    return f"{told}{clock}" if language == "zh" else f"{told}, {clock}"


def number(given: float, language: Language) -> str:
    """Return a number: ``12,345``."""
    return str(format_decimal(given, locale=LOCALES[language]))


def joined(parts: list[str], language: Language) -> str:
    """Return things one after another: ``a, b``, ``a、b``."""
    return ("、" if language == "zh" else ", ").join(parts)


def coded(given: str) -> Markup:
    """Return a text, escaped, with what stands in backticks as code: ids and keys, as they are written in a file."""
    return Markup(_CODE.sub(r"<code>\1</code>", str(escape(given))))  # noqa: S704 - escaped before
