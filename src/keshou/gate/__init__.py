# SPDX-License-Identifier: Apache-2.0
"""May this act be done? Permit or deny, with articles; it decides and never does."""
