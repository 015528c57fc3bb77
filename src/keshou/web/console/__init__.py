# SPDX-License-Identifier: Apache-2.0
"""The staff's console: how we stand, what was permitted and denied, who may do what, the log, the rules."""
