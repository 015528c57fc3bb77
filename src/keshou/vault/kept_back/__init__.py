# SPDX-License-Identifier: Apache-2.0
"""Users whose services ended while a hold kept something of what they held, until it may go."""
