# SPDX-License-Identifier: Apache-2.0
"""Keshou 恪守: users' personal information, held and used only as the law allows, and provably so."""

__version__ = "0.1.0"
