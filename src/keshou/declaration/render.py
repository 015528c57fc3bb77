# SPDX-License-Identifier: Apache-2.0
"""The rules as people read them, zh and en: a page and plain text, made wholly from the declaration.

Everything the declaration says is escaped; the page has no script and asks no other host for anything.
"""

import datetime as dt
import functools
from collections.abc import Iterable, Mapping
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from keshou.declaration.checks.case import GUIDANCE
from keshou.declaration.grounds import asks_consent, reach
from keshou.declaration.model import Contact, Declaration, Published, Purpose, Retention
from keshou.declaration.notice import notice_complete
from keshou.declaration.wording import ACTS, WORDS
from keshou.language import Language, Text
from keshou.law.law import Law
from keshou.law.model import CHINA
from keshou.law.terms import ActKind

__all__ = ["notice_complete", "render", "render_text"]

"""The time that every place in the country keeps."""


def render(published: Published, law: Law, language: Language) -> str:
    """Return the rules of a published version as a whole HTML page."""
    return _environment().get_template("rules.html.j2").render(_context(published, law, language))


def render_text(published: Published, law: Law, language: Language) -> str:
    """Return the rules of a published version as plain text, for posting up and for reading aloud."""
    return _environment().get_template("rules.txt.j2").render(_context(published, law, language))


@functools.cache
def _environment() -> Environment:
    """Templates; pages are escaped, plain text has nothing to escape."""
    return Environment(
        loader=PackageLoader("keshou.declaration"),
        autoescape=select_autoescape(enabled_extensions=("html.j2",), default=False),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _context(published: Published, law: Law, language: Language) -> dict[str, Any]:
    declaration, names = published.declaration, labels(published.declaration, law, language)
    day = published.effective.astimezone(CHINA).date()
    return {
        "d": declaration,
        "version": published.version,
        "digest": published.digest,
        "effective": _moment(published.effective, language),
        "language": language,
        "w": {key: text.in_(language) for key, text in WORDS.items()},
        "acts": {key: text.in_(language) for key, text in ACTS.items()},
        "items": names,
        "guided": GUIDANCE in declaration.operator.adopts,
        "adopted": [law.instruments[each].title.in_(language) for each in declaration.operator.adopts],
        "services": {each.id: each.name.in_(language) for each in declaration.services},
        "recipients": {each.id: each for each in declaration.recipients},
        "purposes": {each.id: each.name.in_(language) for each in declaration.purposes},
        "held": functools.partial(held, language=language),
        "means": functools.partial(means, language=language),
        "joined": functools.partial(_join, language=language),
        "basis": functools.partial(basis, names=names, law=law, day=day, language=language),
        "channels": [(key, getattr(declaration.channels, key)) for key in ("query", "correct", "withdraw", "cancel")],
    }


def labels(declaration: Declaration, law: Law, language: Language) -> Mapping[str, str]:
    """Return what each kind of information is called: by the taxonomy, else by the operator."""
    found: dict[str, Text] = {key: item.label for key, item in law.items.items()}
    found |= {each.id: each.label for each in declaration.items if each.id not in found}
    return {key: label.in_(language) for key, label in found.items()}


def _join(parts: Iterable[str], language: Language) -> str:
    return ("、" if language == "zh" else ", ").join(parts)


def _moment(moment: dt.datetime, language: Language) -> str:
    """Return a day with its time, unless it is the day's first instant."""
    local = moment.astimezone(CHINA)
    start = local.timetz().replace(tzinfo=None) == dt.time()
    if language == "zh":
        return f"{local.year}年{local.month}月{local.day}日" + ("" if start else f"{local:%H:%M}")
    return f"{local.day} {_MONTHS[local.month - 1]} {local.year}" + ("" if start else f", {local:%H:%M}")


_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)


def held(retention: Retention, language: Language) -> str:
    """Say for how long information is kept."""
    units = [(retention.years, "年", "year"), (retention.months, "个月", "month"), (retention.days, "日", "day")]
    parts = [(count, zh, en + "s" * (count != 1)) for count, zh, en in units if count]
    start = WORDS[retention.after].in_(language)
    if not parts:
        return WORDS[f"{retention.after}_at_once"].in_(language)
    if language == "zh":
        return f"{start}{''.join(f'{count}{zh}' for count, zh, _ in parts)}"
    return f"{' and '.join(f'{count} {en}' for count, _, en in parts)} {start}"


def means(contact: Contact, language: Language) -> list[tuple[str, str, str]]:
    """Return label, words and link (empty for none) of each means of contact; only pages and mail are links."""
    found = []
    if contact.phone:
        found.append((WORDS["phone"].in_(language), contact.phone, ""))
    if contact.email:
        found.append((WORDS["email"].in_(language), contact.email, f"mailto:{contact.email}"))
    if contact.url:
        page = contact.url.startswith(("https://", "http://"))
        found.append((WORDS["url"].in_(language), contact.url, contact.url if page else ""))
    if contact.address:
        found.append((WORDS["address"].in_(language), contact.address.in_(language), ""))
    return found


def basis(
    purpose: Purpose, names: Mapping[str, str], law: Law, day: dt.date, *, language: Language, item: str = ""
) -> str:
    """Say on what a purpose, or one item of it, stands on a day: consent, a higher law, or each for its part."""
    reached = {each for each in reach(purpose, law, day) if item in ("", each[0])}
    consent = WORDS[f"consent_{purpose.consent.value}"].in_(language)
    if not reached:
        return consent
    cite = cited(purpose.ground, law, language)
    if not asks_consent(purpose, law, day):
        return cite
    items, kinds = {each for each, _ in reached}, {kind for _, kind in reached}
    return (
        WORDS["basis_in_part"]
        .in_(language)
        .format(
            cite=cite,
            acts=_join((ACTS[kind.value].in_(language) for kind in ActKind if kind in kinds), language),
            items=_join((names.get(each.item, each.item) for each in purpose.needs if each.item in items), language),
            consent=consent,
        )
    )


def cited(cite: str, law: Law, language: Language) -> str:
    """Return a citation as readers know it: the instrument's title and the number of the part."""
    name, _, number = cite.partition(":")
    instrument = law.instruments.get(name)
    if instrument is None:
        return cite
    article = number.partition(".")[0]
    if language == "zh":
        return f"《{instrument.title.zh}》第{article}{instrument.unit.zh.partition('（')[0]}"
    return f"{instrument.title.en}, {instrument.unit.en.partition(' (')[0]} {article}"
