# SPDX-License-Identifier: Apache-2.0
"""``keshou publish`` and ``keshou rules``: make the declaration the rules; read them."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import RenderableType
from rich.text import Text as Line

from keshou.app.settings import DECLARATION_FILE, find_home
from keshou.app.site import Site
from keshou.cli import asked, check
from keshou.cli.terminal import BAD, GOOD, STRONG, Call, plain, table
from keshou.cli.verb import verb
from keshou.cli.written import write
from keshou.declaration.check import check as hold
from keshou.declaration.compare import Difference, compare
from keshou.declaration.load import read_file
from keshou.declaration.model import Published
from keshou.declaration.render import render, render_text
from keshou.errors import ExitStatus, InputError
from keshou.gate.calendar import day_of
from keshou.wire.law_words import KIND


def add_to(app: typer.Typer) -> None:
    """Put the verbs under the one name."""
    verb(app, "publish")(publish)
    verb(app, "rules")(rules)


def publish(
    call: Call,
    file: Annotated[Path | None, typer.Argument(help="The declaration; else the site's operator.toml.")] = None,
    *,
    by: asked.By,
) -> ExitStatus:
    """Hold a declaration against the law and publish it as the next version of the rules.

    Exit status 1, and nothing published, when an error is found.
    """
    path = file or find_home(call.home) / DECLARATION_FILE
    with call.open() as site:
        source = read_file(path)
        previous = latest(site)
        now = site.now()
        findings = hold(source, site.law, day_of(now), publishing=now, previous=previous)
        if source.declaration is None or not check.may_be_published(findings):
            call.answer({"published": False, "findings": findings}, *check.shown(call, path, findings))
            return ExitStatus.NO
        done = site.publish(source.declaration, by=by)
        difference = compare(previous.declaration if previous else None, source.declaration)
        data = {"published": True, "version": done.version, "entry": done.entry, "findings": findings}
        head = call.words(f"规则第 {done.version} 版已公布。", f"version {done.version} of the rules is published.")
        warned = check.shown(call, path, findings) if findings else []
        told = [*warned, Line(head, GOOD), *ask_again(call, previous, difference)]
        if site.keeper.unindexed().lacking:
            text = call.words("查找用户的方式变了，请重建索引：", "what finds users changed; make the index anew: ")
            told.append(Line.assemble((text, BAD), ("keshou keys rotate index", STRONG)))
        call.answer({**data, **_difference_data(difference)}, *told)
    return ExitStatus.DONE


def ask_again(call: Call, previous: Published | None, difference: Difference) -> list[RenderableType]:
    """Say which consents a new version needs anew."""
    if previous is None:
        return []
    if not difference.needs_consent:
        return [call.words("原有的同意继续有效。", "consents given before go on.")]
    shown = table(call.words("目的", "purpose"), call.words("信息", "information"))
    for purpose, item in sorted(difference.needs_consent):
        shown.add_row(Line(purpose, STRONG), item)
    title = call.words("以下须重新征得同意：", "these need consent anew:")
    return [Line(title, BAD), shown]


def _difference_data(difference: Difference) -> dict[str, object]:
    return {
        "newly_allowed": sorted(difference.newly_allowed),
        "no_longer_allowed": sorted(difference.no_longer_allowed),
        "needs_consent": sorted(difference.needs_consent),
    }


def rules(
    call: Call,
    *,
    version: Annotated[int | None, typer.Option(help="Which version; else the one in force.", metavar="N")] = None,
    output: Annotated[Path | None, typer.Option("-o", "--output", help="Write the page here.", metavar="FILE")] = None,
    diff: Annotated[bool, typer.Option("--diff", help="Show what it allows over the version before.")] = False,
) -> None:
    """Show the rules as users read them; with -o FILE write the page (HTML)."""
    with call.open() as site:
        chosen = _chosen(site, version)
        data = {"version": chosen.version, "digest": chosen.digest, "effective": chosen.effective}
        if diff:
            before = next((each for each in _versions(site) if each.version == chosen.version - 1), None)
            difference = compare(before.declaration if before else None, chosen.declaration)
            call.answer({**data, **_difference_data(difference)}, *_difference(call, difference))
        elif output is not None:
            write(output, render(chosen, site.law, call.language))
            told = call.words(f"已写入 {output}", f"written to {output}")
            call.answer({**data, "file": str(output)}, told)
        else:
            text = render_text(chosen, site.law, call.language)
            call.answer({**data, "declaration": chosen.declaration, "text": text}, plain(text))


def _difference(call: Call, difference: Difference) -> list[RenderableType]:
    shown = table(
        "", *(call.words(*each) for each in (("目的", "purpose"), ("信息", "item"), ("行为", "act"), ("岗位", "post")))
    )
    for sign, style, rows in (("+", GOOD, difference.newly_allowed), ("-", BAD, difference.no_longer_allowed)):
        acts: dict[tuple[str, str, str], list[str]] = {}
        for each in sorted(rows):
            acts.setdefault((each.purpose, each.item, each.post), []).append(call.of(KIND[each.act]))
        for (purpose, item, post), names in sorted(acts.items()):
            shown.add_row(Line(sign, style), purpose, item, call.words("、", ", ").join(names), post or "—")
    for widening in difference.widened:
        each = widening.quadruple
        shown.add_row(Line("~", STRONG), each.purpose, each.item, call.of(KIND[each.act]), ", ".join(widening.reasons))
    if not shown.row_count:
        return [call.words("与前一版允许的相同。", "it allows what the version before allowed.")]
    return [shown]


def latest(site: Site) -> Published | None:
    """Return the newest published version, in force or not yet."""
    return next(iter(sorted(_versions(site), key=lambda each: -each.version)), None)


def _versions(site: Site) -> list[Published]:
    with site.reading() as tx:
        return list(site.declarations.versions(tx))


def _chosen(site: Site, version: int | None) -> Published:
    found = site.rules() if version is None else next((v for v in _versions(site) if v.version == version), None)
    if found is None:
        told = "no rules are in force" if version is None else f"no rules of version {version} were published"
        hint = "publish them first, with `keshou publish`" if version is None else "`keshou rules` shows those in force"
        raise InputError(told, hint=hint)
    return found
