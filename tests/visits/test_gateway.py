# SPDX-License-Identifier: Apache-2.0
"""A code leaves by the operator's gateway, signed, over TLS, to nobody else, and no failure tells to whom or what."""

import base64
import socket
import threading
import traceback
from pathlib import Path
from typing import Any

import pytest
import receivers
from certificates import self_signed
from receivers import receiving
from standardwebhooks import WebhookVerificationError

from keshou.app import clock
from keshou.errors import InputError, UnreachableError
from keshou.visits.errors import AddressError, SendError, SenderSettingsError
from keshou.visits.message import message
from keshou.visits.senders import Channel, HookSender
from keshou.visits.settings import HookSettings

TO, CODE = "+8615400001903", "014207"
TEXT = message("zh", CODE, 5)
SECRET = "whsec_" + base64.b64encode(bytes(range(32))).decode()
OTHER = "whsec_" + base64.b64encode(bytes(32)).decode()


def sender(url: str, **more: Any) -> HookSender:
    return HookSender(HookSettings(url=url, **more), SECRET.encode() + b"\n", clock.now)


def refused(sends: HookSender) -> SendError:
    """Return the failure to send, in which neither address nor code may stand, however it is shown."""
    with pytest.raises(SendError) as caught:
        sends.send(TO, TEXT, Channel.SMS)
    shown = "".join(traceback.format_exception(caught.value)) + repr(caught.value) + caught.value.hint
    assert not any(secret in shown for secret in (TO, "1903", CODE, SECRET))
    assert isinstance(caught.value, UnreachableError)
    return caught.value


@pytest.mark.parametrize(("channel", "to"), [(Channel.SMS, TO), (Channel.MAIL, "user-1903@people.example")])
def test_a_message_is_handed_to_the_gateway_signed(channel: Channel, to: str) -> None:
    with receiving() as gateway:
        sender(gateway.url).send(to, TEXT, channel)
    assert gateway.verified(SECRET) == {"channel": channel.value, "to": to, "text": TEXT}
    with pytest.raises(WebhookVerificationError):
        gateway.verified(OTHER)
    assert TO not in gateway.told[0].path


def test_every_message_has_an_id_of_its_own() -> None:
    with receiving() as gateway:
        for _ in range(2):
            sender(gateway.url).send(TO, TEXT, Channel.SMS)
    assert len({told.headers["webhook-id"] for told in gateway.told}) == 2


def test_a_gateway_is_asked_over_tls_that_can_be_trusted(tmp_path: Path) -> None:
    certificate = self_signed(tmp_path)
    with receiving(certificate) as gateway:
        sender(gateway.url, certificates=str(certificate[0])).send(TO, TEXT, Channel.SMS)
        assert len(gateway.told) == 1
        assert refused(sender(gateway.url)).why == "no connection"
    with receiving(certificate, host="127.0.0.2", name="127.0.0.2") as other:
        assert refused(sender(other.url, certificates=str(certificate[0]))).why == "no connection"
    assert len(gateway.told) == 1
    assert other.told == []


@pytest.mark.parametrize("code", [301, 302, 307, 308])
def test_a_gateway_that_points_elsewhere_is_not_followed(code: int) -> None:
    with receiving() as gateway, receiving() as elsewhere:
        gateway.plan.append(receivers.status(code, Location=elsewhere.url))
        assert refused(sender(gateway.url)).why == str(code)
    assert elsewhere.told == []


@pytest.mark.parametrize("code", [400, 401, 404, 429, 500, 503])
def test_a_message_that_was_not_taken_is_a_failure(code: int) -> None:
    with receiving() as gateway:
        gateway.plan.append(receivers.status(code))
        assert refused(sender(gateway.url)).why == str(code)


def test_a_gateway_that_drips_or_never_answers_holds_nobody_up() -> None:
    stop = threading.Event()
    with receiving() as gateway:
        gateway.plan.append(receivers.drip(stop))
        assert refused(sender(gateway.url, timeout_seconds=0.3)).why == "too slow"
        stop.set()
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/"
        assert refused(sender(url)).why == "no connection"
        silent.listen()
        assert refused(sender(url, timeout_seconds=0.3)).why == "too slow"


def test_a_gateway_that_breaks_off_is_a_failure() -> None:
    with receiving() as gateway:
        gateway.plan.append(receivers.break_off)
        assert refused(sender(gateway.url)).why == "no connection"


def test_a_proxy_of_the_environment_sees_no_code(monkeypatch: pytest.MonkeyPatch) -> None:
    with receiving() as gateway, receiving() as proxy:
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url)
        sender(gateway.url).send(TO, TEXT, Channel.SMS)
    assert len(gateway.told) == 1
    assert proxy.told == []


@pytest.mark.parametrize("to", ["", "+", "12", "1" * 21, "1540000\r\n1903", "15400001903\n", "１５４０１９０３", "a"])
def test_what_is_no_number_is_refused(to: str) -> None:
    with receiving() as gateway, pytest.raises(AddressError):
        sender(gateway.url).send(to, TEXT, Channel.SMS)
    assert gateway.told == []


@pytest.mark.parametrize(
    "url",
    [
        "", "sms.example", "http://sms.example/", "http://127.0.0.1.example/", "http://localhost.example/",
        "ftp://sms.example", "https://", "https://user:word@sms.example/", "https://sms.example/#a",
        "https://sms.example:port/", "https://sms.example/\r\nX: y", "https://sms.example/ a", "https://[::1",
    ],
)  # fmt: skip
def test_an_address_that_is_not_safe_is_no_gateway(url: str) -> None:
    with pytest.raises(SenderSettingsError) as caught:
        sender(url)
    assert isinstance(caught.value, InputError)


@pytest.mark.parametrize("secret", [b"", b"whsec_", b"whsec_%%%", b"whsec_a", b"whsec_c2hvcnQ=", b"\xff"])
def test_a_secret_that_signs_nothing_is_refused(secret: bytes) -> None:
    with pytest.raises(SenderSettingsError):
        HookSender(HookSettings(url="https://sms.example/"), secret, clock.now)
