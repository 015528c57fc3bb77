# SPDX-License-Identifier: Apache-2.0
"""What leaves for the operator's own systems: signed permits of minutes, and filters of the rows that may be used."""
