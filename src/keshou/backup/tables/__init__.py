# SPDX-License-Identifier: Apache-2.0
"""Whole tables, out of a database and into one."""
