# SPDX-License-Identifier: Apache-2.0
"""What the example apps share: the way to Keshou, and the customers they show.

``KESHOU_URL`` says where Keshou is, ``KESHOU_CALLER`` and ``KESHOU_KEY`` which program this is there and by which key,
``KESHOU_ORIGIN`` is the name of the site's log, ``CRM`` the file of the customers' database (`fill.py` makes it).
How to run them, step by step: ``docs/how-to/run-the-examples.md``.
"""

import datetime as dt
import os
import sqlite3
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from keshou.client.asynchronous import AsyncKeshou
from keshou.client.desk import PermitDesk
from keshou.client.guard import Guard, admitted
from keshou.client.sync import Keshou
from keshou.law.terms import ActKind

sys.path.append(str(Path(__file__).with_name("crm")))
from crm import HOLDING, Crm

url, key = os.environ["KESHOU_URL"], os.environ["KESHOU_KEY"]
keshou, async_keshou = Keshou(url, key), AsyncKeshou(url, key)
desk = PermitDesk(lambda: keshou.permit_keys(os.environ["KESHOU_ORIGIN"]))


def signed_in(arguments: Mapping[str, Any]) -> str:
    """Return who is signed in. Put your own sign-in here: a header that anybody can send proves nobody."""
    return str(arguments["request"].headers.get("x-staff", ""))


PHONE = Guard(ActKind.USE, {"mobile_number"}, "service", user="user", by=signed_in, holding=HOLDING)
"""To see a customer's telephone number in order to serve the customer."""

OFFER = Guard(ActKind.USE, {"mobile_number", "tariff_plan"}, "marketing", user="user", by=signed_in, holding=HOLDING)
"""To see it in order to recommend something."""


def phone_of(user: str, purpose: str) -> dict[str, str]:
    """Return what a guarded view shows: the CRM is handed the permit that the view was admitted with."""
    connection = sqlite3.connect(os.environ["CRM"])
    try:
        crm = Crm(connection, desk, os.environ["KESHOU_CALLER"])
        return {"phone": crm.phone(admitted().permit, user, dt.datetime.now(dt.UTC), purpose)}
    finally:
        connection.close()
