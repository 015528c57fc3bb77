# SPDX-License-Identifier: Apache-2.0
"""What happened to accounts."""
