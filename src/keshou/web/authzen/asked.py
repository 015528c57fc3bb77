# SPDX-License-Identifier: Apache-2.0
"""The body of a request over the protocol, as long as it is called JSON."""

from keshou.web.caller import Requested
from keshou.web.errors import MalformedError

JSON = "application/json"


async def body_of(request: Requested) -> bytes:
    """Return the body.

    Raises:
        MalformedError: it is said to be something else than JSON.

    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != JSON:
        raise MalformedError("the content type is not application/json")
    return await request.body()
