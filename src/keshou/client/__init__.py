# SPDX-License-Identifier: Apache-2.0
"""For programs of the operator's: ask a server, guard a view in one line, check a permit without asking."""
