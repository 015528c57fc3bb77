# SPDX-License-Identifier: Apache-2.0
"""What the operator says it does; held against the law; published as the rules."""
