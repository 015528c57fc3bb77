# SPDX-License-Identifier: Apache-2.0
"""``keshou account``: people who may sign in to the server, what happened to them, and their end."""

import datetime as dt
from typing import Annotated

import msgspec
import typer
from rich.text import Text as Line

from keshou.accounts.account import Account, AccountKind
from keshou.accounts.errors import UnknownAccountError
from keshou.app.invitation_post import mail_invitation
from keshou.app.new_account import invite as invite_person
from keshou.cli import asked
from keshou.cli.terminal import BAD, GOOD, QUIET, STRONG, Call, plain, table
from keshou.cli.verb import verb
from keshou.errors import InputError
from keshou.language import Text
from keshou.law.model import CHINA
from keshou.wire.account_words import EVENTS
from keshou.wire.sign_in import InviteRequest

group = typer.Typer(help="People who may sign in to the server.", no_args_is_help=True)
_MOST = 1000

Who = Annotated[
    str, typer.Argument(metavar="STAFF", help="Id of the account: the one under which staff are appointed.")
]
By = Annotated[str, typer.Option(metavar="STAFF", help="Who looks after accounts.", callback=asked.staff)]
Kind = Annotated[AccountKind, typer.Option(help="Whose account it is.")]
Agent = Annotated[str, typer.Option(metavar="ID", help="For an agent's staff: id of the agent.")]
Mail = Annotated[str, typer.Option(metavar="ADDRESS", help="Where invitations are mailed too, by [visits.mail].")]

_KINDS = {
    AccountKind.STAFF: Text(zh="工作人员", en="staff"),
    AccountKind.AGENT_STAFF: Text(zh="代理人的工作人员", en="agent's staff"),
    AccountKind.INSPECTOR: Text(zh="监督检查人员", en="inspector"),
}


def add_to(app: typer.Typer) -> None:
    """Put the family under the one name."""
    app.add_typer(group, name="account")


@verb(group, "invite")
def invite(call: Call, who: Who, *, by: By, kind: Kind = AccountKind.STAFF, agent: Agent = "", mail: Mail = "") -> None:
    """Invite somebody, or anew when they lost what proves them; the invitation is shown this once."""
    _refuse_malformed(who, agent, mail)
    with call.open() as site:
        with site.writing() as tx:
            text = invite_person(site, tx, who, kind, by=by, agent=agent, mail=mail)
            account = site.accounts.account(tx, who)
        mailed = account is not None and mail_invitation(site, account, text)
    until = account.invited_until if account else None
    told = call.words("邀请只显示这一次，请交给本人：", "the invitation is shown this once; hand it to them alone:")
    over = call.words("有效至 ", "good until ") + (f"{until.astimezone(CHINA):%Y-%m-%d %H:%M}" if until else "")
    data = {"account": who, "kind": kind, "invitation": text, "until": until, "mailed": mailed}
    sent = [] if account is None or not account.mail else [_post(call, account.mail, mailed=mailed)]
    call.answer(data, Line(call.words("已邀请", "invited"), GOOD), told, text, Line(over, QUIET), *sent)


@verb(group, "list")
def list_(call: Call) -> None:
    """Show the accounts, and by what each proves itself; secrets are nowhere."""
    with call.open() as site, site.reading() as tx:
        found = site.accounts.accounts(tx)
        now = site.now()
        open_ = {each.id: len(site.accounts.sessions.of(tx, each.id, now)) for each in found}
    words = call.words
    shown = table(words("编号", "id"), words("类别", "kind"), words("代理人", "agent"), words("密码", "password"),
                  words("验证器", "authenticator"), words("会话", "sessions"), "")  # fmt: skip
    for each in found:
        said = call.of(_state(each, now))
        shown.add_row(
            Line(each.id, STRONG), call.of(_KINDS[each.kind]), plain(each.agent), _yes(call, each.has_password),
            _yes(call, each.has_totp), str(open_[each.id] or ""), Line(said, BAD if each.closed else QUIET),
        )  # fmt: skip
    data = [_data(each) | {"sessions": open_[each.id]} for each in found]
    call.answer(data, shown if found else Line(words("没有账户", "there are none")))


