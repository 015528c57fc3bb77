# SPDX-License-Identifier: Apache-2.0
"""Up to which moment it was told what came to its end by the passing of time."""
