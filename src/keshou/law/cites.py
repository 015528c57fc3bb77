# SPDX-License-Identifier: Apache-2.0
"""Provisions that the source names by itself, outside the prohibitions, which carry their own."""

PUBLISHED_RULES = "miit24:8"
"""The operator has rules and publishes them; what they say is held to."""
END_OF_SERVICE = "miit24:9.4"
"""Collecting and using stop when a service ends."""
COMPLAINTS = "miit24:12"
"""Complaints are answered within a time."""
YEARLY = "miit24:16"
"""The operator looks at itself every year."""
REGISTRATION_KEPT = "miit25:11"
"""Registration information is kept for a time after the service."""
