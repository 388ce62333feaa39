"""Layer 1: what names the tenant is a verified token or an API key, and nothing else a caller can write."""

from __future__ import annotations

import hashlib

from freehold.model.names import PLATFORM, TENANT_ID
from freehold.runtime.failures import Unauthenticated
from freehold.runtime.ports import Principal, Tokens

KEY_PREFIX = "fhk_"
LONGEST_KEY = 256


class Identity:
    """Turns what came in the Authorization header into a principal."""

    def __init__(self, tokens: Tokens) -> None:
        """Believe these tokens, and API keys, which the tenant's own ground vouches for later."""
        self._tokens = tokens

    def principal(self, token: str) -> Principal:
        """Who is calling. Raises `Unauthenticated` for whatever is not exactly right."""
        return _key(token) if token.startswith(KEY_PREFIX) else self._tokens.verify(token)


def _key(token: str) -> Principal:
    """An API key names its tenant and itself; whether its secret is right is read on that tenant's ground."""
    tenant, _, rest = token.removeprefix(KEY_PREFIX).partition(".")
    key, _, secret = rest.partition(".")
    well_formed = TENANT_ID.fullmatch(tenant) and TENANT_ID.fullmatch(key) and tenant != PLATFORM
    if len(token) > LONGEST_KEY or not well_formed:
        raise Unauthenticated
    return Principal(tenant=tenant, subject=key, kind="key", session=hashlib.sha256(secret.encode()).hexdigest())
