# SPDX-License-Identifier: Apache-2.0
"""What the public pages share: their templates and words, the rules in force, and how a contact is shown."""

import datetime as dt
from typing import Final

from keshou.app.site import Site
from keshou.db import Transaction
from keshou.declaration.model import Contact, Published
from keshou.declaration.render import means
from keshou.language import Language
from keshou.law.cites import COMPLAINTS
from keshou.law.law import Law
from keshou.web.frame.page import Pages

PAGES: Final = Pages("keshou.web.public")
"""The provision that says within what time a complaint is answered."""


def coming(tx: Transaction, site: Site, now: dt.datetime) -> Published | None:
    """Return the newest version when it is published and not in force yet; else None."""
    numbers = site.declarations.numbers(tx)
    newest = site.declarations.version(tx, numbers[-1]) if numbers else None
    return newest if newest is not None and newest.effective > now else None


def contact(given: Contact | None, language: Language) -> list[tuple[str, str, str]]:
    """Return label, words and link of each means of contact; also what telephones can dial."""
    if given is None:
        return []
    return [(label, words, link or _dial(words, given)) for label, words, link in means(given, language)]


def _dial(words: str, given: Contact) -> str:
    plain = "".join(each for each in words if each not in " -()（）")
    dials = words == given.phone and plain.lstrip("+").isascii() and plain.lstrip("+").isdigit()
    return f"tel:{plain}" if dials else ""


def answer_days(law: Law, published: Published | None) -> tuple[int, int]:
    """Return the days within which a complaint is answered: promised (0: none are), and at most by law.

    Source: miit24:12
    """
    promised = published.declaration.channels.complaint_answer_days if published else 0
    period = law.provision(COMPLAINTS).period
    return promised, period.days if period else 0
