"""A session of its own for each tenant: what a call can reach is then what the tenant's policy lets it reach.

Token vending, as AWS calls it. The process's own role may only assume the data role, with a tag that names one tenant;
the data role's policy lets a session reach the partition keys that begin with its tag. A mistake in a key is then
refused by AWS. The control plane may be away for a quarter of an hour: sessions are renewed long before they end.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from functools import partial

from freehold.aws.credentials import Credentials, Refreshing, Source
from freehold.aws.sts import Sts
from freehold.model.layout import SESSION_TAG
from freehold.runtime.ports import Clock, Random
from freehold.runtime.scope import Scope

Assume = Callable[[str], Credentials]
"""Opens a session for the tenant with this id, or raises `AwsError`."""

_EARLY, _SPREAD = 900.0, 600.0  # seconds before the end to renew at, and how far tenants are spread over time
_LATE = 300.0


class Vending:
    """Credentials for the tenant of a call. Safe to use from any thread."""

    def __init__(self, assume: Assume, clock: Clock, random: Random, *, most: int = 10_000) -> None:
        """Open no session yet. Those of the `most` tenants that were served last are kept."""
        self._assume, self._clock, self._random, self._most = assume, clock, random, most
        self._lock = threading.Lock()
        self._sessions: OrderedDict[str, Refreshing] = OrderedDict()

    def __call__(self, scope: Scope) -> Credentials:
        """Those of the tenant of `scope`. Raises `TenantScopeMissing` once the call is over, or `AwsError`."""
        tenant = scope.tenant
        with self._lock:
            session = self._sessions.get(tenant)
            if session is None:
                session = self._sessions[tenant] = self._begun(tenant)
                self._let_go()
            else:
                self._sessions.move_to_end(tenant)
        return session()

    def _begun(self, tenant: str) -> Refreshing:
        # Tenants that came at once, after a deployment, are not to be renewed at once.
        spread = _SPREAD * int.from_bytes(self._random.bytes(4)) / 2**32
        return Refreshing(partial(self._assume, tenant), self._clock, early=_EARLY + spread, late=_LATE)

    def _let_go(self) -> None:
        """Forget who was served longest ago, but nobody whose session is being opened: it would be opened twice."""
        while len(self._sessions) > self._most:
            idle = next((tenant for tenant, session in self._sessions.items() if session.is_idle), None)
            if idle is None:
                return
            del self._sessions[idle]


def data_role(sts: Sts, role: str, own: Source) -> Assume:
    """Sessions of the role with this ARN, opened with the process's `own` credentials and tagged with the tenant."""

    def assume(tenant: str) -> Credentials:
        return sts.assume_role(role, f"freehold-{tenant}", {SESSION_TAG: tenant}, own())

    return assume
