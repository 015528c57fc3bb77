# SPDX-License-Identifier: Apache-2.0
"""What the rooms say at a terminal, as a page says it: a whole sentence, its citations the links they are elsewhere."""

import re
from typing import Final

from markupsafe import Markup, escape

from keshou.errors import KeshouError
from keshou.language import Language
from keshou.law.law import Law
from keshou.law.model import Citation
from keshou.web.cited import cited
from keshou.web.frame.form import coded

_PLACE = r"\d+(?:\.\d+)*"
_CITED: Final = re.compile(rf"([a-z][a-z0-9_]*):({_PLACE}(?:, {_PLACE})*)")
"""An instrument, and its provisions one after the other: ``miit24:13.1.3, 11``."""
_CLOSED: Final = re.compile(r"[.!?。！？:：]$")


def sentence(told: str, law: Law, language: Language) -> Markup:
    """Return `told` as a sentence: it begins with a capital and ends with a stop; nothing stays nothing."""
    told = told.strip()
    if not told:
        return Markup()
    if language == "en" and not told.startswith("`"):
        told = told[0].upper() + told[1:]
    if not _CLOSED.search(told):
        told += "。" if language == "zh" else "."
    shown, at = Markup(), 0
    for found in _CITED.finditer(told):
        shown += coded(told[at : found.start()]) + _links(found[1], found[2], law, language)
        at = found.end()
    return shown + coded(told[at:])


def _links(instrument: str, places: str, law: Law, language: Language) -> Markup:
    found = [f"{instrument}:{each}" for each in places.split(", ")]
    return escape("、" if language == "zh" else ", ").join(_link(each, law, language) for each in found)


def _link(cite: str, law: Law, language: Language) -> Markup:
    try:
        name, path = cited(law, str(Citation.parse(cite)), language)
    except (KeshouError, KeyError):
        return escape(cite)
    return Markup('<a href="{}">{}</a>').format(path, name)
