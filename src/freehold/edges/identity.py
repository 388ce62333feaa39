"""Layer 1: what names the tenant is a verified token or an API key, and nothing else a caller can write."""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from dataclasses import replace

from freehold.model.names import PLATFORM, is_id
from freehold.runtime.failures import Unauthenticated
from freehold.runtime.ports import Principal, Tokens

KEY_PREFIX = "fhk_"
LONGEST_KEY = 256
REMEMBERED = 10_000
"""So many API keys are known to be right; of more, those that were so for longest are compared again."""


class Identity:
    """Turns what came in the Authorization header into a principal."""

    def __init__(self, tokens: Tokens) -> None:
        """Believe these tokens, and API keys, which the tenant's own ground vouches for later."""
        self._tokens = tokens
        self._vouched: OrderedDict[Principal, None] = OrderedDict()
        self._lock = threading.Lock()

    def principal(self, token: str) -> Principal:
        """Who is calling. Raises `Unauthenticated` for whatever is not exactly right."""
        if not token.startswith(KEY_PREFIX):
            return self._tokens.verify(token)
        principal = _key(token)
        return replace(principal, vouched=True) if principal in self._vouched else principal

    def vouch(self, principal: Principal) -> None:
        """Remember that the ground has recognised this API key: from now on its calls count as its tenant's."""
        key = replace(principal, vouched=False)
        with self._lock:
            self._vouched[key] = None
            while len(self._vouched) > REMEMBERED:
                self._vouched.popitem(last=False)

    def forget(self, principal: Principal) -> None:
        """Take that back: the key was revoked."""
        with self._lock:
            self._vouched.pop(replace(principal, vouched=False), None)


def _key(token: str) -> Principal:
    """An API key names its tenant and itself; whether its secret is right is read on that tenant's ground."""
    tenant, _, rest = token.removeprefix(KEY_PREFIX).partition(".")
    key, _, secret = rest.partition(".")
    if len(token) > LONGEST_KEY or not is_id(tenant) or not is_id(key) or tenant == PLATFORM:
        raise Unauthenticated
    fingerprint = hashlib.sha256(secret.encode()).hexdigest()
    return Principal(tenant=tenant, subject=key, kind="key", session=fingerprint, vouched=False)
