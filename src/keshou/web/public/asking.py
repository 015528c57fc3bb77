# SPDX-License-Identifier: Apache-2.0
"""``/start/ask``: on a sample site, whoever reads asks the gate a question; nothing is done and nothing recorded."""

import shlex
from collections.abc import Iterator, Mapping
from typing import Any

from litestar import Response, get
from litestar.datastructures import MultiDict
from litestar.di import NamedDependency

from keshou.app.site import Site
from keshou.app.user_view import user_view
from keshou.declaration.model import Declaration
from keshou.gate.decision import Decision, Deny
from keshou.language import Language
from keshou.law.model import CHINA
from keshou.law.terms import ActKind
from keshou.web.cited import cited
from keshou.web.errors import MalformedError
from keshou.web.frame.page import Requested
from keshou.web.language import language_of
from keshou.web.public.pages import PAGES
from keshou.web.public.sample import command, require_sample
from keshou.web.public.story import HOURS, SALE, USERS, Question, act_of
from keshou.wire.decision_words import MISSING, STANDS_ON
from keshou.wire.law_words import KIND

Choice = tuple[str, str]
"""What is sent, and what is read."""
_LONGEST = 64
_MOST_ITEMS = 50


@get("/start/ask", sync_to_thread=True, include_in_schema=False)
def ask(request: Requested, site: NamedDependency[Site]) -> Response[bytes]:
    """Show the form, and the gate's answer to what was filled in.

    Raises:
        NotFoundError: this is no sample site.
        MalformedError: what is asked is nothing that the form can send.

    """
    rules = require_sample(site)
    language = language_of(request)
    asked = _asked(request.query_params)
    shown = asked or SALE
    declaration = rules.declaration if rules else None
    return PAGES.answer(
        request,
        "asking.html.j2",
        operator=declaration.operator.name if declaration else None,
        asked=asked,
        answer=answered(site, asked, language) if asked and asked.items else None,
        command=_command(site, asked) if asked and asked.items else "",
        chosen=shown,
        staff=_staff(site, declaration, language),
        kinds=[(each.value, KIND[each].in_(language)) for each in ActKind],
        purposes=[(each.id, each.name.in_(language)) for each in declaration.purposes] if declaration else [],
        users=[(each, *_user(site, each, declaration, language)) for each in USERS],
        items=_items(site, declaration, shown, language),
        hours=HOURS,
    )


def _asked(given: MultiDict[str]) -> Question | None:
    """Return the question that the form sends; None when it was only opened."""
    if "kind" not in given:
        return None
    words = {name: given.get(name, "") for name in ("kind", "user", "purpose", "by", "hour")}
    items = tuple(dict.fromkeys(given.getall("item", [])))
    if any(len(each) > _LONGEST for each in (*words.values(), *items)) or len(items) > _MOST_ITEMS:
        raise MalformedError("what is asked is too long", "item")
    if words["kind"] not in set(ActKind) or words["hour"] not in HOURS:
        raise MalformedError("there is nothing like that to choose", "kind", "hour")
    return Question(
        SALE.told, ActKind(words["kind"]), words["user"], words["purpose"], words["by"], items, words["hour"]
    )


def answered(site: Site, asked: Question, language: Language) -> Mapping[str, Any]:
    """Return the gate's decision on a question: whether, and every article, with what was missing or stood on."""
    held = site.state().appointments(asked.by)
    decision = site.ask(act_of(asked, site.now(), held[0].branch if held else ""))
    return {
        "permitted": decision.permitted,
        "rules": decision.rules,
        "articles": list(_articles(site, decision, language)),
    }


def _articles(site: Site, decision: Decision, language: Language) -> Iterator[Mapping[str, str]]:
    denied = isinstance(decision, Deny)
    words = MISSING if denied else STANDS_ON
    found: dict[str, list[str]] = {}
    for each in decision.reasons if isinstance(decision, Deny) else ():
        found.setdefault(str(each.cite), []).append(words[each.missing].in_(language))
    for ground in () if isinstance(decision, Deny) else decision.grounds:
        found.setdefault(str(ground.cite), []).append(words[ground.fact].in_(language))
    for cite, why in found.items():
        name, link = cited(site.law, cite, language)
        says = site.law.provision(cite).says.in_(language)
        yield {"name": name, "link": link, "says": says, "why": ("；" if language == "zh" else "; ").join(why)}


def _command(site: Site, asked: Question) -> str:
    """Return the same question as a line for the terminal."""
    held = site.state().appointments(asked.by)
    options = [("--kind", asked.kind.value), ("--user", asked.user), ("--purpose", asked.purpose)]
    options += [("--item", each) for each in asked.items]
    options += [("--by", asked.by)]
    if held and held[0].branch:
        options += [("--where", held[0].branch)]
    if asked.hour:
        options += [("--at", act_of(asked, site.now(), "").when.astimezone(CHINA).isoformat())]
    return " \\\n  ".join([command(site, "ask"), *map(shlex.join, options)])


def _staff(site: Site, declaration: Declaration | None, language: Language) -> list[Choice]:
    posts = {each.id: each.name.in_(language) for each in declaration.posts} if declaration else {}
    held = site.state().holders()
    names = {who: [posts.get(each.appointment.post, "") for each in every] for who, every in held.items()}
    return [(who, "、".join(every) if language == "zh" else ", ".join(every)) for who, every in names.items()]


def _user(site: Site, user: str, declaration: Declaration | None, language: Language) -> tuple[bool, str]:
    """Return whether a user is on record, and what they agreed to."""
    view = user_view(site, user)
    names = {each.id: each.name.in_(language) for each in declaration.purposes} if declaration else {}
    agreed = [name for purpose, name in names.items() if view and view.standing.profile.consents.get(purpose)]
    return view is not None, ("、" if language == "zh" else ", ").join(agreed)


def _items(
    site: Site, declaration: Declaration | None, chosen: Question, language: Language
) -> list[tuple[str, str, bool]]:
    declared = {need.item for each in declaration.purposes for need in each.needs} if declaration else set()
    labels = {each: site.law.items[each].label.in_(language) for each in declared if each in site.law.items}
    return [(each, label, each in chosen.items) for each, label in sorted(labels.items(), key=lambda pair: pair[1])]
