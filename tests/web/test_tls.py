# SPDX-License-Identifier: Apache-2.0
"""What is wrong with a certificate or its key is said before anything listens, by the file that it is wrong with."""

import contextlib
import datetime as dt
import http.client
import logging
import ssl
from pathlib import Path

import pytest
from certificates import self_signed
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from places import SERVER, begin, serving

from keshou.app import clock
from keshou.app.settings import ServerSettings, Settings
from keshou.errors import InputError
from keshou.web import tls
from keshou.web.serve import place_of


def place(folder: Path, certificate: Path, key: Path) -> None:
    server = ServerSettings(tls_certificate=str(certificate), tls_key=str(key))
    place_of(Settings(site="a" * 16, server=server), folder)


def written(path: Path, key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey, passphrase: bytes = b"") -> Path:
    sealed: serialization.KeySerializationEncryption = serialization.NoEncryption()
    if passphrase:
        sealed = serialization.BestAvailableEncryption(passphrase)
    path.touch(0o600)
    path.write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, sealed))
    return path


def test_a_pair_that_fits_is_taken(tmp_path: Path) -> None:
    place(tmp_path, *self_signed(tmp_path))


@pytest.mark.parametrize("kind", ["another", "passphrase", "none", "swapped"])
def test_a_pair_that_does_not_fit_is_refused_by_the_file(
    tmp_path: Path, kind: str, capfd: pytest.CaptureFixture[str]
) -> None:
    certificate, key = self_signed(tmp_path)
    other = written(tmp_path / "other.pem", ec.generate_private_key(ec.SECP256R1()))
    sealed = written(tmp_path / "sealed.pem", ec.generate_private_key(ec.SECP256R1()), b"secret")
    empty = tmp_path / "empty.pem"
    empty.touch(0o600)
    certificate.chmod(0o600)
    told = {
        "another": (certificate, other, r"other\.pem` is not that of"),
        "passphrase": (certificate, sealed, r"sealed\.pem` has a passphrase"),
        "none": (certificate, empty, r"empty\.pem` is no key"),
        "swapped": (key, certificate, r"certificate-key\.pem` is no certificate"),
    }
    given, secret, match = told[kind]
    with pytest.raises(InputError, match=match) as refused:
        place(tmp_path, given, secret)
    assert (kind == "swapped") is ("swapped" in refused.value.hint)
    assert capfd.readouterr() == ("", ""), "nobody is asked for a passphrase"


def test_an_empty_certificate_and_a_key_too_weak_are_refused(tmp_path: Path) -> None:
    _, key = self_signed(tmp_path)
    empty = tmp_path / "empty.pem"
    empty.touch()
    with pytest.raises(InputError, match=r"empty\.pem` is no certificate"):
        place(tmp_path, empty, key)


def test_an_end_that_is_near_or_past_is_said_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    now = clock.now()
    for days, level in ((-1, logging.ERROR), (3, logging.WARNING), (100, None)):
        caplog.clear()
        tls.warn_of_end(now + dt.timedelta(days=days, hours=1), now)
        assert [record.levelno for record in caplog.records] == ([level] if level else [])


def test_the_end_of_the_certificate_is_in_the_log_and_among_the_metrics(tmp_path: Path) -> None:
    certificate, key = self_signed(tmp_path)
    begin(tmp_path / "site", tls_certificate=str(certificate), tls_key=str(key)).close()
    with serving(tmp_path / "site", application=SERVER, scheme="https") as server:
        context = ssl.create_default_context(cafile=str(certificate))
        asked = http.client.HTTPSConnection("127.0.0.1", server.port, timeout=60, context=context)
        with contextlib.closing(asked) as connection:
            connection.request("GET", "/metrics")
            told = connection.getresponse().read().decode()
        server.stop()
        lines = server.log()
    assert f"keshou_certificate_end_seconds {tls.end_of(certificate).timestamp()!r}\n" in told
    assert "days until the certificate is over: 0" in {line["event"] for line in lines}
