# SPDX-License-Identifier: Apache-2.0
"""``keshou webhook``: who of the operator's other systems is told what became true, and what nobody took."""

from collections.abc import Sequence
from typing import Annotated, Any

import typer
from rich.text import Text as Line

from keshou.cli.terminal import BAD, GOOD, QUIET, STRONG, Call, pairs, plain, table
from keshou.cli.verb import verb
from keshou.errors import ExitStatus
from keshou.law.model import CHINA
from keshou.webhooks.delivery import DEAD, Delivery, Subscription

group = typer.Typer(help="Other systems that are told what became true.", no_args_is_help=True)
_PAGE = 1000

Id = Annotated[str, typer.Argument(metavar="ID", help="Id of the subscription, as it is listed.")]
Types = Annotated[
    list[str],
    typer.Option("--type", metavar="TYPE", help="Which type of event; may be given again; none: every type."),
]


def add_to(app: typer.Typer) -> None:
    """Put the family under the one name."""
    app.add_typer(group, name="webhook")


@verb(group, "add")
def add(
    call: Call,
    url: Annotated[str, typer.Argument(metavar="URL", help="Where to tell it, e.g. https://crm.example/hook.")],
    *,
    type_: Types = [],  # noqa: B006 - typer copies it
    name_users: Annotated[
        bool, typer.Option("--name-users", help="Tell the operator's own ids of users; else a pseudonym of its own.")
    ] = False,
) -> None:
    """Have a system told from now on; the secret that signs what it is told is shown this once."""
    with call.open() as site, site.writing() as tx:
        made, secret = site.webhooks.subscribe(tx, url, type_, site.now(), names_users=name_users)
    _show(call, made, secret)


@verb(group, "rotate")
def rotate(call: Call, name: Id) -> None:
    """Make a new secret, shown this once; the one before signs beside it for a while."""
    with call.open() as site, site.writing() as tx:
        secret = site.webhooks.rotate(tx, site.webhooks.subscription(tx, name), site.now())
        made = site.webhooks.subscription(tx, name)
    _show(call, made, secret)


@verb(group, "pause")
def pause(call: Call, name: Id) -> None:
    """Tell a system nothing until it is resumed; what happens meanwhile is not told later."""
    _set_active(call, name, active=False)


@verb(group, "resume")
def resume(call: Call, name: Id) -> None:
    """Tell a system again what becomes true from now on, and what waited when it was paused."""
    _set_active(call, name, active=True)


@verb(group, "remove")
def remove(call: Call, name: Id) -> None:
    """Tell a system nothing more, and drop what waits for it."""
    with call.open() as site, site.writing() as tx:
        site.webhooks.remove(tx, name)
    call.answer({"id": name}, Line(call.words("已移除", "removed"), GOOD))


@verb(group, "list")
def list_(call: Call) -> None:
    """Show who is told of what; secrets are nowhere."""
    with call.open() as site, site.reading() as tx:
        found = site.webhooks.subscriptions(tx)
    words = call.words
    shown = table(words("编号", "id"), words("地址", "address"), words("事件", "events"), words("用户", "users"), "")
    for each in found:
        users = words("原编号", "by id") if each.names_users else words("假名", "pseudonym")
        paused = Line("" if each.active else words("已暂停", "paused"), BAD)
        shown.add_row(each.id, plain(each.url), ", ".join(sorted(each.types)) or "*", users, paused)
    call.answer([_data(each) for each in found], shown if found else Line(words("没有订阅", "there are none"), QUIET))


@verb(group, "dead")
def dead(call: Call) -> ExitStatus:
    """Show the dead letters: what nobody took in all its tries. Exit status 1 with any."""
    found: list[Delivery] = []
    with call.open() as site, site.reading() as tx:
        while page := site.webhooks.deliveries(
            tx, state=DEAD, after=found[-1].number if found else 0, most=_PAGE
        ):  # fmt: skip
            found += page
    call.answer([_letter(each) for each in found], *_letters(call, found))
    return ExitStatus.NO if found else ExitStatus.DONE


@verb(group, "again")
def again(
    call: Call,
    number: Annotated[int, typer.Argument(metavar="NUMBER", min=1, help="Number of the dead letter.")],
) -> None:
    """Have a dead letter tried again from the beginning, by the server that runs."""
    with call.open() as site, site.writing() as tx:
        site.webhooks.redeliver(tx, number, site.now())
    call.answer({"number": number}, Line(call.words("将再次送达", "it will be told again"), GOOD))


@verb(group, "try")
def try_(call: Call, name: Id) -> None:
    """Send an event that tells of nothing, by the server that runs."""
    with call.open() as site, site.writing() as tx:
        event = site.webhooks.send_trial(tx, name, site.now())
    call.answer({"event": event}, Line(call.words("已排队：", "it is on its way: ") + event, GOOD))


def _set_active(call: Call, name: str, *, active: bool) -> None:
    with call.open() as site, site.writing() as tx:
        changed = site.webhooks.change(tx, site.webhooks.subscription(tx, name), active=active)
    said = call.words("已恢复", "resumed") if active else call.words("已暂停", "paused")
    call.answer(_data(changed), Line(said, GOOD))


def _show(call: Call, made: Subscription, secret: str) -> None:
    words = call.words
    shown = pairs({words("编号", "id"): made.id, words("密钥", "secret"): Line(secret, STRONG)})
    once = Line(words("密钥只显示这一次。", "The secret is shown this once."), QUIET)
    call.answer({"subscription": _data(made), "secret": secret}, shown, once)


def _data(each: Subscription) -> dict[str, Any]:
    return {
        "id": each.id, "url": each.url, "types": sorted(each.types), "names_users": each.names_users,
        "active": each.active, "created": each.created_at,
    }  # fmt: skip


def _letter(each: Delivery) -> dict[str, Any]:
    return {
        "number": each.number, "subscription": each.subscription, "event": each.event, "type": each.type,
        "tries": each.tries, "outcome": each.outcome, "created": each.created_at,
    }  # fmt: skip


def _letters(call: Call, found: Sequence[Delivery]) -> tuple[Any, ...]:
    words = call.words
    if not found:
        return (Line(words("没有死信", "there are none"), GOOD),)
    titles = (("序号", "number"), ("订阅", "subscription"), ("事件", "event"), ("类型", "type"), ("次数", "tries"),
              ("结果", "outcome"), ("时间", "since"))  # fmt: skip
    shown = table(*(words(*each) for each in titles))
    for each in found:
        since = f"{each.created_at.astimezone(CHINA):%Y-%m-%d %H:%M}"
        shown.add_row(str(each.number), each.subscription, each.event, each.type, str(each.tries), each.outcome, since)
    return (shown,)
