# SPDX-License-Identifier: Apache-2.0
"""class RecoveryCodes: the codes that stand in for an account's authenticator; each serves once, however written."""

import sqlalchemy as sa

from keshou.accounts import totp
from keshou.accounts.secrets import Secrets
from keshou.db import Transaction, metadata

recovery_table = sa.Table(
    "account_recovery",
    metadata,
    sa.Column("account", sa.Text, primary_key=True),
    sa.Column("digest", sa.LargeBinary(32), primary_key=True),
)
_R = recovery_table.c


class RecoveryCodes:
    """Makes and takes recovery codes, `most` of them at once; only their digests are kept."""

    def __init__(self, secrets: Secrets, most: int) -> None:
        self._secrets = secrets
        self._most = most

    def renew(self, tx: Transaction, account: str) -> list[str]:
        """Replace an account's codes; the new ones are told this once."""
        codes = totp.new_recovery_codes(self._most)
        self.drop(tx, account)
        rows = [{"account": account, "digest": self._digest(account, each)} for each in codes]
        tx.execute(sa.insert(recovery_table), rows)
        return codes

    def left(self, tx: Transaction, account: str) -> int:
        """Return how many of an account's codes were not used yet."""
        counted = sa.select(sa.func.count()).select_from(recovery_table).where(_R.account == account)
        return int(tx.execute(counted).scalar_one())

    def use(self, tx: Transaction, account: str, code: str) -> bool:
        """Use one up; say whether it was one of the account's that nobody used before."""
        one = (_R.account == account) & (_R.digest == self._digest(account, code))
        return bool(tx.execute(sa.delete(recovery_table).where(one)).rowcount)

    def drop(self, tx: Transaction, account: str) -> None:
        """Let none of an account's codes serve any more."""
        tx.execute(sa.delete(recovery_table).where(_R.account == account))

    def _digest(self, account: str, code: str) -> bytes:
        return self._secrets.digest("recovery", f"{account}\0{totp.plain(code)}")
