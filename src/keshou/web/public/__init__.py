# SPDX-License-Identifier: Apache-2.0
"""Pages for anybody: who the operator is, its rules and their changes, where to turn, the law."""
