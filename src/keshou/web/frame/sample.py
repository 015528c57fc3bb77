# SPDX-License-Identifier: Apache-2.0
"""Which sites are the sample's, and say so on every page."""

from typing import Final

from keshou.app.site import Site
from keshou.errors import KeshouError

OPERATOR: Final = "sample_telecom"
"""Id of the sample operator in its declaration."""


def is_sample(site: Site) -> bool:
    """Say whether a site was made as a sample and is under no other operator's rules, as far as they can be read."""
    if not site.settings.sample:
        return False
    try:
        rules = site.rules()
    except KeshouError:
        return True
    return rules is None or rules.declaration.operator.id == OPERATOR
