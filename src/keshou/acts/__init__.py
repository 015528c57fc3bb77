# SPDX-License-Identifier: Apache-2.0
"""The one door: ask, perform, record; decision, effect and entry in one transaction."""
