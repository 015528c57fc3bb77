# SPDX-License-Identifier: Apache-2.0
"""Signing in by the operator's own OpenID provider."""
