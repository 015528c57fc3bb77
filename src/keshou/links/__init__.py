# SPDX-License-Identifier: Apache-2.0
"""Links to one user's record for one recipient: for minutes, for so many openings, ended at any moment."""
