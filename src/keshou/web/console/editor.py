# SPDX-License-Identifier: Apache-2.0
"""``/console/rules``: the declaration edited, held against the law as it is written, previewed and published.

What was typed is in every answer again. Publishing names the version that was read: of two tabs the second is told.
"""

import datetime as dt
import hashlib
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, NamedTuple

import msgspec
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import QueryParameter

from keshou.app.settings import DECLARATION_FILE
from keshou.app.site import Site
from keshou.declaration.blank import blank
from keshou.declaration.canonical import digest
from keshou.declaration.check import check as hold
from keshou.declaration.compare import compare
from keshou.declaration.finding import Finding
from keshou.declaration.load import LARGEST, Source, read
from keshou.declaration.model import Published
from keshou.declaration.notice import notice_complete
from keshou.declaration.render import render
from keshou.declaration.write import write
from keshou.errors import InputError
from keshou.gate.calendar import day_of, end_of
from keshou.law.model import CHINA
from keshou.ledger.entry import decode
from keshou.web.changes import Changes, Naming, changes
from keshou.web.cited import cited
from keshou.web.console.again import stands_on
from keshou.web.console.desk import Desk, desk_of, key_of, show, to, typed
from keshou.web.console.error_words import in_one
from keshou.web.console.todo import index_due
from keshou.web.entitled import require_reader
from keshou.web.errors import ChangedMeanwhileError
from keshou.web.frame.page import Requested
from keshou.web.kept import Kept
from keshou.web.published import body_of
from keshou.web.publishing import held_for_publishing, is_clean, may_publish, publish_after, require_publisher
from keshou.wire.caller import Caller

_AROUND = 1
"""Lines shown before and after one with a finding."""
Told = Annotated[int, QueryParameter(name="published", ge=0, le=2**31 - 1)]
From = Annotated[str, QueryParameter(name="from", pattern="^(file|version)?$")]


class Place(NamedTuple):
    """A line of the declaration with what was found there."""

    number: int
    lines: list[tuple[int, str]]
    """The line with those around it, each with its number."""
    findings: list[tuple[Finding, tuple[str, str]]]
    """Each with the article it rests on: its name and where it is read (empty: the form of the file)."""


class Judged(NamedTuple):
    """What holding a text against the law came to."""

    source: Source
    findings: list[Finding]
    places: list[Place]
    changes: Changes | None
    """Against the newest version; None when the text cannot be read."""

    @property
    def errors(self) -> int:
        """How many findings forbid publishing."""
        return sum(each.severity == "error" for each in self.findings)

    @property
    def may_be_published(self) -> bool:
        """Whether it can be read and nothing found is an error."""
        return self.source.declaration is not None and is_clean(self.findings)


_STARTED: Kept[Judged] = Kept()
"""What texts that editing began with came to, by text, version, day and language."""
_DIGEST: Kept[str] = Kept()
"""Digests of the declarations that files held."""


@get("/console/rules", sync_to_thread=True, include_in_schema=False)
def editor(
    request: Requested, caller: NamedDependency[Caller], site: NamedDependency[Site], told: Told = 0, start: From = ""
) -> Response[bytes]:
    """Show the declaration to be edited: the site's file when it says what was published last, else that version."""
    require_reader(caller)
    desk, newest = desk_of(request, site, caller), _newest(site)
    text = file = _file(site)
    named = hashlib.sha256(file.encode()).digest()
    same = bool(newest and file and _DIGEST.get(named, lambda: _digest(file)) == newest.digest)
    from_file = bool(text) and (start == "file" or (start != "version" and (newest is None or same)))
    if not from_file:
        text = _written(site, newest) if newest else blank()
    key = (hashlib.sha256(text.encode()).digest(), newest.digest if newest else "", day_of(site.now()), desk.language)
    judged = _STARTED.get(key, lambda: _judged(desk, text, newest))
    return _page(
        request, desk, text, newest, judged=judged, told=told, from_file=from_file,
        other=bool(newest and not same and file),
    )  # fmt: skip


@post("/console/rules/check", status_code=200, sync_to_thread=True, include_in_schema=False)
def check(request: Requested, caller: NamedDependency[Caller], site: NamedDependency[Site]) -> Response[bytes]:
    """Hold what was typed against the law; every finding at its place."""
    require_reader(caller)
    return _page(request, desk_of(request, site, caller), _typed(request), _newest(site))


@post("/console/rules/preview", status_code=200, sync_to_thread=True, include_in_schema=False)
@stands_on(check)
def preview(request: Requested, caller: NamedDependency[Caller], site: NamedDependency[Site]) -> Response[bytes]:
    """Show what was typed as the rules that users would read."""
    require_reader(caller)
    desk, newest, text = desk_of(request, site, caller), _newest(site), _typed(request)
    declaration = read(text).declaration
    if declaration is None:
        return _page(request, desk, text, newest, status=422)
    draft = Published(
        version=newest.version + 1 if newest else 1, digest=digest(declaration),
        effective=max(declaration.effective.astimezone(dt.UTC), site.now()), declaration=declaration,
        notice_complete=not notice_complete(declaration, site.law),
    )  # fmt: skip
    body = body_of(render(draft, site.law, desk.language))
    return show(
        request, desk, "preview.html.j2", body=body, text=text, version=_version(request), draft=draft,
        publishes=may_publish(caller, site),
    )  # fmt: skip


