# SPDX-License-Identifier: Apache-2.0
"""``/console/people/accounts``: who may sign in; invites, ends sessions, ends accounts."""

import msgspec
from litestar import Response, get, post
from litestar.di import NamedDependency

from keshou.accounts.account import AccountKind
from keshou.accounts.errors import AccountError
from keshou.app.invitation_post import mail_invitation
from keshou.app.new_account import invite as invite_person
from keshou.app.second_hand import waiting
from keshou.app.site import Site
from keshou.declaration.model import Office
from keshou.errors import InputError
from keshou.language import Text
from keshou.web.account_keeping import known_account, refuse_self
from keshou.web.console.again import stands_on
from keshou.web.console.desk import desk_of, show, to, typed
from keshou.web.console.names import agent_names
from keshou.web.console.people import A_PAGE, After, id_of
from keshou.web.entitled import require, require_fresh
from keshou.web.frame.page import Requested
from keshou.wire.caller import Caller
from keshou.wire.sign_in import Mail

KIND = {
    AccountKind.STAFF: Text("工作人员", "staff"),
    AccountKind.AGENT_STAFF: Text("代理人的员工", "agent’s staff"),
    AccountKind.INSPECTOR: Text("监督检查人员", "inspector"),
}
"""Whose account it is -> what that is called."""
HERE = "/console/people/accounts"


@get(HERE, sync_to_thread=True, include_in_schema=False)
def accounts(
    request: Requested, caller: NamedDependency[Caller], site: NamedDependency[Site], after: After = ""
) -> Response[bytes]:
    """List the accounts, by id, a page at a time."""
    require(caller, site, Office.ACCOUNTS, Office.AUDIT)
    desk = desk_of(request, site, caller)
    with site.reading() as tx:
        found = [each for each in site.accounts.accounts(tx) if each.id > after]
        waits = len(waiting(site, tx))
    agents = agent_names(desk)
    return show(
        request, desk, "accounts.html.j2", after=after, next=found[A_PAGE - 1].id if len(found) > A_PAGE else "",
        accounts=[
            (each, KIND[each.kind].in_(desk.language), agents.get(each.agent, each.agent),
             each.invited_until if each.invited_until and each.invited_until > site.now() else None)
            for each in found[:A_PAGE]
        ],
        kinds=[(each.value, text.in_(desk.language)) for each, text in KIND.items()], agents=agents,
        keeps=Office.ACCOUNTS in desk.offices, waits=waits,
    )  # fmt: skip


@post(f"{HERE}/invite", status_code=200, sync_to_thread=True, include_in_schema=False)
@stands_on(accounts)
def invite(request: Requested, caller: NamedDependency[Caller], site: NamedDependency[Site]) -> Response[bytes]:
    """Invite somebody, or anew; the invitation is shown this once. Pressed twice, the one shown last holds."""
    require(caller, site, Office.ACCOUNTS)
    require_fresh(caller, site)
    form = typed(request)
    name, kind = id_of(form.get("id", "")), form.get("kind", "")
    refuse_self(caller, name)
    if kind not in set(AccountKind):
        raise InputError("an account is of staff, of an agent's staff or of an inspector")
    agent = form.get("agent", "") if kind == AccountKind.AGENT_STAFF else ""
    mail, waits = _mail_of(form.get("mail", "").strip()), site.settings.accounts.second_hand
    with site.writing() as tx:
        text = invite_person(site, tx, name, AccountKind(kind), by=caller.id, agent=agent, mail=mail, waits=waits)
        account = known_account(tx, site, name)
    mailed = mail_invitation(site, account, text)
    return show(
        request, desk_of(request, site, caller), "invited.html.j2", account=account, invitation=text, mailed=mailed
    )


@post(f"{HERE}/end", status_code=303, sync_to_thread=True, include_in_schema=False)
@stands_on(accounts)
def end(request: Requested, caller: NamedDependency[Caller], site: NamedDependency[Site]) -> Response[None]:
    """End every session of an account, or the account itself."""
    require(caller, site, Office.ACCOUNTS)
    form = typed(request)
    name = id_of(form.get("id", ""))
    if form.get("what") == "account":
        require_fresh(caller, site)
        refuse_self(caller, name)
    with site.writing() as tx:
        account = known_account(tx, site, name)
        if form.get("what") != "account":
            site.accounts.sessions.end_all(tx, name)
        elif account.closed is not None:
            raise AccountError("the account was ended before")
        else:
            site.accounts.close(tx, name, caller.id, site.now())
    return to(HERE)


def _mail_of(given: str) -> str:
    try:
        return msgspec.convert(given, Mail)
    except msgspec.ValidationError:
        raise InputError("this is no address of mail", hint="it has one @, or leave it empty") from None
