# SPDX-License-Identifier: Apache-2.0
"""A code leaves by mail to one address, over TLS that can be trusted, and no failure tells to whom or what."""

import socket
import traceback
from pathlib import Path
from typing import Any

import pytest
from certificates import self_signed
from mail_server import PASSWORD, USERNAME, serving
from signing_app import NOW

from keshou.errors import InputError, UnreachableError
from keshou.visits.errors import AddressError, SendError, SenderSettingsError
from keshou.visits.message import message
from keshou.visits.senders import Channel, MailSender
from keshou.visits.settings import MailSettings

TO, CODE = "user-1903@people.example", "014207"
TEXT = message("zh", CODE, 5)


def sender(port: int, password: bytes = b"", **more: Any) -> MailSender:
    given = {"host": "localhost", "port": port, "sender": "codes@operator.example", "timeout_seconds": 5.0, **more}
    return MailSender(MailSettings(**given), password, lambda: NOW)


def refused(sends: MailSender) -> SendError:
    """Return the failure to send, in which neither address nor code may stand, however it is shown."""
    with pytest.raises(SendError) as caught:
        sends.send(TO, TEXT, Channel.MAIL)
    shown = "".join(traceback.format_exception(caught.value)) + repr(caught.value) + caught.value.hint
    assert not any(secret in shown for secret in (TO, "1903", CODE, PASSWORD.decode()))
    assert isinstance(caught.value, UnreachableError)
    return caught.value


@pytest.mark.parametrize("at_once", [False, True])
def test_a_code_is_mailed_over_tls_with_a_password(tmp_path: Path, at_once: bool) -> None:
    certificate = self_signed(tmp_path)
    with serving(certificate, at_once=at_once, password=not at_once) as box:
        more = {"security": "tls"} if at_once else {"security": "starttls", "username": USERNAME}
        sends = sender(box.port, PASSWORD + b"\n", certificates=str(certificate[0]), **more)
        sends.send(TO, TEXT, Channel.MAIL)
    (mail,) = box.mails
    assert at_once or box.encrypted == [True]
    assert box.recipients == [[TO]]
    assert mail.get_content().strip() == TEXT
    assert (mail["From"], mail["To"], mail["Subject"]) == ("codes@operator.example", TO, "验证码 · Your code")
    assert mail["Date"].datetime == NOW
    assert CODE not in str(mail["Subject"])


def test_the_mail_server_does_not_learn_this_machine_s_name() -> None:
    with serving() as box:
        sender(box.port, security="none").send(TO, TEXT, Channel.MAIL)
    assert box.helos == ["operator.example"]
    assert socket.gethostname() not in str(box.mails[0]["Message-ID"])


@pytest.mark.parametrize("at_once", [False, True])
def test_a_server_whose_certificate_nobody_vouches_for_is_told_nothing(tmp_path: Path, at_once: bool) -> None:
    with serving(self_signed(tmp_path), at_once=at_once) as box:
        failure = refused(sender(box.port, security="tls" if at_once else "starttls"))
    assert failure.why == "no TLS that can be trusted"
    assert box.mails == []


def test_a_certificate_of_another_name_is_not_enough(tmp_path: Path) -> None:
    certificate = self_signed(tmp_path)
    with serving(certificate, at_once=True) as box:
        sends = sender(box.port, host="127.0.0.2", security="tls", certificates=str(certificate[0]))
        assert refused(sends).why in ("no TLS that can be trusted", "no connection")
    assert box.mails == []


def test_a_server_that_strips_starttls_is_told_nothing() -> None:
    with serving() as box:
        assert refused(sender(box.port, security="starttls")).why == "it lacks what the settings ask for"
    assert box.mails == []


def test_a_wrong_password_sends_nothing(tmp_path: Path) -> None:
    certificate = self_signed(tmp_path)
    with serving(certificate, password=True) as box:
        sends = sender(box.port, b"guess", username=USERNAME, certificates=str(certificate[0]))
        assert refused(sends).why == "answer 535"
    assert box.mails == []


@pytest.mark.parametrize("refusal", ["550", "450"])
def test_a_recipient_whom_the_server_refuses_is_not_named(refusal: str) -> None:
    with serving(refusal=refusal) as box:
        assert refused(sender(box.port, security="none")).why == "the recipient was refused"


def test_a_server_that_is_not_there_or_never_answers_holds_nobody_up() -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        port = silent.getsockname()[1]
        assert refused(sender(port, host="127.0.0.1", security="none")).why == "no connection"
        silent.listen()
        given = {"host": "127.0.0.1", "security": "none", "timeout_seconds": 0.2}
        assert refused(sender(port, **given)).why in ("too slow", "broken off")


@pytest.mark.parametrize(
    "to",
    [
        "", "a", "@b.example", "a@", "a@b@c.example", "a b@c.example", "a@b.example\r\nBcc: c@d.example",
        "a@b.example\n", "a@b.example, c@d.example", "A <a@b.example>", "<a@b.example>", '"a"@b.example',
        "a@b.example> SIZE=1", "\0@b.example", "a@b..example", f"{'a' * 65}@b.example", f"a@{'b' * 300}", "15400000001",
        "甲@b.example", "a@[127.0.0.1]",
    ],
)  # fmt: skip
def test_what_is_no_single_mail_address_is_refused(to: str) -> None:
    with serving() as box, pytest.raises(AddressError) as caught:
        sender(box.port, security="none").send(to, TEXT, Channel.MAIL)
    assert len(to) < 2 or to not in str(caught.value)
    assert box.mails == []


def test_short_messages_do_not_go_by_mail() -> None:
    with pytest.raises(AddressError):
        sender(1, security="none").send(TO, TEXT, Channel.SMS)


def test_a_line_that_looks_like_the_end_of_the_mail_stays_in_it() -> None:
    text = "a\r\n.\r\nMAIL FROM:<x@y.example>\r\nSubject: no\r\n\r\nb"
    with serving() as box:
        sender(box.port, security="none").send(TO, text, Channel.MAIL)
    (mail,) = box.mails
    assert "MAIL FROM:<x@y.example>" in mail.get_content()
    assert mail["Subject"] == "验证码 · Your code"


@pytest.mark.parametrize(
    "wrong",
    [
        {"security": "none", "host": "mail.example"}, {"security": "none", "host": "127.0.0.1.example"},
        {"sender": "codes"}, {"sender": "codes@operator.example\r\nBcc: a@b.example"},
        {"subject": "a\r\nBcc: a@b.example"},
    ],
    ids=str,
)  # fmt: skip
def test_mail_settings_that_would_leak_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(SenderSettingsError) as caught:
        sender(25, **wrong)
    assert isinstance(caught.value, InputError)


def test_a_password_that_cannot_be_sent_is_refused_and_not_shown() -> None:
    with pytest.raises(SenderSettingsError) as caught:
        sender(25, "密码".encode())
    assert "密码" not in str(caught.value)
