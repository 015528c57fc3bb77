# SPDX-License-Identifier: Apache-2.0
"""Copies of the whole: a sealed archive written, checked and read in again, and the list of what was erased since."""
