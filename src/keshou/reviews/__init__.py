# SPDX-License-Identifier: Apache-2.0
"""Whom of a list its reviewer may look at: a few, drawn when the review is asked for, sealed until it is answered."""
