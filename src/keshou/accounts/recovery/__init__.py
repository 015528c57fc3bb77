# SPDX-License-Identifier: Apache-2.0
"""Recovery codes: what stands in for an authenticator, each once."""
