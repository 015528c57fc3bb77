# SPDX-License-Identifier: Apache-2.0
"""Run the server of a site on Granian: worker processes, TLS, and an end that finishes what was begun."""

import errno
import http.client
import ipaddress
import multiprocessing
import socket
import ssl
import sys
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from granian.constants import HTTPModes, Interfaces, Loops
from granian.http import HTTP1Settings
from granian.log import LogLevels

from keshou.app import environment
from keshou.app.keys import refuse_shared
from keshou.app.readiness import refuse_read_only
from keshou.app.settings import Settings
from keshou.app.site import Site
from keshou.errors import InputError, UnreachableError
from keshou.web import tls
from keshou.web.logs import LIBRARIES
from keshou.web.workers import Workers, work

APPLICATION = "keshou.web.server:make"
_METRICS_FOLDER = "PROMETHEUS_MULTIPROC_DIR"
_HEAD_SECONDS = 20.0
"""For how long a caller may take to send the head of a request, and a connection may idle, at most."""
_HEAD_BYTES = 65_536
"""The largest head of a request."""
_LEAVING_SECONDS = 60
"""For how long requests may take to end after the server was told to stop; then its workers are killed."""
_LOOK_SECONDS = 0.05


class Place(NamedTuple):
    """Where and how a site is served."""

    host: str
    port: int
    workers: int
    tls_certificate: Path | None
    tls_key: Path | None
    trusted_proxy: str
    head_seconds: float
    """For how long a caller may take to send the head of a request."""

    @property
    def url(self) -> str:
        """The address where it listens."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'https' if self.tls_certificate else 'http'}://{host}:{self.port}"


def place_of(
    settings: Settings,
    home: Path,
    *,
    host: str | None = None,
    port: int | None = None,
    workers: int | None = None,
    tls_cert: Path | None = None,
    tls_key: Path | None = None,
    trusted_proxy: str | None = None,
) -> Place:
    """Return where to serve: what is given, else what the settings say.

    Raises:
        InputError: the address is none, plain requests would be taken from other machines, or no TLS can be spoken
            with the certificate and its key.
        KeyFileError: the certificate's key is another's, or others may read it.

    """
    set_host, _, set_port = settings.address.rpartition(":")
    server = settings.server
    try:
        place = Place(
            host=(host or set_host).strip("[]"),
            port=int(set_port) if port is None else port,
            workers=workers or server.workers,
            tls_certificate=tls_cert or _file(home, server.tls_certificate),
            tls_key=tls_key or _file(home, server.tls_key),
            trusted_proxy=server.trusted_proxy if trusted_proxy is None else trusted_proxy,
            head_seconds=min(_HEAD_SECONDS, server.body_seconds),
        )
    except ValueError as error:
        raise InputError("the address to serve on is not HOST:PORT", hint="e.g. 127.0.0.1:8400") from error
    _check(place, server.url)
    return place


def _file(home: Path, name: str) -> Path | None:
    return home / name if name else None


def _check(place: Place, url: str) -> None:
    if bool(place.tls_certificate) != bool(place.tls_key):
        raise InputError("TLS needs a certificate and its key", hint="give both --tls-cert and --tls-key")
    for path in (place.tls_certificate, place.tls_key):
        if path is not None and not path.is_file():
            raise InputError(f"`{path}` is not a file", hint="name a PEM file")
    _check_tls(place)
    try:
        ipaddress.ip_network(place.trusted_proxy or "127.0.0.1")
    except ValueError as error:
        raise InputError("the trusted proxy is no address", hint="e.g. 10.0.0.5 or 10.0.0.0/24") from error
    if not (_is_loopback(place.host) or place.tls_certificate or place.trusted_proxy):
        raise InputError(
            "personal information would go over the network in the clear",
            hint="give --tls-cert and --tls-key, or --trusted-proxy ADDRESS of what speaks TLS in front",
        )
    if not (_is_loopback(place.host) or url):
        raise InputError(
            "callers from elsewhere need a name of the server, or its answers could be passed off as another's",
            hint="give `url` in [server], or KESHOU_SERVER_URL: https://... as they know it",
        )


def _check_tls(place: Place) -> None:
    if place.tls_certificate is not None and place.tls_key is not None:
        refuse_shared(place.tls_key)
        tls.refuse_unfit(place.tls_certificate, place.tls_key)


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def serve(
    home: Path,
    place: Place,
    listening: Callable[[str], None] = lambda _url: None,
    application: str = APPLICATION,
) -> None:
    """Serve the site in the folder `home` until told to stop (SIGTERM, SIGINT); return once all is ended.

    1. The site is opened once, so that what is wrong with it is said before anything listens.
    2. Workers start, as processes of their own from the beginning: nothing is shared with this one's threads. Each
       opens the site for itself. `listening` is told the address when the first one answers.
    3. Told to stop, they take no new connection, answer what they have, do the acts that wait, sign the log.

    Raises:
        KeshouError: the site cannot be opened, takes nothing or was not closed as it should be, or the address cannot
            be listened at.
        SystemExit: a worker failed again and again.

    """
    _try(home, place)
    _try_address(place)
    with tempfile.TemporaryDirectory(prefix="keshou-metrics-") as counts:
        environment.tell(_told(home, place, counts))
        multiprocessing.set_start_method("spawn", force=True)
        server = _granian(home, place, application)
        gone = threading.Event()
        server.on_startup(lambda: threading.Thread(target=_tell_when_up, args=(place, listening, gone)).start())
        try:
            server.serve(spawn_target=work)
        finally:
            gone.set()
    if server.not_closed:
        raise UnreachableError(
            "the site was not closed as it should be; what was acknowledged is done",
            hint="see the log; the next start signs what was left unsigned",
        )


def _try_address(place: Place) -> None:
    """Refuse an address that cannot be listened at, before a worker tries.

    Workers share their address, and would with those of any other server of the same account: of two sites served
    there, either might be given what was meant for the other.
    """
    failed: list[int] = []
    try:
        places = socket.getaddrinfo(place.host, place.port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise InputError(f"`{place.host}` is no host of this machine", hint="give an address of it") from error
    for family, kind, protocol, _, address in places:
        with socket.socket(family, kind, protocol) as tried:
            tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            failed.append(_bound(tried, address))
    # A name may stand for addresses of which this machine has not all.
    if any(error not in {0, errno.EADDRNOTAVAIL} for error in failed) or all(failed):
        why = "something serves there already" if errno.EADDRINUSE in failed else "this machine does not let us"
        raise UnreachableError(f"{place.url} cannot be listened at: {why}", hint="give another by --host or --port")


def _bound(tried: socket.socket, address: Any) -> int:
    """Bind a socket; return 0, or why that failed."""
    try:
        tried.bind(address)
    except OSError as error:
        return error.errno or -1
    return 0


def _told(home: Path, place: Place, counts: str) -> dict[str, str]:
    """Return what the workers must know, as the variables by which they read their settings."""
    host = f"[{place.host}]" if ":" in place.host else place.host
    return {
        "KESHOU_HOME": str(home.resolve()),
        "KESHOU_ADDRESS": f"{host}:{place.port}",
        "KESHOU_SERVER_TLS_CERTIFICATE": str(place.tls_certificate.resolve()) if place.tls_certificate else "",
        "KESHOU_SERVER_TLS_KEY": str(place.tls_key.resolve()) if place.tls_key else "",
        "KESHOU_SERVER_TRUSTED_PROXY": place.trusted_proxy,
        **({_METRICS_FOLDER: counts} if place.workers > 1 else {}),
    }


def _granian(home: Path, place: Place, application: str) -> Workers:
    server = Workers(
        application,
        factory=True,
        interface=Interfaces.ASGI,
        address=place.host,
        port=place.port,
        workers=place.workers,
        loop=Loops.asyncio if sys.platform == "win32" else Loops.uvloop,
        http=HTTPModes.http1,
        http1_settings=HTTP1Settings(header_read_timeout=round(place.head_seconds * 1000), max_buffer_size=_HEAD_BYTES),
        websockets=False,
        ssl_cert=place.tls_certificate,
        ssl_key=place.tls_key,
        respawn_failed_workers=True,
        workers_kill_timeout=_LEAVING_SECONDS,
        log_level=LogLevels.warning,
        log_dictconfig=LIBRARIES,
    )
    server.check = lambda: _try(home, place)
    return server


def _try(home: Path, place: Place) -> None:
    """Refuse what no worker could serve: it is said here, before one tries."""
    _check_tls(place)
    with Site.open(home) as site:
        refuse_read_only(site)


def _tell_when_up(place: Place, listening: Callable[[str], None], gone: threading.Event) -> None:
    """Ask the server whether it lives until it says so, then tell its address."""
    while not gone.is_set():
        if _answers(place):
            listening(place.url)
            return
        gone.wait(_LOOK_SECONDS)


def _answers(place: Place) -> bool:
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(place.host, place.host)  # noqa: S104 - asked, not bound
    if place.tls_certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE  # it asks itself whether it is there
        connection: http.client.HTTPConnection = http.client.HTTPSConnection(
            host, place.port, timeout=_HEAD_SECONDS, context=context
        )
    else:
        connection = http.client.HTTPConnection(host, place.port, timeout=_HEAD_SECONDS)
    try:
        connection.request("GET", "/healthz", headers={"Host": "localhost"})
        return connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
