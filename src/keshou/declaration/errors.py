# SPDX-License-Identifier: Apache-2.0
"""What can go wrong with a declaration beyond its findings."""

from keshou.errors import KeshouError


class DeclarationError(KeshouError):
    """The declaration cannot be read, compared or published as asked."""
