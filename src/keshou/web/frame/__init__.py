# SPDX-License-Identifier: Apache-2.0
"""What every page stands in: skeleton, style, words, the reader's language, pages of errors; it knows no face."""
