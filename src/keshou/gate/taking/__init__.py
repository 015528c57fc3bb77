# SPDX-License-Identifier: Apache-2.0
"""Many small acts of one hand: how many users they come to."""
