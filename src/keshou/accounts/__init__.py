# SPDX-License-Identifier: Apache-2.0
"""People who work with Keshou: who may sign in, how each proves it, and for how long that holds."""
