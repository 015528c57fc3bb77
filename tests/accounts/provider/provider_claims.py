# SPDX-License-Identifier: Apache-2.0
"""What the provider says of people beside their subject: their names, and how they proved themselves."""

from typing import Any, ClassVar

from oauth2_provider.oauth2_validators import OAuth2Validator


class Claims(OAuth2Validator):  # type: ignore[misc]
    """Says that officers showed a second factor, and others a password only."""

    oidc_claim_scope: ClassVar[dict[str, str]] = {
        **OAuth2Validator.oidc_claim_scope, "preferred_username": "profile", "amr": "openid"
    }  # fmt: skip

    def get_additional_claims(self, request: Any) -> dict[str, Any]:
        """Return them for whom `request` is about."""
        name = request.user.get_username()
        return {"preferred_username": name, "amr": ["pwd", "otp", "mfa"] if name == "officer" else ["pwd"]}
