# SPDX-License-Identifier: Apache-2.0
"""``keshou serve``: run the server."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from keshou.app.settings import find_home, read_settings
from keshou.cli.terminal import Call
from keshou.cli.verb import verb


def add_to(app: typer.Typer) -> None:
    """Put the verb under the one name."""
    verb(app, "serve")(serve)


def serve(
    call: Call,
    *,
    host: Annotated[str | None, typer.Option(metavar="H", help="Address to listen on; else the settings'.")] = None,
    port: Annotated[int | None, typer.Option(metavar="N", min=1, max=65535, help="Port to listen on.")] = None,
    workers: Annotated[int | None, typer.Option(metavar="N", min=1, help="Processes that answer.")] = None,
    tls_cert: Annotated[Path | None, typer.Option(metavar="FILE", help="Certificate chain (PEM).")] = None,
    tls_key: Annotated[Path | None, typer.Option(metavar="FILE", help="The certificate's key (PEM).")] = None,
    trusted_proxy: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help="The proxy in front that speaks TLS.")
    ] = None,
) -> None:
    """Run the server until it is told to stop; then finish what was begun. Off loopback it wants TLS or a proxy."""
    from keshou.web import serve as server  # noqa: PLC0415 - other verbs start quickly

    home = find_home(call.home)
    place = server.place_of(
        read_settings(home), home,
        host=host, port=port, workers=workers, tls_cert=tls_cert, tls_key=tls_key, trusted_proxy=trusted_proxy,
    )  # fmt: skip

    def listening(url: str) -> None:
        call.answer({"url": url}, call.words(f"服务地址：{url}", f"serving at {url}"))
        sys.stdout.flush()

    server.serve(home, place, listening)
