# SPDX-License-Identifier: Apache-2.0
"""Where events may be sent: to hosts of the open network over TLS, never into a network of one's own by mistake.

A name is looked up once for each try and the connection goes to the very address that was judged, so that a name that
answers differently the second time gains nothing. Source: OWASP, Server-Side Request Forgery Prevention.
"""

import ipaddress
import re
import socket
from typing import NamedTuple
from urllib.parse import SplitResult, urlsplit

from keshou.webhooks.errors import AddressRefusedError

_LONGEST = 2048
_LONGEST_NAME = 253
_LABEL = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?")
"""One part of a name of a host, between its dots. Source: RFC 1035 2.3.4; `_`: RFC 8552."""
_PORTS = {"https": 443, "http": 80}
_HIDING = tuple(map(ipaddress.IPv6Network, ("64:ff9b::/96", "::ffff:0:0:0/96", "::/96")))
"""IPv6 addresses that stand for IPv4 addresses: behind a translator (RFC 6052, 7915), or of old (RFC 4291 2.5.5)."""
_OWN = tuple(map(ipaddress.IPv6Network, ("fec0::/10", "64:ff9b:1::/48")))
"""Networks of one's own beside those that Python knows: of old (RFC 3879), and of one's own translator (RFC 8215)."""

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class Target(NamedTuple):
    """Where to connect, and whom to expect there."""

    url: str
    """The address to ask, with the host's number in place of its name."""
    host: str
    """What the `Host` header says."""
    name: str
    """The name that the certificate must be for."""


def check(url: str, *, private: bool) -> None:
    """Accept `url` as the address of a receiver; its host is not looked up. With `private`, of one's own network too.

    Raises:
        AddressRefusedError: it is not such an address.

    """
    parts = _parts(url)
    if (number := _number(parts.hostname or "")) is not None:
        _refuse_own(number, private=private)
    elif not _is_name(parts.hostname or ""):
        raise AddressRefusedError("the receiver's host is no name", hint="mend the address")
    if parts.scheme == "http" and not (private and _is_loopback(parts.hostname or "", number)):
        raise AddressRefusedError("a receiver must be asked over https", hint="give an https address")


def resolve(url: str, *, private: bool) -> Target:
    """Look the host of `url` up and return where to connect; blocks meanwhile.

    Raises:
        AddressRefusedError: it has no address, or any of them is of one's own network and `private` is false.

    """
    check(url, private=private)
    parts = _parts(url)
    name = parts.hostname or ""
    port = parts.port or _PORTS[parts.scheme]
    try:
        found = socket.getaddrinfo(name, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise AddressRefusedError("the receiver's name has no address", hint="mend the address") from None
    numbers = [ipaddress.ip_address(each[4][0]) for each in found]
    for number in numbers:
        _refuse_own(number, private=private)
    if parts.scheme == "http" and not all(number.is_loopback for number in numbers):
        raise AddressRefusedError("a receiver must be asked over https", hint="give an https address")
    number = numbers[0]
    shown = f"[{number}]" if isinstance(number, ipaddress.IPv6Address) else str(number)
    path = parts.path or "/"
    query = f"?{parts.query}" if parts.query else ""
    return Target(f"{parts.scheme}://{shown}:{port}{path}{query}", parts.netloc, name)


def _parts(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        raise AddressRefusedError("this is no address", hint="e.g. https://crm.example/keshou") from None
    plain = url.isascii() and url.isprintable() and " " not in url and "\\" not in url and len(url) <= _LONGEST
    if not plain or parts.scheme not in _PORTS or not parts.hostname or "@" in parts.netloc or parts.fragment:
        raise AddressRefusedError(
            "this is no address to send to", hint="e.g. https://crm.example/keshou, without user or fragment"
        )
    return parts


def _number(host: str) -> Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def _is_name(host: str) -> bool:
    labels = host.removesuffix(".").split(".")
    return len(".".join(labels)) <= _LONGEST_NAME and all(_LABEL.fullmatch(each) for each in labels)


def _is_loopback(host: str, number: Address | None) -> bool:
    return host == "localhost" if number is None else number.is_loopback


def _refuse_own(number: Address, *, private: bool) -> None:
    meant = _meant(number)
    if not (_is_open(meant) or (private and not meant.is_link_local and not meant.is_unspecified)):
        raise AddressRefusedError(
            "the receiver lies inside a network of one's own",
            hint="`allow_private` in [webhooks] lets that be, where such receivers are trusted",
        )


def _meant(number: Address) -> Address:
    """Return the IPv4 address that an IPv6 address stands for, whatever form it hides in; else `number` itself."""
    if isinstance(number, ipaddress.IPv4Address) or number.is_loopback or number.is_unspecified:
        return number
    if (hidden := number.ipv4_mapped or number.sixtofour) is not None:
        return hidden
    standing_for = any(number in network for network in _HIDING)
    return ipaddress.IPv4Address(int(number) & 0xFFFFFFFF) if standing_for else number


def _is_open(number: Address) -> bool:
    """Say whether an address is of the open network."""
    if isinstance(number, ipaddress.IPv6Address) and (number.teredo or any(number in each for each in _OWN)):
        return False
    return number.is_global and not number.is_multicast
