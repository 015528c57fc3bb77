# SPDX-License-Identifier: Apache-2.0
"""Sessions of people: bound to a browser, short, listed, revoked."""
