# SPDX-License-Identifier: Apache-2.0
"""``/``: whose server this is, which rules are in force, where to go on; and what to do while there are none."""

from litestar import Response, get
from litestar.di import NamedDependency

from keshou.app.site import Site
from keshou.declaration.model import Published
from keshou.declaration.wording import WORDS
from keshou.web.frame.page import PUBLIC, Requested
from keshou.web.language import language_of
from keshou.web.public.pages import PAGES, answer_days, coming, contact


@get("/", sync_to_thread=True, include_in_schema=False)
def home(request: Requested, site: NamedDependency[Site]) -> Response[bytes]:
    """Show the first page."""
    now, language = site.now(), language_of(request)
    with site.reading() as tx:
        rules = site.declarations.current(tx, now)
        next_ = coming(tx, site, now)
    of = rules or next_
    channels = of.declaration.channels if of else None
    ways = ("query", "correct", "withdraw", "cancel")
    reached = [(WORDS[name].in_(language), contact(getattr(channels, name), language)) for name in ways if channels]
    return PAGES.answer(
        request,
        "home.html.j2",
        operator=of.declaration.operator.name if of else None,
        cache=PUBLIC,
        rules=rules,
        coming=next_,
        declaration=of.declaration if of else None,
        counts=_counts(of) if of else {},
        channels=[(label, *_best(means)) for label, means in reached if means],
        services=[each.name.in_(language) for each in of.declaration.services] if of else [],
        days=answer_days(site.law, of),
    )


def _counts(published: Published) -> dict[str, int]:
    purposes = published.declaration.purposes
    return {
        "purposes": len(purposes),
        "items": len({need.item for purpose in purposes for need in purpose.needs}),
        "recipients": len({each for purpose in purposes for each in purpose.recipients}),
    }


def _best(means: list[tuple[str, str, str]]) -> tuple[str, str]:
    """Return words and link of the means that takes a reader there at once: a page, else the first."""
    _, words, link = next((each for each in means if each[2].startswith("http")), means[0])
    return words, link
