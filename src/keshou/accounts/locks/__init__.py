# SPDX-License-Identifier: Apache-2.0
"""How often somebody may try: counted for each device apart, so that strangers lock out strangers only."""
