# SPDX-License-Identifier: Apache-2.0
"""Run the provider on loopback, with its people and its client; print the port it took."""

import json
import os
import sys
from wsgiref.simple_server import WSGIRequestHandler, make_server

import django

os.environ["DJANGO_SETTINGS_MODULE"] = "provider_settings"
django.setup()

from django.contrib.auth.models import User  # noqa: E402 - models can be read only now
from django.core.management import call_command  # noqa: E402
from django.core.wsgi import get_wsgi_application  # noqa: E402
from oauth2_provider.models import Application  # noqa: E402


class Quiet(WSGIRequestHandler):
    """Keeps no log."""

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def fill(given: dict[str, str]) -> None:
    """Make the tables, the people and the client."""
    call_command("migrate", verbosity=0)
    for name in ("clerk", "officer"):
        User.objects.create_user(name, password=given["password"])
    Application.objects.create(
        name="Keshou",
        client_id=given["client_id"],
        client_secret=given["client_secret"],
        client_type=Application.CLIENT_CONFIDENTIAL,
        authorization_grant_type=Application.GRANT_AUTHORIZATION_CODE,
        algorithm=Application.RS256_ALGORITHM,
        redirect_uris=given["redirect_uri"],
        skip_authorization=True,
    )


if not os.path.exists(os.environ["PROVIDER_DATABASE"]):  # noqa: PTH110 - nothing else here needs a path
    fill(json.loads(os.environ["PROVIDER_FILLING"]))
with make_server("127.0.0.1", int(sys.argv[1]), get_wsgi_application(), handler_class=Quiet) as server:
    print(server.server_port, flush=True)  # noqa: T201 - whoever started us reads it
    server.serve_forever()
