# SPDX-License-Identifier: Apache-2.0
"""Programs that call: their keys and access tokens, what each may ask for, and until when."""
