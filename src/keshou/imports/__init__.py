# SPDX-License-Identifier: Apache-2.0
"""Tables of users that come over the network and are taken in one after the other, and what became of each."""
