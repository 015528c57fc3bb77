# SPDX-License-Identifier: Apache-2.0
"""The instruments as dated data: articles, prohibitions, duties, penalties."""
