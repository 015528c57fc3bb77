# SPDX-License-Identifier: Apache-2.0
"""How many payloads lie under an entry about several users, or went with the user whom an entry erased."""
