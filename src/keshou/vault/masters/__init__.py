# SPDX-License-Identifier: Apache-2.0
"""Where the master key lives: in a file, in a token that never gives it away, or split between holders."""
