# SPDX-License-Identifier: Apache-2.0
"""Passkeys: keys that people's own devices hold, which no forged page can ask for."""
