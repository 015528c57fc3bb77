# SPDX-License-Identifier: Apache-2.0
"""``keshou access``: who can reach what, whether it was confirmed, and what was lent in emergencies."""

import datetime as dt
from typing import Annotated, Literal

import typer
from rich.text import Text as Line

from keshou.app.site import Site
from keshou.cli import asked
from keshou.cli.consent import in_force
from keshou.cli.office import By, Name, NewName, Post, Until, Who, new_id, write_down
from keshou.cli.terminal import BAD, GOOD, Call, table
from keshou.cli.verb import verb
from keshou.declaration.answering import confirmers
from keshou.declaration.model import Declaration
from keshou.errors import ExitStatus, InputError
from keshou.gate import reach
from keshou.gate.facts import AccessConfirmed, EmergencyOpened, EmergencyReviewed
from keshou.law.model import CHINA

access = typer.Typer(help="Review of who can reach what, and what was lent in emergencies.", no_args_is_help=True)
_FOUND = {"justified": ("正当", "justified"), "unjustified": ("不正当", "unjustified")}


def add_to(app: typer.Typer) -> None:
    """Put the family under the one name."""
    app.add_typer(access, name="access")


@verb(access, "list")
def show(
    call: Call,
    *,
    due: Annotated[
        bool, typer.Option("--due", help="Only appointments to be confirmed; exit status 1 with any.")
    ] = False,
) -> ExitStatus | None:
    """Show who can reach what under the rules in force: post, place, purpose, acts, items, until when, confirmed."""
    with call.open() as site:
        declaration = in_force(site).declaration
        if due:
            return _show_due(call, site, declaration)
        state = site.state()
        lines, nobody = reach.reach(declaration, state), reach.unanswered(declaration, state)
    words = call.words
    shown = table(
        words("人员", "staff"), words("岗位", "post"), words("地点", "where"), words("目的", "purpose"),
        words("行为", "acts"), words("信息", "items"), words("显示", "shown"), words("到期", "until"),
        words("确认人", "confirmed by"), words("应确认", "due"),
    )  # fmt: skip
    for each in lines:
        hours = f" {each.hours.from_}–{each.hours.to}" if each.hours else ""
        shown.add_row(
            each.staff, each.post + (f" ({each.emergency})" if each.emergency else ""), each.branch + hours,
            each.purpose, ", ".join(each.acts), ", ".join(each.items),
            words("完整", "full") if each.full else words("遮盖", "masked"),
            _day(each.until), each.confirmed_by, _day(each.due),
        )  # fmt: skip
    warned = [
        Line(words("负责岗位无人担任的部门：", "departments for which nobody answers: ") + ", ".join(nobody), BAD)
    ]
    data = {"reach": [each._asdict() for each in lines], "unanswered": nobody}
    call.answer(data, shown, *(warned if nobody else ()))
    return None


def _show_due(call: Call, site: Site, declaration: Declaration) -> ExitStatus:
    """Show what is to be confirmed, by holders of which posts."""
    waiting, by = reach.due(declaration, site.state(), site.now()), confirmers(declaration)
    words = call.words
    titles = (("人员", "staff"), ("岗位", "post"), ("地点", "where"), ("应确认", "due"), ("由谁确认", "confirmed by"))
    shown = table(*(words(*each) for each in titles))
    data = []
    for staff, each in waiting:
        post, branch, who = each.appointment.post, each.appointment.branch, sorted(by.get(each.appointment.post, ()))
        shown.add_row(staff, post, branch, _day(each.due), ", ".join(who))
        data.append({"staff": staff, "post": post, "branch": branch, "due": each.due, "posts": who})
    nothing = Line(words("没有应确认的", "nothing is to be confirmed"), GOOD)
    call.answer(data, shown if waiting else nothing)
    return ExitStatus.NO if waiting else ExitStatus.DONE


