# SPDX-License-Identifier: Apache-2.0
"""Where users turn: to query, correct, withdraw, cancel and complain."""

from collections.abc import Iterator
from urllib.parse import urlsplit

from keshou.declaration.checks.case import Case
from keshou.declaration.finding import Raised
from keshou.declaration.model import Contact
from keshou.law.cites import COMPLAINTS

_CHANNELS = ("query", "correct", "withdraw", "cancel", "complaint")


def is_blank(contact: Contact) -> bool:
    """Say whether it gives no means of reaching anybody."""
    address = contact.address
    return not (contact.phone or contact.email or contact.url or (address and (address.zh or address.en)))


def channels(case: Case) -> Iterator[Raised]:
    """Each channel is there and leads somewhere."""
    for name in _CHANNELS:
        contact: Contact | None = getattr(case.declaration.channels, name)
        if contact is None:
            yield Raised(f"channel_{name}_missing", "channels")
        elif is_blank(contact):
            yield Raised("channel_blank", f"channels.{name}", {"channel": name})


def answer(case: Case) -> Iterator[Raised]:
    """Complaints are answered within the statutory period."""
    days, period = case.declaration.channels.complaint_answer_days, case.period(COMPLAINTS)
    if days < 1:
        yield Raised("complaint_days_missing", "channels.complaint_answer_days")
    elif period and days > period.days:
        words = {"days": str(days), "limit": str(period.days)}
        yield Raised("complaint_days_long", "channels.complaint_answer_days", words)


def addresses(case: Case) -> Iterator[Raised]:
    """Addresses of pages are addresses of pages: nothing a browser would run."""
    for path, contact in _contacts(case):
        if contact.url and not _is_page(contact.url):
            yield Raised("url_malformed", f"{path}.url", {"url": contact.url})
        elif contact.url.startswith("http:"):
            yield Raised("url_not_encrypted", f"{path}.url", {"url": contact.url})


def _contacts(case: Case) -> Iterator[tuple[str, Contact]]:
    yield "operator.contact", case.declaration.operator.contact
    for index, agent in enumerate(case.declaration.agents):
        yield f"agents[{index}].contact", agent.contact
    for index, recipient in enumerate(case.declaration.recipients):
        yield f"recipients[{index}].contact", recipient.contact
    for name in _CHANNELS:
        contact: Contact | None = getattr(case.declaration.channels, name)
        if contact:
            yield f"channels.{name}", contact


def _is_page(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname) and not any(each.isspace() for each in url)


RULES = (channels, answer, addresses)
