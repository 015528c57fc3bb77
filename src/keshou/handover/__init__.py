# SPDX-License-Identifier: Apache-2.0
"""Files handed to a recipient: sealed to its key, marked so that a leak is traced, under a signed manifest."""
