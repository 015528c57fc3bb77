# SPDX-License-Identifier: Apache-2.0
"""Pages of users about themselves: what is held, why, agreed and done with it; to correct, copy, stop and end."""
