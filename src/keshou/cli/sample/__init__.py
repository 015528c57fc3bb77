# SPDX-License-Identifier: Apache-2.0
"""A sample operator and its users, none of whom can be anybody: made from a seed, the same everywhere."""