@verb(access, "confirm")
def confirm(call: Call, who: Who, *, post: Post, by: By, until: Until = None) -> None:
    """Confirm that somebody still needs a post; only who answers for its department may, and nobody for themselves."""
    with call.open() as site:
        review = in_force(site).declaration.access_review
        if review is None and until is None:
            raise InputError("the rules declare no review of access", hint="add [access_review], or give --until")
        now = site.now()
        longest = now + dt.timedelta(days=review.every_days) if review else now
        end = asked.moment(until, now) if until else longest
        write_down(call, site, by, AccessConfirmed(at=now, staff=who, post=post, by=by, until=end))


@verb(access, "open-emergency")
def open_emergency(
    call: Call,
    *,
    post: Post,
    reason: Annotated[str, typer.Option(metavar="ID", help="One of the reasons that the rules know.")],
    case: Annotated[str, typer.Option(metavar="ID", help="What happened, by its id in the operator's own books.")],
    by: Annotated[
        str, typer.Option(metavar="STAFF", help="Who needs it; nobody opens it for another.", callback=asked.staff)
    ],
    minutes: Annotated[
        int | None, typer.Option(min=1, max=asked.MOST_MINUTES, help="For how long; else as long as the rules let it.")
    ] = None,
    id_: NewName = "",
) -> None:
    """Lend oneself a post's grants in an emergency, for minutes; somebody else reviews it afterwards."""
    with call.open() as site:
        foreseen = in_force(site).declaration.emergency
        if foreseen is None:
            raise InputError("the rules foresee no emergencies", hint="add [emergency] to the declaration")
        name, now = id_ or new_id("e"), site.now()
        until = now + dt.timedelta(minutes=foreseen.minutes if minutes is None else minutes)
        fact = EmergencyOpened(
            at=now, emergency=name, staff=by, post=post, reason=reason, case=case, until=until
        )  # fmt: skip
        write_down(call, site, by, fact, name=name)


@verb(access, "review-emergency")
def review_emergency(
    call: Call,
    name: Name,
    *,
    found: Annotated[Literal["justified", "unjustified"], typer.Option(help="What the review came to.")],
    by: By,
) -> None:
    """Write down what the review of an emergency came to; one that is still open ends with it."""
    with call.open() as site:
        fact = EmergencyReviewed(at=site.now(), emergency=name, by=by, found=found)
        write_down(call, site, by, fact)


@verb(access, "emergencies")
def emergencies(call: Call) -> ExitStatus:
    """Show every emergency and its review. Exit status 1 when one was not reviewed."""
    with call.open() as site:
        opened = site.state().emergencies()
    words = call.words
    titles = (("编号", "id"), ("人员", "staff"), ("岗位", "post"), ("事由", "reason"), ("事件", "case"), ("自", "from"),
              ("至", "until"), ("复核", "review"))  # fmt: skip
    shown = table(*(words(*each) for each in titles))
    data = []
    for each in opened:
        fact, review = each.fact, each.review
        told = Line(f"{words(*_FOUND[review.found])} ({review.by})") if review else Line(words("未复核", "none"), BAD)
        shown.add_row(
            fact.emergency, fact.staff, fact.post, fact.reason, fact.case, _minute(fact.at), _minute(each.until), told
        )
        data.append({
            "id": fact.emergency, "staff": fact.staff, "post": fact.post, "reason": fact.reason, "case": fact.case,
            "at": fact.at, "until": each.until, "found": review.found if review else "",
            "reviewed_by": review.by if review else "",
        })  # fmt: skip
    call.answer(data, shown if opened else Line(words("没有应急授权", "there were none"), GOOD))
    return ExitStatus.NO if any(each.review is None for each in opened) else ExitStatus.DONE


def _day(moment: dt.datetime | None) -> str:
    return f"{moment.astimezone(CHINA):%Y-%m-%d}" if moment else ""


def _minute(moment: dt.datetime) -> str:
    return f"{moment.astimezone(CHINA):%Y-%m-%d %H:%M}"
