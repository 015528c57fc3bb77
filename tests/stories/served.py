# SPDX-License-Identifier: Apache-2.0
"""The sample operator behind its HTTP faces, told in sentences: people with browsers, programs with keys, users."""

import contextlib
import datetime as dt
import itertools
import subprocess
import sys
from pathlib import Path
from typing import Any, Self

import msgspec
import pyotp
from joserfc import jwt
from joserfc.jwk import OKPKey
from journey import Story
from litestar import Litestar
from litestar.testing import TestClient

from keshou.accounts.account import AccountKind
from keshou.accounts.settings import AccountSettings
from keshou.accounts.store import Accounts
from keshou.app.new_app_key import register_app_key
from keshou.app.site import Site
from keshou.db import Database
from keshou.ledger.entry import Header, decode
from keshou.ledger.tile import bundles_of, tiles_of
from keshou.web.find_caller import Finder
from keshou.web.server import application

KEEPER = "network"
"""Who looks after accounts and programs at the sample operator."""
OUTSIDER = Path(__file__).with_name("outsider.py")
_JSON = {"Content-Type": "application/json", "Accept-Language": "en"}
_keys = itertools.count()


class Place:
    """Where requests come from: a browser of somebody's, or a program's machine."""

    def __init__(self, client: TestClient[Litestar], headers: dict[str, str]) -> None:
        self.client, self.headers = client, headers

    def post(self, path: str, body: Any = None, *, key: str = "") -> Any:
        """Send `body`; return the response."""
        content = b"" if body is None else msgspec.json.encode(body)
        headers = _JSON | self.headers | {"Idempotency-Key": key or f"s-{next(_keys)}"}
        return self.client.post(f"/api/v1{path}", content=content, headers=headers)

    def get(self, path: str) -> Any:
        """Fetch `path`; return the response."""
        return self.client.get(f"/api/v1{path}", headers=self.headers)

    def does(self, kind: str, user: str, *items: str, purpose: str, **more: Any) -> Any:
        """Ask for an act and have it done; return the response."""
        return self.post("/acts", {"kind": kind, "user": user, "items": list(items), "purpose": purpose} | more)

    def done(self, path: str, body: Any = None) -> Any:
        """Send what must succeed; return what it answers."""
        answer = self.post(path, body)
        assert answer.status_code == 200, (path, answer.text)
        return answer.json()


class Person(Place):
    """Somebody at a browser of their own."""

    def __init__(self, client: TestClient[Litestar], who: str, world: "Served") -> None:
        super().__init__(client, {"Sec-Fetch-Site": "same-origin", "User-Agent": f"browser of {who}"})
        self.who, self._world = who, world
        self._password, self._secret = f"the long song of {who[::-1]} in spring", ""

    def accepts(self, invitation: str) -> Self:
        """Take an invitation: a password, then an authenticator."""
        assert self.done("/invitations/look", {"invitation": invitation})["account"] == self.who
        first = self.done("/invitations/accept", {"invitation": invitation, "password": self._password})
        assert first["session"]["limited"] is True
        self._secret = str(self.done("/session/totp")["secret"])
        assert len(self.done("/session/totp/confirm", {"code": self._code()})["codes"]) == 10
        return self

    def signs_in(self) -> Any:
        """Sign in with both factors, two minutes on; return the response of the step that ended it."""
        self._world.passes(minutes=2)
        step = self.post("/sign-in", {"account": self.who, "password": self._password})
        if step.status_code != 200:
            return step
        return self.post("/sign-in/second", {"ticket": step.json()["ticket"], "code": self._code()})

    def _code(self) -> str:
        return pyotp.TOTP(self._secret).at(self._world.site.now())


class AppUser(Place):
    """A user who comes by the operator's app, in which they have just signed in."""

    def __init__(self, client: TestClient[Litestar], site: Site, key: OKPKey, user: str) -> None:
        super().__init__(client, {})
        self._site, self._key, self._user = site, key, user

    @property
    def headers(self) -> dict[str, str]:
        """Return the header with a fresh token."""
        moment = int(self._site.now().timestamp())
        said = {"iss": "mobile", "aud": self._site.settings.url, "sub": self._user, "iat": moment, "exp": moment + 60}
        token = jwt.encode(
            {"alg": "Ed25519", "kid": self._key.thumbprint()}, {**said, "jti": str(next(_keys)), "auth_time": moment},
            self._key, algorithms=["Ed25519"],
        )  # fmt: skip
        return {"Authorization": f"Bearer {token}"}

    @headers.setter
    def headers(self, given: dict[str, str]) -> None:
        """Others' headers are none of ours."""


