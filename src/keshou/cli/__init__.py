# SPDX-License-Identifier: Apache-2.0
"""The same by hand, at the command line."""
