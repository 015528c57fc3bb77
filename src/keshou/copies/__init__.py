# SPDX-License-Identifier: Apache-2.0
"""A user's own copy as files to keep: tables in a ZIP archive, or a PDF to read."""
