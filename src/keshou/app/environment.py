# SPDX-License-Identifier: Apache-2.0
"""What the environment of the process says beside settings, and what it tells the processes that it starts."""

import os
from collections.abc import Mapping


def told(name: str) -> str:
    """Return the variable `name`; empty when it is not set."""
    return os.environ.get(name, "")


def tell(values: Mapping[str, str]) -> None:
    """Set variables for this process and every one that it starts from now on."""
    os.environ.update(values)
