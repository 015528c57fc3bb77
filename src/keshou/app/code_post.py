# SPDX-License-Identifier: Apache-2.0
"""One-time codes on their way to users: to use a number for sending is an act like any other, asked and recorded.

Whoever asks is answered before anything is looked up or sent, and alike whoever is asked for.
"""

import datetime as dt
import logging
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from pathlib import Path

from keshou.acts.request import Done
from keshou.db import Transaction
from keshou.errors import InputError, KeshouError, UnreachableError
from keshou.gate.act import Act
from keshou.language import Language
from keshou.law.terms import ActKind
from keshou.vault.key_file import read_private
from keshou.visits.errors import SenderSettingsError
from keshou.visits.message import message
from keshou.visits.senders import Channel, HookSender, MailSender, Sender
from keshou.visits.settings import VisitSettings
from keshou.visits.store import Visits

_ITEMS = {Channel.SMS: "mobile_number", Channel.MAIL: "email_address"}
"""Which item of the taxonomy a channel's address is."""
_HANDS = 4
_MOST_WAITING = 200
_log = logging.getLogger(__name__)


def senders_of(settings: VisitSettings, home: Path, now: Callable[[], dt.datetime]) -> dict[Channel, Sender]:
    """Return what sends by each channel that the settings name; files are taken from the folder `home`.

    Raises:
        SenderSettingsError: codes cannot be sent in the way the settings say.
        KeyFileError: a secret's file is another's, or others may read it.

    """
    found: dict[Channel, Sender] = {}
    if settings.hook is not None:
        if not settings.hook.secret_file:
            raise SenderSettingsError("the gateway and we share no secret", hint="`secret_file` in [visits.hook]")
        found[Channel.SMS] = HookSender(settings.hook, read_private(home / settings.hook.secret_file), now)
    if settings.mail is not None:
        file = settings.mail.password_file
        found[Channel.MAIL] = MailSender(settings.mail, read_private(home / file) if file else b"", now)
    if found and not (settings.by and settings.purpose):
        raise SenderSettingsError(
            "codes are to be sent, and nobody is named who uses users' numbers for it (miit24:9.3)",
            hint="`by` and `purpose` in [visits]: a program in a post, and a purpose of the rules",
        )
    return found


class CodePost:
    """Makes codes and sends them from a few threads of its own; close it when the site closes."""

    def __init__(
        self,
        visits: Visits,
        senders: Mapping[Channel, Sender],
        *,
        writing: Callable[[], AbstractContextManager[Transaction]],
        is_known: Callable[[Transaction, str], bool],
        perform: Callable[[Act], Done],
        now: Callable[[], dt.datetime],
    ) -> None:
        self._visits = visits
        self._senders = senders
        self._writing = writing
        self._is_known = is_known
        self._perform = perform
        self._now = now
        self._room = threading.BoundedSemaphore(_MOST_WAITING)
        self._hands = ThreadPoolExecutor(_HANDS, thread_name_prefix="keshou-codes")

    @property
    def channels(self) -> tuple[Channel, ...]:
        """By which kinds of address codes are sent here; none when the settings name no way."""
        return tuple(each for each in Channel if each in self._senders)

    def ask(self, user: str, channel: Channel, language: Language) -> str:
        """Return the ticket under which a code can be given back; it is sent afterwards, if there is whom to send it.

        Raises:
            InputError: nothing is sent by this channel here.
            UnreachableError: too many codes are on their way; nothing was done.

        """
        if channel not in self._senders:
            raise InputError("no codes are sent by this channel here", hint="see [visits] in the settings")
        if not self._room.acquire(blocking=False):
            raise UnreachableError("too many codes are on their way", hint="ask again in a minute")
        try:
            with self._writing() as tx:
                started = self._visits.start(tx, user if self._is_known(tx, user) else None, self._now())
            self._hands.submit(self._send, user, started.code, channel, language)
        except BaseException:
            self._room.release()
            raise
        return started.ticket

    def close(self) -> None:
        """Send what is on its way, and take no more."""
        self._hands.shutdown()

    def _send(self, user: str, code: str | None, channel: Channel, language: Language) -> None:
        try:
            address = "" if code is None else self._address(user, channel)
            if code is not None and address:
                text = message(language, code, self._visits.settings.code_minutes)
                self._senders[channel].send(address, text, channel)
        except KeshouError as error:
            # the class alone: a message or a trace could quote values
            _log.warning("a code was not sent: %s", type(error).__name__)
        except Exception as error:
            _log.error("a code was not sent: %s", type(error).__name__)
        finally:
            self._room.release()

    def _address(self, user: str, channel: Channel) -> str:
        """Return where to send it; empty when the gate denies using it, or none is held."""
        settings, item = self._visits.settings, _ITEMS[channel]
        items = frozenset({item})
        act = Act(
            kind=ActKind.USE, user=user, items=items, purpose=settings.purpose, by=settings.by, when=self._now()
        )  # fmt: skip
        return self._perform(act).values.get(item, "")
