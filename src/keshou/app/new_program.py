# SPDX-License-Identifier: Apache-2.0
"""A program gets a name of its own: never one by which a person signs in, in whose name it would act."""

from keshou.app.site import Site
from keshou.db import Transaction
from keshou.errors import InputError
from keshou.gate.act import OWN_HAND


def add_program(site: Site, tx: Transaction, program: str) -> None:
    """Let `program` be given keys; one that was closed is opened again.

    Raises:
        InputError: the id is a person's, or stands for users themselves.

    """
    if program == OWN_HAND or site.accounts.account(tx, program) is not None:
        raise InputError("this id is a person's", hint="give the program an id of its own (miit24:13.1.3)")
    site.programs.add(tx, program, site.now())
