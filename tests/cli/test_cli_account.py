# SPDX-License-Identifier: Apache-2.0
"""People who may sign in, from the command line: invited, listed, looked after, ended."""

import datetime as dt

import mail_server
import pytest

from cli_caller import Caller
from keshou.accounts.account import AccountKind
from keshou.app.new_account import invite
from keshou.app.new_program import add_program, make_key
from keshou.app.site import Site
from keshou.programs.grant import CredentialKind, KeyGrant
from keshou.programs.scope import Scope

BROWSER = "a browser"
PASSWORD = "seven quiet otters drift"


def invitation(keshou: Caller, who: str, *more: str) -> str:
    return str(keshou("account", "invite", who, "--by", "officer", *more, "--json").ok().json["invitation"])


def accept(keshou: Caller, text: str) -> str:
    """Accept an invitation as its page does; return the session's token."""
    with Site.open(keshou.home) as site, site.writing() as tx:
        account = site.accounts.invited(tx, text, site.now())
        assert account is not None
        return site.accounts.accept(tx, text, site.accounts.hash(account, PASSWORD), BROWSER, site.now()).token


def is_signed_in(keshou: Caller, token: str) -> bool:
    with Site.open(keshou.home) as site, site.writing() as tx:
        return site.accounts.find(tx, token, BROWSER, site.now()) is not None


def test_an_invitation_is_shown_once_and_opens_an_account(bare: Caller) -> None:
    text = invitation(bare, "clara", "--mail", "clara@example.org")
    listed = bare("account", "list", "--json").ok()
    assert text not in listed.out
    assert (listed.json[0]["id"], listed.json[0]["kind"], listed.json[0]["has_password"]) == ("clara", "staff", False)
    assert "invitation open" in bare("account", "list", "--lang", "en").ok().out
    assert is_signed_in(bare, accept(bare, text))
    assert bare("account", "list", "--json").ok().json[0]["sessions"] == 1
    told = bare("account", "events", "clara", "--json").ok().json
    assert [each["what"] for each in told] == ["signed_in", "accepted", "invited"]
    assert told[-1]["by"] == "officer"


def test_an_invitation_is_mailed_where_a_mail_server_is_set_and_else_that_is_said(
    bare: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = ("account", "invite", "carl", "--by", "officer", "--mail", "carl@people.example", "--lang", "en")
    assert "not mailed to carl@people.example" in bare(*words).ok().out
    with mail_server.serving() as box:
        for name, value in {
            "MAIL_HOST": "localhost", "MAIL_PORT": str(box.port), "MAIL_SENDER": "codes@operator.example",
            "MAIL_SECURITY": "none", "BY": "intake", "PURPOSE": "service",
        }.items():  # fmt: skip
            monkeypatch.setenv(f"KESHOU_VISITS_{name}", value)
        told = bare(*words, "--json").ok().json
    assert told["mailed"] is True
    assert told["invitation"] in box.mails[0].get_content()


def test_an_invitation_that_waits_for_a_second_person_is_not_listed_as_open(bare: Caller) -> None:
    accept(bare, invitation(bare, "clara"))
    with Site.open(bare.home) as site, site.writing() as tx:
        invite(site, tx, "clara", AccountKind.STAFF, by="keeper", waits=True)
    listed = bare("account", "list", "--lang", "en").ok().out
    assert "invitation waits" in listed
    assert "invitation open" not in listed
    assert bare("account", "list", "--json").ok().json[0]["waits"] == "keeper"


def test_an_ended_session_or_account_lets_nobody_in(bare: Caller) -> None:
    first = accept(bare, invitation(bare, "clara"))
    assert bare("account", "end-sessions", "clara", "--json").ok().json["ended"] == 1
    assert not is_signed_in(bare, first)
    again = accept(bare, invitation(bare, "clara"))
    assert is_signed_in(bare, again)
    bare("account", "close", "clara", "--by", "officer").ok()
    assert not is_signed_in(bare, again)
    assert "已关闭" in bare("account", "list", "--lang", "zh").ok().out
    assert "closed" in bare("account", "events", "--lang", "en").ok().out


@pytest.mark.parametrize(
    "words",
    [
        ("invite", "no body", "--by", "officer"),
        ("invite", "user", "--by", "officer"),
        ("invite", "crm", "--by", "officer"),
        ("invite", "clara", "--by", "clara"),
        ("invite", "clara", "--by", "officer", "--mail", "nowhere"),
        ("invite", "clara", "--by", "officer", "--kind", "agent_staff"),
        ("invite", "clara", "--by", "officer", "--agent", "east_shop"),
        ("close", "clara", "--by", "clara"),
        ("close", "nobody", "--by", "officer"),
        ("end-sessions", "nobody"),
        ("events", "nobody"),
    ],
)
def test_what_names_nobody_or_somebody_else_or_oneself_is_refused(bare: Caller, words: tuple[str, ...]) -> None:
    bare("program", "add", "crm", "--by", "network").ok()
    refused = bare("account", *words)
    assert refused.status == 2
    assert bare("account", "list", "--json").ok().json == []


def test_an_account_of_another_kind_keeps_its_id_to_itself(bare: Caller) -> None:
    invitation(bare, "ivy", "--kind", "inspector")
    assert bare("account", "invite", "ivy", "--by", "officer").status == 2
    assert bare("account", "list", "--json").ok().json[0]["kind"] == "inspector"


def test_on_the_server_one_hand_is_enough_and_what_waits_is_listed_and_confirmed(bare: Caller) -> None:
    with Site.open(bare.home) as site, site.writing() as tx:
        add_program(site, tx, "crm", "network")
        grant = KeyGrant(scopes=frozenset({Scope.ON_BEHALF}), until=site.now() + dt.timedelta(days=1))
        made, text = make_key(site, tx, "crm", CredentialKind.KEY, grant, by="network", waits=True)
    here = bare("program", "key", "crm", "--scope", "on_behalf", "--by", "network", "--json").ok().json
    assert here["key"]["id"] != made.id
    assert [each["id"] for each in bare("account", "waiting", "--json").ok().json] == [made.id]
    assert made.id in bare("account", "waiting", "--lang", "en").ok().out
    refused = bare("account", "confirm", "key", made.id, "--of", "crm", "--by", "network")
    assert (refused.status, "second hand" in refused.err) == (2, True)
    assert bare("account", "confirm", "key", made.id, "--of", "other", "--by", "auditor").status == 2
    bare("account", "confirm", "key", made.id, "--of", "crm", "--by", "auditor").ok()
    assert bare("account", "waiting", "--json").ok().json == []
    assert bare("account", "confirm", "key", made.id, "--of", "crm", "--by", "auditor").status == 2
    with Site.open(bare.home) as site, site.writing() as tx:
        assert site.programs.find_key(tx, text, site.now()) is not None
        assert site.programs.find_key(tx, here["secret"], site.now()) is not None
