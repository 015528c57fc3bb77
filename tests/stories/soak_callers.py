# SPDX-License-Identifier: Apache-2.0
"""Callers who never give up: they write down what they were answered, and hold each answer against it.

What is recorded is sent again under its idempotency key until it is answered, however often the server dies in
between, so that at the end every entry of the log has exactly one request, and every request its entry.
"""

import http.client
import json
import random
import threading
import time
from typing import Any, NamedTuple

from house import VALUES

_PAUSE = 0.05
"""Seconds before a server that is down is tried again."""
_AGAIN = frozenset({502, 503, 504})
_DENIED = "/problems/denied"
_PATIENCE = 60


class Standing(NamedTuple):
    """Whether a user's consent stands, as far as it was acknowledged; `turn` counts every change asked for."""

    turn: int
    agreed: bool | None
    """None while a change is under way."""


class Book:
    """What all callers together were answered."""

    def __init__(self) -> None:
        self.over = threading.Event()
        self.entries: dict[int, tuple[str, bool]] = {}
        """Place in the log -> kind of act (empty for facts), and whether it was permitted."""
        self.plans: dict[str, str] = {}
        """User -> the tariff plan that was last acknowledged."""
        self.wrong: list[str] = []
        self.asked = 0
        self.broken_off = 0
        """Requests whose answer never came, because the server died."""
        self._standings: dict[str, Standing] = {}
        self._lock = threading.Lock()

    def standing(self, user: str) -> Standing:
        """Return what is acknowledged of a user's consent."""
        return self._standings[user]

    def users(self) -> list[str]:
        """Return everybody."""
        with self._lock:
            return list(self._standings)

    def become(self, user: str, *, agreed: bool | None) -> None:
        """Take note of a change of consent that was acknowledged, or (None) that is about to be asked for."""
        with self._lock:
            before = self._standings.get(user, Standing(0, None))
            self._standings[user] = Standing(before.turn + 1, agreed)

    def note(self, entry: int, kind: str, *, permitted: bool) -> None:
        """Take note of where an answer said that it was recorded."""
        with self._lock:
            if entry in self.entries:
                self.wrong.append(f"entry {entry} was given to two requests")
            self.entries[entry] = kind, permitted

    def fail(self, what: str) -> None:
        """Take note of what must not be; then it is over."""
        with self._lock:
            self.wrong.append(what)
        self.over.set()


class Caller(threading.Thread):
    """Asks over one connection, made anew whenever the server went away; owns the users that it takes in."""

    def __init__(self, book: Book, port: int, key: str, number: int) -> None:
        super().__init__(name=f"caller-{number}")
        self._book, self._port, self._key, self._number = book, port, key, number
        self._connection: http.client.HTTPConnection | None = None
        self._chance = random.Random(number)
        self._count = 0
        self._own: list[str] = []

    def run(self) -> None:
        """Do what people do, until told that it is over."""
        steps = [self._read, self._ask, self._correct, self._withdraw, self._agree, self._take_in]
        try:
            self._take_in()
            while not self._book.over.is_set():
                self._chance.choices(steps, weights=(8, 8, 4, 2, 3, 1))[0]()
        except Exception as error:
            self._book.fail(f"{self.name}: {error!r}")
        finally:
            self._hang_up()

    # What is done -------------------------------------------------------------------------------------------------

    def _take_in(self) -> None:
        user = f"u{self._number}-{self._count}"
        asked = {
            "user": user, "purpose": "service", "values": VALUES, "services": ["mobile"],
            "consents": [{"purpose": "service"}],
        }  # fmt: skip
        if self._recorded("/api/v1/users", asked, "collect"):
            self._own.append(user)
            self._book.plans[user] = VALUES["tariff_plan"]
            self._book.become(user, agreed=True)
        else:
            self._book.fail("a user who agreed could not be taken in")

    def _read(self) -> None:
        """Use what is held of anybody; who agreed and who withdrew is known of one's own for certain."""
        user = self._anybody()
        before = self._book.standing(user)
        asked = {"kind": "use", "user": user, "items": ["tariff_plan"], "purpose": "service"}
        self._compare(user, before, self._recorded("/api/v1/acts", asked, "use"))

    def _ask(self) -> None:
        user = self._anybody()
        before = self._book.standing(user)
        status, said = self._send("/access/v1/evaluation", {
            "subject": {"type": "service", "id": "self"},
            "action": {"name": "use"},
            "resource": {"type": "personal_information", "id": user, "properties": {"items": ["tariff_plan"]}},
            "context": {"purpose": "service"},
        })  # fmt: skip
        if status != http.client.OK:
            self._book.fail(f"a question was answered with {status}")
            return
        self._compare(user, before, said["decision"])

    def _correct(self) -> None:
        user, plan = self._chance.choice(self._own), f"P-{self._number}-{self._count}"
        asked = {
            "kind": "correct", "user": user, "items": ["tariff_plan"], "purpose": "service",
            "values": {"tariff_plan": plan},
        }  # fmt: skip
        if self._recorded("/api/v1/acts", asked, "correct"):
            self._book.plans[user] = plan

    def _withdraw(self) -> None:
        self._tell("withdrawals", agreed=False)

    def _agree(self) -> None:
        self._tell("consents", agreed=True)

    def _tell(self, what: str, *, agreed: bool) -> None:
        user = self._chance.choice(self._own)
        self._book.become(user, agreed=None)
        if self._recorded(f"/api/v1/users/{what}", {"user": user, "purpose": "service"}, ""):
            self._book.become(user, agreed=agreed)

    def _anybody(self) -> str:
        return self._chance.choice(self._own if self._chance.random() < 0.5 else self._book.users())

    def _compare(self, user: str, before: Standing, permitted: bool) -> None:
        """Hold an answer against what had been acknowledged before it was asked for, if that held all along."""
        if before.agreed is None or self._book.standing(user) != before:
            return
        if permitted is not before.agreed:
            self._book.fail("a consent was used after its withdrawal" if permitted else "a consent was not known")

    # How it is asked ----------------------------------------------------------------------------------------------

    def _recorded(self, path: str, asked: dict[str, Any], kind: str) -> bool:
        """Have something done and recorded once; return whether it was permitted."""
        status, said = self._send(path, asked, f"{self.name}-{self._count}")
        permitted = status == http.client.OK
        if not permitted and said.get("type") != _DENIED:
            raise AssertionError(f"{path} was answered with {status} {said.get('type')} {said.get('detail')}")
        self._book.note(said["entry"], kind, permitted=permitted)
        return permitted

    def _send(self, path: str, asked: dict[str, Any], key: str = "") -> tuple[int, dict[str, Any]]:
        """Send until it is answered, always under the same key."""
        self._count += 1
        self._book.asked += 1
        headers = {"Authorization": f"Bearer {self._key}", "Content-Type": "application/json"}
        headers |= {"Idempotency-Key": key} if key else {}
        until = time.monotonic() + _PATIENCE
        while time.monotonic() < until:
            try:
                if self._connection is None:
                    self._connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=_PATIENCE)
                self._connection.request("POST", path, json.dumps(asked), headers)
                answer = self._connection.getresponse()
                said = json.loads(answer.read())
                if answer.status not in _AGAIN:
                    return answer.status, said
            except ConnectionRefusedError:
                pass
            except (OSError, http.client.HTTPException):
                self._book.broken_off += 1
            self._hang_up()
            time.sleep(_PAUSE)
        raise AssertionError(f"{path} was not answered in {_PATIENCE} seconds")

    def _hang_up(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