@post("/console/rules/publish", status_code=200, sync_to_thread=True, include_in_schema=False)
@stands_on(check)
def publish(request: Requested, caller: NamedDependency[Caller], site: NamedDependency[Site]) -> Response[Any]:
    """Publish what was typed after the version that was read, when nothing found is an error."""
    require_publisher(caller, site, first=_version(request) == 0)
    desk, newest, text, form = desk_of(request, site, caller), _newest(site), _typed(request), typed(request)
    source, read_version = read(text), _version(request)
    before = _published(site, read_version)
    found = held_for_publishing(site, source, before)
    if source.declaration is None or not is_clean(found):
        return _page(request, desk, text, newest, status=422, why="errors")
    asked = hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()
    try:
        done = publish_after(site, caller, key_of(form), source.declaration, after=read_version, digest=asked)
    except ChangedMeanwhileError:
        return _page(request, desk, text, _newest(site), status=412, why="changed")
    except InputError as error:
        return _page(request, desk, text, newest, status=422, said=in_one(error, desk.language))
    with site.reading() as tx:
        version = decode(site.ledger.entry(tx, done.entry)).rules
    return to(f"/console/rules?published={version}")


def _digest(text: str) -> str:
    """Return the digest of the declaration that a text is; a word that is no digest when it is none."""
    found = read(text).declaration
    return digest(found) if found else "none"


def _page(
    request: Requested, desk: Desk, text: str, newest: Published | None, *, status: int = 200, why: str = "",
    judged: Judged | None = None, said: str = "", told: int = 0, from_file: bool = False, other: bool = False,
) -> Response[bytes]:  # fmt: skip
    judged = judged or _judged(desk, text, newest)
    return show(
        request, desk, "editor.html.j2", status=status, text=text, newest=newest, judged=judged, why=why, said=said,
        told=told, due=index_due(desk) if newest else (), from_file=from_file, other=other,
        publishes=may_publish(desk.caller, desk.site),
        unstaffed=bool(told) and not desk.state.holders(), largest=LARGEST,
    )  # fmt: skip


def _judged(desk: Desk, text: str, newest: Published | None) -> Judged:
    source = read(text)
    if newest is not None and source.declaration is not None and digest(source.declaration) == newest.digest:
        found = hold(source, desk.site.law, day_of(desk.site.now()))  # it is published: its time is no fault of it
    else:
        found = held_for_publishing(desk.site, source, newest)
    changed = None
    if source.declaration is not None and newest is not None:
        naming = Naming(newest.declaration, source.declaration, desk.site.law, desk.language)
        changed = changes(compare(newest.declaration, source.declaration), naming)
    return Judged(source, found, _places(desk, text, found), changed)


def _places(desk: Desk, text: str, found: Sequence[Finding]) -> list[Place]:
    lines, by_line = text.split("\n"), dict[int, list[Finding]]()
    for each in found:
        by_line.setdefault(each.line, []).append(each)
    return [
        Place(
            number,
            [(at, lines[at - 1]) for at in range(max(1, number - _AROUND), min(len(lines), number + _AROUND) + 1)],
            [(each, _article(desk, each.cite)) for each in of],
        )
        for number, of in sorted(by_line.items())
    ]


def _article(desk: Desk, cite: str) -> tuple[str, str]:
    known = cite.partition(":")[0] in desk.site.law.instruments
    return cited(desk.site.law, cite, desk.language) if known and ":" in cite else (cite, "")


def _written(site: Site, newest: Published) -> str:
    """Return the newest version as text, to take effect tomorrow: what takes effect in the past is not published."""
    tomorrow = end_of(day_of(site.now()))
    effective = max(tomorrow, newest.effective).astimezone(CHINA)
    return write(msgspec.structs.replace(newest.declaration, effective=effective))


def _typed(request: Requested) -> str:
    """Return the text as it was typed; browsers end lines in their own way."""
    form: Mapping[str, str] = typed(request)
    return form.get("text", "").replace("\r\n", "\n")


def _version(request: Requested) -> int:
    given = typed(request).get("version", "")
    return int(given) if given.isdecimal() and len(given) < _DIGITS else 0


_DIGITS = 10


def _newest(site: Site) -> Published | None:
    """Return the newest version, in force or still to come."""
    with site.reading() as tx:
        numbers = site.declarations.numbers(tx)
        return site.declarations.version(tx, numbers[-1]) if numbers else None


def _published(site: Site, version: int) -> Published | None:
    with site.reading() as tx:
        return site.declarations.version(tx, version) if version in site.declarations.numbers(tx) else None


def _file(site: Site) -> str:
    """Return the declaration in the site's folder; empty when there is none that can be read."""
    try:
        with (site.home / DECLARATION_FILE).open(encoding="utf-8") as file:
            return file.read(LARGEST)
    except (OSError, UnicodeDecodeError):
        return ""