@verb(group, "close")
def close(call: Call, who: Who, *, by: By) -> None:
    """End an account: every session of it is over at once. Posts end by `keshou staff leave`."""
    if who == by:
        raise InputError("nobody ends their own account", hint="ask another who holds the office")
    with call.open() as site, site.writing() as tx:
        site.accounts.close(tx, who, by, site.now())
    call.answer({"account": who}, Line(call.words("已关闭", "closed"), GOOD))


@verb(group, "end-sessions")
def end_sessions(call: Call, who: Who) -> None:
    """End every session of an account; it may sign in anew."""
    with call.open() as site, site.writing() as tx:
        if site.accounts.account(tx, who) is None:
            raise UnknownAccountError
        count = site.accounts.sessions.end_all(tx, who)
    told = call.words(f"已结束 {count} 个会话", f"sessions ended: {count}")
    call.answer({"account": who, "ended": count}, Line(told, GOOD))


@verb(group, "events")
def events(
    call: Call,
    who: Annotated[
        str, typer.Argument(metavar="ID", help="Only of this account, this program, or an app's key for this service.")
    ] = "",
    *,
    limit: Annotated[int, typer.Option(min=1, max=_MOST, help="How many at the most, the latest first.")] = 50,
) -> None:
    """Show who signed in, failed or was locked, and who gave or took which way in, the latest first."""
    with call.open() as site, site.reading() as tx:
        found = site.accounts.events.of(tx, who, limit)
        if who and not found and site.accounts.account(tx, who) is None:
            raise UnknownAccountError
    words = call.words
    shown = table(words("时间", "when"), words("账户", "account"), words("事项", "what"), words("经手", "by"),
                  words("方式", "by what"), words("涉及", "about"))  # fmt: skip
    for each in found:
        by = plain(each.by) if each.by != each.account else ""
        when = f"{each.at.astimezone(CHINA):%Y-%m-%d %H:%M:%S}"
        shown.add_row(
            when, plain(each.account), call.of(EVENTS[each.what]), by, ", ".join(each.factors), plain(each.about)
        )
    call.answer(found, shown if found else Line(words("没有记录", "nothing happened yet")))


def _refuse_malformed(who: str, agent: str, mail: str) -> None:
    try:
        msgspec.convert({"id": who, "agent": agent, "mail": mail}, InviteRequest)
    except msgspec.ValidationError:
        raise InputError(
            "an id or the address of mail is not well formed",
            hint="ids have letters, digits, dots and dashes, 64 at most; an address has one @",
        ) from None


def _post(call: Call, mail: str, *, mailed: bool) -> Line:
    to = plain(mail)
    if mailed:
        return Line(call.words(f"也已发到 {to}", f"mailed to {to} too"), GOOD)
    said = call.words(
        f"没有发到 {to}：[visits.mail] 没有设置邮件服务器，或者它没有接收",
        f"not mailed to {to}: [visits.mail] names no mail server, or it did not take it",
    )
    return Line(said, BAD)


def _state(each: Account, now: dt.datetime) -> Text | None:
    if each.closed:
        return Text(zh="已关闭", en="closed")
    if each.invited_until is None or each.invited_until <= now:
        return None
    return Text(zh="邀请等待确认", en="invitation waits") if each.waits else Text(zh="待接受邀请", en="invitation open")


def _yes(call: Call, held: bool) -> str:  # noqa: FBT001 - a cell of a table
    return call.words("有", "yes") if held else ""


def _data(each: Account) -> dict[str, object]:
    return {
        "id": each.id, "kind": each.kind, "agent": each.agent, "mail": each.mail, "created": each.created,
        "closed": each.closed, "invited_until": each.invited_until, "waits": each.waits,
        "has_password": each.has_password, "has_totp": each.has_totp,
    }  # fmt: skip
