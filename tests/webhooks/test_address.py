# SPDX-License-Identifier: Apache-2.0
"""What is told goes to the open network over TLS, and never into the operator's own by a trick."""

import socket

import pytest

from keshou.webhooks.address import check, resolve
from keshou.webhooks.errors import AddressRefusedError


@pytest.mark.parametrize("url", ["https://crm.example/a?b=c", "https://8.8.8.8/", "https://[2606:4700::1111]:8443/x"])
def test_addresses_of_the_open_network_are_accepted(url: str) -> None:
    check(url, private=False)


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "0.0.0.1", "100.64.0.1", "224.0.0.1",
        "255.255.255.255", "192.0.2.1", "[::1]", "[::]", "[fe80::1]", "[fc00::1]", "[ff02::1]", "[::ffff:127.0.0.1]",
        "[::ffff:169.254.169.254]", "[64:ff9b::a9fe:a9fe]", "[2002:7f00:1::]", "[2001:0:7f00:1::]", "[::10.0.0.1]",
        "[::ffff:0:10.0.0.1]", "[64:ff9b:1::a00:1]", "[fec0::1]",
    ],
)  # fmt: skip
def test_numbers_of_ones_own_network_are_refused_in_every_form(host: str) -> None:
    with pytest.raises(AddressRefusedError, match="own"):
        check(f"https://{host}/hook", private=False)


@pytest.mark.parametrize("host", ["2130706433", "0x7f000001", "0177.0.0.1", "127.1", "localhost", "localhost."])
def test_names_and_odd_numbers_that_lead_home_are_refused_when_they_are_looked_up(host: str) -> None:
    with pytest.raises(AddressRefusedError):
        resolve(f"https://{host}/hook", private=False)


@pytest.mark.parametrize(
    "url",
    [
        "", "crm.example", "ftp://crm.example/", "http://crm.example/", "file:///etc/passwd", "https://", "https:///x",
        "https://a@crm.example/", "https://crm.example@10.0.0.1/", "https://crm.example:99999/", "https://crm.example/#x",
        "https://crm.example/ x", "https://crm.example/\r\nX: y", "https://crm.example\\@10.0.0.1/", "javascript:x",
        "https://[::1", "https://crm.example/" + "a" * 3000, "https://\u5de5.example/",
        "https://crm..example/", "https://.crm.example/", "https://crm.example../", "https://-crm.example/",
        "https://" + "a" * 64 + ".example/", "https://" + "a." * 130 + "example/", "https://crm%00.example/",
    ],
)  # fmt: skip
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(AddressRefusedError):
        check(url, private=False)


@pytest.mark.parametrize(
    "host", ["crm.example.", "a" * 63 + ".example", "_hooks.crm.example", "xn--vhq.example", "1.example"]
)
def test_names_of_every_allowed_form_are_accepted(host: str) -> None:
    check(f"https://{host}/hook", private=False)


def test_a_name_that_cannot_be_looked_up_is_refused_and_nothing_else_is_raised(monkeypatch: pytest.MonkeyPatch) -> None:
    def look_up(name: str, _port: int, **_: object) -> list[tuple[object, ...]]:
        raise UnicodeEncodeError("idna", name, 0, 1, "label empty or too long")

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    with pytest.raises(AddressRefusedError, match="no address"):
        resolve("https://crm.example/", private=False)


def test_one_address_of_ones_own_among_others_is_enough_to_refuse(monkeypatch: pytest.MonkeyPatch) -> None:
    def look_up(_name: str, port: int, **_: object) -> list[tuple[object, ...]]:
        return [(2, 1, 6, "", (number, port)) for number in ("8.8.8.8", "10.0.0.1")]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    with pytest.raises(AddressRefusedError, match="own"):
        resolve("https://crm.example/", private=False)


def test_the_connection_goes_to_the_number_that_was_judged(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = iter(["8.8.8.8", "127.0.0.1"])

    def look_up(_name: str, port: int, **_: object) -> list[tuple[object, ...]]:
        return [(2, 1, 6, "", (next(answers), port))]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    target = resolve("https://crm.example:8443/hook?a=b", private=False)
    assert target == ("https://8.8.8.8:8443/hook?a=b", "crm.example:8443", "crm.example")


def test_with_the_setting_ones_own_network_is_told_over_tls_and_loopback_plainly() -> None:
    assert resolve("http://127.0.0.1:9/x", private=True).url == "http://127.0.0.1:9/x"
    check("https://10.0.0.1/x", private=True)
    hidden = ("::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe", "2002:a9fe:a9fe::1", "::169.254.169.254")
    urls = ("http://10.0.0.1/x", "https://169.254.169.254/latest", "https://[fe80::1]/", "https://[::]/")
    for url in (*urls, *(f"https://[{each}]/latest" for each in hidden)):
        with pytest.raises(AddressRefusedError):
            check(url, private=True)
