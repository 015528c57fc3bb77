# SPDX-License-Identifier: Apache-2.0
"""Requests that leave no entry in the log and are done once all the same: keys, invitations, receivers."""
