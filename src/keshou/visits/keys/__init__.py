# SPDX-License-Identifier: Apache-2.0
"""Public keys of the operator's own apps, one service each."""
