# SPDX-License-Identifier: Apache-2.0
"""Personal information, sealed; only acts may import it."""
