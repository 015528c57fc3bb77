# SPDX-License-Identifier: Apache-2.0
"""How codes leave: by mail, or by the operator's own gateway for short messages.

A code is sent after the transaction that made it has committed, and outside of any. No error says to whom or what.
"""

import asyncio
import base64
import datetime as dt
import ipaddress
import json
import re
import secrets
import smtplib
import ssl
from collections.abc import Callable
from email.message import EmailMessage
from email.utils import format_datetime
from enum import StrEnum
from typing import Protocol
from urllib.parse import urlsplit

import httpx2
from standardwebhooks import Webhook

from keshou.visits.errors import AddressError, SendError, SenderSettingsError
from keshou.visits.settings import HookSettings, MailSettings


class Channel(StrEnum):
    """By which kind of address a user is reached."""

    SMS = "sms"
    MAIL = "mail"


class Sender(Protocol):
    """Takes a text to one address, or fails."""

    def send(self, to: str, text: str, channel: Channel) -> None:
        """Send `text` to `to`; blocks until it was taken.

        Raises:
            AddressError: `to` is no address of that channel, or of none that is served here.
            SendError: it was not taken.

        """


_ADDRESS = {
    # what would begin another header, command or recipient is no part of an address
    Channel.MAIL: re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@(?=.{1,255}\Z)[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*"),
    Channel.SMS: re.compile(r"\+?[0-9]{3,20}"),
}
_MAIL, _GATEWAY = "mail server", "gateway"
_SHORTEST, _LONGEST = 24, 64


class MailSender:
    """Sends by the operator's mail server. `password` is as its file has it; `now` gives the moment.

    Source: RFC 3207 (STARTTLS), RFC 8314 (TLS from the start), RFC 5322.
    """

    def __init__(self, settings: MailSettings, password: bytes, now: Callable[[], dt.datetime]) -> None:
        if settings.security == "none" and not _is_loopback(settings.host):
            raise SenderSettingsError(
                "mail must leave this machine over TLS", hint="`security` in [visits.mail]: starttls or tls"
            )
        if not _ADDRESS[Channel.MAIL].fullmatch(settings.sender) or not settings.subject.isprintable():
            raise SenderSettingsError("mail needs a sender's address and a subject of one line", hint="[visits.mail]")
        self._settings = settings
        if not password.isascii():
            raise SenderSettingsError("the mail server's password has other signs than ASCII", hint="choose another")
        self._password = password.decode().rstrip("\r\n")
        self._now = now
        self._trust = _trusting(settings.certificates)

    def send(self, to: str, text: str, channel: Channel, subject: str = "") -> None:
        """Send `text` as a mail, under the settings' subject unless another is given; see `Sender`.

        Raises:
            AddressError: it is no mail address.
            SendError: the server did not take the mail, or cannot be reached.

        """
        if channel is not Channel.MAIL or not _ADDRESS[channel].fullmatch(to):
            raise AddressError
        mail = self._written(to, text, subject or self._settings.subject)
        try:
            with self._connected() as server:
                if self._settings.username:
                    server.login(self._settings.username, self._password)
                server.send_message(mail, self._settings.sender, [to])
        except smtplib.SMTPException as error:
            raise SendError(_MAIL, _why(error)) from None
        except TimeoutError:
            raise SendError(_MAIL, "too slow") from None
        except ssl.SSLError:
            raise SendError(_MAIL, "no TLS that can be trusted") from None
        except (OSError, ValueError):
            raise SendError(_MAIL, "no connection") from None

    def _connected(self) -> smtplib.SMTP:
        said = self._settings
        # by its domain the server knows us; the name of this machine is nobody's business
        ours = said.sender.partition("@")[2]
        if said.security == "tls":
            return smtplib.SMTP_SSL(said.host, said.port, ours, timeout=said.timeout_seconds, context=self._trust)
        server = smtplib.SMTP(said.host, said.port, ours, timeout=said.timeout_seconds)
        if said.security == "starttls":
            try:
                server.starttls(context=self._trust)
            except BaseException:
                server.close()
                raise
        return server

    def _written(self, to: str, text: str, subject: str) -> EmailMessage:
        mail = EmailMessage()
        mail["From"], mail["To"], mail["Subject"] = self._settings.sender, to, subject
        mail["Date"] = format_datetime(self._now())
        mail["Message-ID"] = f"<{secrets.token_hex(16)}@{self._settings.sender.partition('@')[2]}>"
        mail["Auto-Submitted"] = "auto-generated"
        mail.set_content(text)
        return mail


class HookSender:
    """Hands messages to the operator's gateway as JSON, signed; `secret` is what both share, `now` gives the moment.

    Source: Standard Webhooks 1.0.
    """

    def __init__(self, settings: HookSettings, secret: bytes, now: Callable[[], dt.datetime]) -> None:
        if not _is_safe(settings.url):
            raise SenderSettingsError(
                "the gateway must be asked over https", hint="`url` in [visits.hook], without user or fragment"
            )
        self._settings = settings
        self._signer = Webhook(_shared(secret))
        self._now = now
        self._trust = _trusting(settings.certificates)

    def send(self, to: str, text: str, channel: Channel) -> None:
        """Post ``{"channel", "to", "text"}``, taken once the answer is 2xx; not to be called in an event loop.

        See `Sender`.

        Raises:
            AddressError: it is no address of this channel.
            SendError: the gateway did not take it, or cannot be reached.

        """
        if not _ADDRESS[channel].fullmatch(to):
            raise AddressError
        body = json.dumps({"channel": channel.value, "to": to, "text": text}, ensure_ascii=False)
        try:
            status = asyncio.run(self._post(body))
        except TimeoutError:
            raise SendError(_GATEWAY, "too slow") from None
        except (httpx2.HTTPError, OSError):
            raise SendError(_GATEWAY, "no connection") from None
        if not 200 <= status < 300:
            raise SendError(_GATEWAY, str(status))

    async def _post(self, body: str) -> int:
        name, now = f"msg_{secrets.token_hex(16)}", self._now()
        headers = {
            "content-type": "application/json",
            "user-agent": "keshou",
            "webhook-id": name,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": self._signer.sign(name, now, body),
        }
        # the time is for all of it: a server that drips keeps nobody waiting
        async with asyncio.timeout(self._settings.timeout_seconds):
            # no proxies or credentials from the environment: codes go where the settings say
            async with httpx2.AsyncClient(
                verify=self._trust, trust_env=False, follow_redirects=False, timeout=self._settings.timeout_seconds
            ) as client:
                request = client.build_request("POST", self._settings.url, content=body.encode(), headers=headers)
                answer = await client.send(request, stream=True)
                await answer.aclose()
                return answer.status_code


def _trusting(certificates: str) -> ssl.SSLContext:
    trust = ssl.create_default_context()
    if certificates:
        trust.load_verify_locations(certificates)
    return trust


def _shared(secret: bytes) -> bytes:
    """Return the key in a secret as its file has it: ``whsec_`` and 24 to 64 bytes in base64."""
    try:
        key = base64.b64decode(secret.strip().removeprefix(b"whsec_"), validate=True)
    except ValueError:
        key = b""
    if not _SHORTEST <= len(key) <= _LONGEST:
        raise SenderSettingsError("the gateway's secret is none", hint="whsec_ and 24 to 64 bytes in base64")
    return key


def _is_safe(url: str) -> bool:
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return False
    scheme_is_safe = parts.scheme == "https" or (parts.scheme == "http" and _is_loopback(parts.hostname or ""))
    plain = url.isascii() and url.isprintable() and " " not in url
    return scheme_is_safe and plain and bool(parts.hostname) and "@" not in parts.netloc and not parts.fragment


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _why(error: smtplib.SMTPException) -> str:
    """Return what may be told of a mail server's answer: its code, and never its words, which quote addresses."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return "the recipient was refused"
    if isinstance(error, smtplib.SMTPNotSupportedError):
        return "it lacks what the settings ask for"
    return f"answer {error.smtp_code}" if isinstance(error, smtplib.SMTPResponseException) else "broken off"
