# SPDX-License-Identifier: Apache-2.0
"""Which keys an entry destroyed, where they are too many to stand in it."""
