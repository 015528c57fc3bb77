# SPDX-License-Identifier: Apache-2.0
"""A mail server as operators have them, on this machine: with TLS or without, asking for a password, refusing."""

import contextlib
import socket
import ssl
from collections.abc import Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword

USERNAME, PASSWORD = "codes", b"correct-horse-battery"


class Mailbox:
    """What came."""

    def __init__(self, refusal: str = "") -> None:
        self.port = 0
        self.mails: list[EmailMessage] = []
        self.recipients: list[list[str]] = []
        self.helos: list[str] = []
        self.encrypted: list[bool] = []
        self._refusal = refusal

    async def handle_RCPT(self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any) -> str:  # noqa: N802
        if self._refusal:
            return f"{self._refusal} {address} is unknown here"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        mail = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(mail, EmailMessage)
        self.mails.append(mail)
        self.recipients.append(list(envelope.rcpt_tos))
        self.helos.append(session.host_name)
        self.encrypted.append(session.ssl is not None)
        return "250 OK"


def _authenticate(_server: Any, _session: Any, _envelope: Any, _mechanism: str, data: Any) -> AuthResult:
    good = isinstance(data, LoginPassword) and (data.login, data.password) == (USERNAME.encode(), PASSWORD)
    return AuthResult(success=good, handled=False)


@contextlib.contextmanager
def serving(
    certificate: tuple[Path, Path] | None = None, *, at_once: bool = False, password: bool = False, refusal: str = ""
) -> Iterator[Mailbox]:
    """Serve on loopback; with a certificate by STARTTLS, or by TLS `at_once`."""
    box = Mailbox(refusal)
    context = None
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*certificate)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        box.port = free.getsockname()[1]
    more: dict[str, Any] = {"ssl_context": context} if at_once else {"tls_context": context}
    if context is not None and not at_once:
        more["require_starttls"] = True
    if password:
        more |= {"authenticator": _authenticate, "auth_required": True}
    controller = Controller(box, hostname="127.0.0.1", port=box.port, **more)
    controller.start()
    try:
        yield box
    finally:
        controller.stop()
