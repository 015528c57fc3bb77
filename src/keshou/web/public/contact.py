# SPDX-License-Identifier: Apache-2.0
"""``/contact``: where to complain, the time within which an answer is due, and where else to turn.

Source: miit24:12, miit24:9.2, miit24:9.4.
"""

from litestar import Response, get
from litestar.di import NamedDependency

from keshou.app.site import Site
from keshou.declaration.wording import WORDS
from keshou.law.cites import COMPLAINTS
from keshou.web.frame.page import PUBLIC, Requested
from keshou.web.language import language_of
from keshou.web.public.pages import PAGES, answer_days, coming
from keshou.web.public.pages import contact as means

_WAYS = ("query", "correct", "withdraw", "cancel")


@get("/contact", sync_to_thread=True, include_in_schema=False)
def contact(request: Requested, site: NamedDependency[Site]) -> Response[bytes]:
    """Show where to turn."""
    now, language = site.now(), language_of(request)
    with site.reading() as tx:
        of = site.declarations.current(tx, now) or coming(tx, site, now)
    declared = of.declaration if of else None
    promised, longest = answer_days(site.law, of)
    channels = declared.channels if declared else None
    reached = [(WORDS[name].in_(language), means(getattr(channels, name), language)) for name in _WAYS if channels]
    return PAGES.answer(
        request,
        "contact.html.j2",
        operator=declared.operator.name if declared else None,
        cache=PUBLIC,
        declared=declared,
        complaint=means(channels.complaint, language) if channels else [],
        general=means(declared.operator.contact, language) if declared else [],
        channels=[(label, found) for label, found in reached if found],
        promised=promised,
        longest=longest,
        due=COMPLAINTS,
    )