class Served(Story):
    """The sample operator, served; whoever looks after accounts has been let in by the command line."""

    def __init__(self, database: Database, folder: Path, day: str) -> None:
        super().__init__(database, folder, day)
        self.site.accounts = Accounts(bytes(32), AccountSettings(argon2_memory_kib=8, argon2_passes=1))
        self._open = contextlib.ExitStack()
        self._folder = folder
        self._key: OKPKey | None = None

    @property
    def _app_key(self) -> OKPKey:
        """The key of the operator's app, registered when a user first comes by it."""
        if self._key is None:
            self._key = OKPKey.generate_key("Ed25519")
            with self.site.writing() as tx:
                register_app_key(self.site, tx, "mobile", self._key.as_dict(private=False), None, by="keeper")
        return self._key

    def __exit__(self, *error: object) -> None:
        self._open.close()
        super().__exit__(*error)

    def passes(self, **time: float) -> None:
        """Let time pass."""
        self.clock.moment += dt.timedelta(**time)

    def _client(self) -> TestClient[Litestar]:
        return self._open.enter_context(
            TestClient(application(self.site, Finder(self.site)), base_url="http://127.0.0.1")
        )

    def browser(self, who: str) -> Person:
        """Return somebody at a browser where nobody is signed in."""
        return Person(self._client(), who, self)

    def first(self, who: str = KEEPER) -> Person:
        """Let somebody in from the command line, as the first person is."""
        with self.site.writing() as tx:
            text = self.site.accounts.invite(tx, who, AccountKind.STAFF, by="founder", now=self.site.now())
        return self.browser(who).accepts(text)

    def invited(self, keeper: Person, who: str, **more: str) -> Person:
        """Let `keeper` invite somebody, who accepts."""
        told = keeper.done("/accounts", {"id": who} | more)
        return self.browser(who).accepts(told["invitation"])

    def program(self, key: str) -> Place:
        """Return a program that shows `key`."""
        return Place(self._client(), {"Authorization": f"Bearer {key}"})

    def user(self, user: str) -> Place:
        """Return a user whom the operator's app vouches for, with a token that it signs for every request."""
        return AppUser(self._client(), self.site, self._app_key, user)

    def entries(self, since: int = 0) -> list[Header]:
        """Return what the log says in public, from entry `since` on."""
        with self.site.reading() as tx:
            return [decode(self.site.ledger.entry(tx, each)) for each in range(since, self.site.ledger.head(tx).size)]

    def did(self, since: int = 0) -> list[tuple[str, str, str]]:
        """Return who did what, and what was decided, from entry `since` on."""
        return [(each.who, each.event, each.decision) for each in self.entries(since)]

    def is_proven(self, reader: Place) -> int:
        """Audit the site; then let `reader` copy the signed log over HTTP, and an outsider check that copy.

        Return how many entries the outsider found.
        """
        self.site.audit(by="auditor")
        self.site.checkpoint()
        stands = reader.get("/log").json()
        copy = self._folder / f"copy-{stands['signed']}"
        for name in (
            "checkpoint",
            *(each.path for each in (*tiles_of(stands["signed"]), *bundles_of(stands["signed"]))),
        ):
            got = reader.get(f"/log/{name}")
            assert got.status_code == 200, name
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            (copy / name).write_bytes(got.content)
        command = [sys.executable, "-I", str(OUTSIDER), str(copy), stands["vkey"]]
        found = subprocess.run(command, check=False, capture_output=True, text=True)
        assert found.returncode == 0, found.stderr
        return int(found.stdout)


def problem(answer: Any) -> str:
    """Return the type of the problem that a response is."""
    return str(answer.json()["type"]).removeprefix("/problems/")


def articles(answer: Any) -> set[str]:
    """Return the articles that a denial names."""
    assert (answer.status_code, problem(answer)) == (403, "denied"), answer.text
    return {each["cite"] for each in answer.json()["reasons"]}
