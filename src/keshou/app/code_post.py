# SPDX-License-Identifier: Apache-2.0
"""One-time codes on their way to users: to use a number for sending is an act like any other, asked and recorded.

Whoever asks is answered before anything is looked up or sent, and alike whoever is asked for.
"""

import datetime as dt
import logging
import re
import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from keshou.acts.request import Done
from keshou.db import Transaction
from keshou.declaration.findable import FINDABLE
from keshou.errors import InputError, KeshouError, UnreachableError
from keshou.gate.act import Act
from keshou.gate.site import SiteState
from keshou.language import Language
from keshou.law.terms import ActKind
from keshou.vault.blind_index import normalise
from keshou.vault.key_file import read_private
from keshou.visits.errors import CodesStoppedError, SenderSettingsError
from keshou.visits.message import message, shared
from keshou.visits.senders import Channel, HookSender, MailSender, Sender
from keshou.visits.settings import VisitSettings
from keshou.visits.store import Visits

_ITEMS = {Channel.SMS: "mobile_number", Channel.MAIL: "email_address"}
"""Which item of the taxonomy a channel's address is."""
ADDRESSES = frozenset(_ITEMS.values())
"""What codes are sent to."""
_SHAPES = {Channel.SMS: re.compile(r"\+?[0-9]{5,20}"), Channel.MAIL: re.compile(r"[^@\s]+@[^@\s]+")}
"""What an address of a channel looks like once it is normalised; anything else can be nobody's."""
_HANDS = 4
_SOURCES = 10_000
_HOUR = dt.timedelta(hours=1)
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


