# SPDX-License-Identifier: Apache-2.0
"""Who did what to whose information, when, where, under which article; append-only."""
