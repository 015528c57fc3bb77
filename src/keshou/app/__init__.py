# SPDX-License-Identifier: Apache-2.0
"""Assembles settings, law, database, keys and signer; sole reader of clock and environment."""