def _counted(times: deque[dt.datetime], now: dt.datetime) -> bool:
    """Count one more within the hour, and say whether it was within as many as `times` keeps."""
    if len(times) == times.maxlen and times[0] > now - _HOUR:
        return False
    times.append(now)
    return True


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
        find: Callable[[Act, str], list[str]],
        now: Callable[[], dt.datetime],
        state: Callable[[], SiteState],
    ) -> None:
        self._visits = visits
        self._senders = senders
        self._writing = writing
        self._is_known = is_known
        self._perform = perform
        self._find = find
        """Looks for users, which is an act on record: a query of one item about nobody yet, and the value sought."""
        self._now = now
        self._state = state
        self._room = threading.BoundedSemaphore(_MOST_WAITING)
        self._counting = threading.Lock()
        self._looked: deque[dt.datetime] = deque(maxlen=visits.settings.lookups_per_hour)
        self._asking: dict[str, deque[dt.datetime]] = {}
        self._hands = ThreadPoolExecutor(_HANDS, thread_name_prefix="keshou-codes")

    @property
    def channels(self) -> tuple[Channel, ...]:
        """By which kinds of address codes are sent here; none when the settings name no way."""
        return tuple(each for each in Channel if each in self._senders)

    def are_stopped(self, *, by_address: bool) -> bool:
        """Say whether the authority asked that what sending codes takes stop, so that none is sent to anybody.

        With `by_address` for those who say where it is to go: whose that is has to be looked for first.
        """
        state, purpose = self._state(), self._visits.settings.purpose
        return any(state.stops(kind, purpose) for kind in (ActKind.USE, *((ActKind.QUERY,) if by_address else ())))

    def ask(self, user: str, channel: Channel, language: Language, source: str = "") -> str:
        """Return the ticket under which a code can be given back; it is sent afterwards, if there is whom to send it.

        One `source` of requests has a share of the codes that may be asked for; empty: it is not counted by that.

        Raises:
            InputError: nothing is sent by this channel here.
            CodesStoppedError: the authority asked that it stop; nothing was done.
            UnreachableError: too many codes are on their way; nothing was done.

        """
        self._refuse_stopped(by_address=False)
        with self._taking(channel):
            with self._writing() as tx:
                known = user if self._is_known(tx, user) else None
                started = self._visits.start(tx, known, self._now(), source)
            self._hands.submit(self._quietly, self._send, user, started.code, channel, language)
        return started.ticket

    def ask_by(self, address: str, channel: Channel, language: Language, source: str = "") -> str:
        """Return such a ticket for whoever has `address` registered; who that is is looked for afterwards.

        To look is an act on record. One user is sent a code; who shares the address with others is told so by it. What
        can be no address is not looked for, and what one `source` asks for only up to its share of all looks.

        Raises:
            InputError: nothing is sent by this channel here.
            CodesStoppedError: the authority asked that it stop; nothing was done.
            UnreachableError: too many codes are on their way; nothing was done.

        """
        self._refuse_stopped(by_address=True)
        with self._taking(channel):
            normal = normalise(FINDABLE[_ITEMS[channel]], address)
            with self._writing() as tx:
                ticket, wanted = self._visits.expect(tx, f"{channel}\0{normal}", self._now(), source)
            sought = address if wanted and _SHAPES[channel].fullmatch(normal) and self._may_ask(source) else ""
            self._hands.submit(self._quietly, self._look, ticket, sought, channel, language)
        return ticket

    def _refuse_stopped(self, *, by_address: bool) -> None:
        if self.are_stopped(by_address=by_address):
            raise CodesStoppedError

    @contextmanager
    def _taking(self, channel: Channel) -> Iterator[None]:
        """Take a place among those on their way, which `_quietly` gives back."""
        if channel not in self._senders:
            raise InputError("no codes are sent by this channel here", hint="see [visits] in the settings")
        if not self._room.acquire(blocking=False):
            raise UnreachableError("too many codes are on their way", hint="ask again in a minute")
        try:
            yield
        except BaseException:
            self._room.release()
            raise

    def close(self) -> None:
        """Send what is on its way, and take no more."""
        self._hands.shutdown()

    def _quietly(self, do: Callable[..., None], *given: object) -> None:
        try:
            do(*given)
        except KeshouError as error:
            # the class alone: a message or a trace could quote values
            _log.warning("a code was not sent: %s", type(error).__name__)
        except Exception as error:
            _log.error("a code was not sent: %s", type(error).__name__)
        finally:
            self._room.release()

    def _send(self, user: str, code: str | None, channel: Channel, language: Language) -> None:
        address = "" if code is None else self._address(user, channel)
        if code is not None and address:
            text = message(language, code, self._visits.settings.code_minutes)
            self._senders[channel].send(address, text, channel)

    def _look(self, ticket: str, sought: str, channel: Channel, language: Language) -> None:
        """Look for whoever has `sought` (empty: for nobody), and send them a code; or, where several do, a word."""
        users = self._found(sought, channel) if sought and self._may_look() else []
        if len(users) == 1:
            with self._writing() as tx:
                code = self._visits.meant_for(tx, ticket, users[0], self._now())
            self._send(users[0], code, channel, language)
        elif users:
            # one whom the gate denies must not keep the others from hearing why no code comes
            address = next(filter(None, (self._address(each, channel) for each in users)), "")
            if address:
                self._senders[channel].send(address, shared(language), channel)

    def _may_look(self) -> bool:
        """Count a look, unless there were too many within the hour."""
        with self._counting:
            may = _counted(self._looked, self._now())
        if not may:
            _log.warning("no more numbers and mails are looked for within this hour: see `lookups_per_hour`")
        return may

    def _may_ask(self, source: str) -> bool:
        """Count a look that a source asks for, unless it had its share within the hour."""
        now = self._now()
        with self._counting:
            if len(self._asking) > _SOURCES:
                self._asking = {who: times for who, times in self._asking.items() if times[-1] > now - _HOUR}
            share = self._visits.settings.lookups_per_source
            return _counted(self._asking.setdefault(source, deque(maxlen=share)), now)

    def _found(self, sought: str, channel: Channel) -> list[str]:
        return self._find(self._act(ActKind.QUERY, "", channel), sought)

    def _address(self, user: str, channel: Channel) -> str:
        """Return where to send it; empty when the gate denies using it, or none is held."""
        return self._perform(self._act(ActKind.USE, user, channel)).values.get(_ITEMS[channel], "")

    def _act(self, kind: ActKind, user: str, channel: Channel) -> Act:
        settings = self._visits.settings
        items = frozenset({_ITEMS[channel]})
        return Act(kind=kind, user=user, items=items, purpose=settings.purpose, by=settings.by, when=self._now())
