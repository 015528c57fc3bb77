# SPDX-License-Identifier: Apache-2.0
"""Make the customers' database of the example apps at ``CRM``, and ``users.csv`` for Keshou; print the customers' ids.

All of them are invented. They agreed to what the service needs, and to nothing else.
"""

import csv
import os
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

sys.path.append(str(Path(__file__).with_name("crm")))
from crm import fill

CUSTOMERS = 3


def main() -> None:
    """Make both files."""
    with closing(sqlite3.connect(os.environ["CRM"])) as connection:
        people = fill(connection, CUSTOMERS)
    with Path("users.csv").open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        table.writerow(["user_id", "mobile_number", "services", "consents"])
        table.writerows([each.user_id, each.mobile_number, "mobile", "service:express"] for each in people)
    sys.stdout.writelines(f"{each.user_id}\n" for each in people)


if __name__ == "__main__":
    main()
