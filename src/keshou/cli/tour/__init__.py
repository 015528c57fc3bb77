# SPDX-License-Identifier: Apache-2.0
"""The tour: Keshou shown on the sample operator, every result worked out as it is shown."""
