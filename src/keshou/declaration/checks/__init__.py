# SPDX-License-Identifier: Apache-2.0
"""The rules that hold a declaration against the law, one file per subject; each rule yields complaints."""
