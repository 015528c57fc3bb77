# SPDX-License-Identifier: Apache-2.0
"""Users who come: proven by a token of the operator's own app, or by a code sent to their number or mail."""
