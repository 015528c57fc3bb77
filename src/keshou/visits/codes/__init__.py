# SPDX-License-Identifier: Apache-2.0
"""One-time codes, each with the ticket of whoever asked for it."""
