# SPDX-License-Identifier: Apache-2.0
"""News to the operator's other systems: signed, tried again until taken, and kept when nobody takes it."""
