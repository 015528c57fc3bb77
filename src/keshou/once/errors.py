# SPDX-License-Identifier: Apache-2.0
"""What is told of a request that came before and cannot be answered again."""

from keshou.errors import InputError


class SecretToldError(InputError):
    """The request was done before; what it made has a secret, which was told then and is kept nowhere."""

    def __init__(self) -> None:
        super().__init__(
            "this was done before, and its secret is told once only",
            hint="see what was made in the list; where the secret was lost, end that one and make another by a new key",
        )
