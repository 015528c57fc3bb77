# SPDX-License-Identifier: Apache-2.0
"""Faces of one server: the standard authorization protocol, the API, pages; no rule lives here."""
