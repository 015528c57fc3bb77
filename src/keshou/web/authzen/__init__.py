# SPDX-License-Identifier: Apache-2.0
"""The standard authorization protocol, AuthZEN 1.0, in front of the gate."""
