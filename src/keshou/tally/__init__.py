# SPDX-License-Identifier: Apache-2.0
"""How many acts were permitted and denied, how many consents given, by day: counted out of log and facts, in pieces."""
