# SPDX-License-Identifier: Apache-2.0
"""The API under /api/v1: what the command line can do, by name and with proof of who asks."""
