# SPDX-License-Identifier: Apache-2.0
"""One file per instrument, one small function per prohibition, its citation attached."""
