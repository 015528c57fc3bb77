# SPDX-License-Identifier: Apache-2.0
"""Backups that were asked of the server: how far each is, and what came of it."""
