# SPDX-License-Identifier: Apache-2.0
"""An operator's OpenID provider in a process of its own, and a browser that signs in at it."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import httpx2
from joserfc.jwk import RSAKey

CLIENT_ID = "keshou"
CLIENT_SECRET = "of the client, for as long as a test runs"
PASSWORD = "kettle by the window"
REDIRECT_URI = "https://keshou.example/sign-in/openid"
_FOLDER = Path(__file__).parent / "provider"
_FILLING = {
    "client_id": CLIENT_ID,
    "client_secret": CLIENT_SECRET,
    "redirect_uri": REDIRECT_URI,
    "password": PASSWORD,
}


class ProviderProcess:
    """Runs while its block does; `key` is the one it signs with, and `change_key` starts it anew with another."""

    def __init__(self, folder: Path) -> None:
        self.key = RSAKey.generate_key(2048)
        self.port = 0
        self._database = folder / "provider.db"
        self._process: subprocess.Popen[str] | None = None

    def __enter__(self) -> "ProviderProcess":
        self._start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop()

    @property
    def issuer(self) -> str:
        return f"http://127.0.0.1:{self.port}/o"

    def change_key(self) -> None:
        """Sign with a new key from now on, and publish the old one no more."""
        self._stop()
        self.key = RSAKey.generate_key(2048)
        self._start()

    def sign_in(self, address: str, who: str = "clerk") -> dict[str, str]:
        """Be a browser: go to `address`, sign `who` in, and return what comes back to our own address."""
        with httpx2.Client(base_url=f"http://127.0.0.1:{self.port}", trust_env=False) as browser:
            answer = browser.get(address)
            for _ in range(5):
                to = answer.headers.get("location", "")
                if to.startswith(REDIRECT_URI):
                    return dict(parse_qsl(urlsplit(to).query, keep_blank_values=True))
                if to:
                    answer = browser.get(to)
                elif (found := re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', answer.text)) is not None:
                    form = {"csrfmiddlewaretoken": found[1], "username": who, "password": PASSWORD}
                    answer = browser.post(str(answer.url), data=form)
                else:
                    break
        raise AssertionError(f"the provider sends nobody back: {answer.status_code}")

    def _start(self) -> None:
        environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith(("COV_", "DJANGO_"))},
            "PROVIDER_DATABASE": str(self._database),
            "PROVIDER_KEY": self.key.as_pem(private=True).decode(),
            "PROVIDER_FILLING": json.dumps(_FILLING),
        }
        self._process = subprocess.Popen(
            [sys.executable, "serve.py", str(self.port)],
            cwd=_FOLDER,
            env=environment,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        said = self._process.stdout.readline()
        assert said.strip(), "the provider does not start"
        self.port = int(said)

    def _stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.communicate()
            self._process = None
