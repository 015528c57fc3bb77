# SPDX-License-Identifier: Apache-2.0
"""An event as it goes over the wire: a CloudEvent in JSON, with the headers that sign it.

Source: CloudEvents 1.0.2 (structured mode of the HTTP binding); Standard Webhooks 1.0.
"""

import base64
import datetime as dt
import os
from collections.abc import Sequence

import msgspec
from standardwebhooks import Webhook

from keshou.webhooks.events import Event

MEDIA_TYPE = "application/cloudevents+json; charset=utf-8"
_SECRET_BYTES = 32
_PREFIX = "whsec_"


class CloudEvent(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The envelope; its attributes are those of CloudEvents."""

    id: str
    source: str
    type: str
    time: dt.datetime
    data: dict[str, object]
    specversion: str
    datacontenttype: str
    subject: str = ""


def body_of(event: Event, source: str, user: str) -> bytes:
    """Return the body that tells `event`; `user` is how the receiver knows the user: by name or by pseudonym."""
    return msgspec.json.encode(
        CloudEvent(
            specversion="1.0",
            datacontenttype="application/json",
            id=event.id,
            source=source,
            type=event.type,
            time=event.at,
            subject=user,
            data={"entry": event.entry, **event.data} if event.entry >= 0 else dict(event.data),
        )
    )


def new_secret() -> str:
    """Return a new secret in the form that receivers' libraries take."""
    return _PREFIX + base64.b64encode(os.urandom(_SECRET_BYTES)).decode()


def headers_of(event: str, body: bytes, secrets: Sequence[str], now: dt.datetime) -> dict[str, str]:
    """Return the headers of one try: the event's id, the moment, and a signature under each of `secrets`."""
    told = body.decode()
    signatures = [Webhook(secret).sign(event, now, told) for secret in secrets]
    return {
        "content-type": MEDIA_TYPE,
        "webhook-id": event,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": " ".join(signatures),
        "user-agent": "keshou",
    }
