# SPDX-License-Identifier: Apache-2.0
"""New data keys for old, some users at a time, and how far a rotation is."""
