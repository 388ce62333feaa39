"""Who is refused at the door: a call of a tenant whose line is full, before anything is made of it.

Under a flood most requests are refused, and what that costs is taken from those that are answered: to be begun, and
then be refused a place in the line, costs several times as much as not to be let in. What comes in at one turn of the
loop lines up after it, so the turnstile counts those as if they stood in their lines.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable
from time import perf_counter

from freehold.edges import headers, logs
from freehold.edges.headers import Line, Lines
from freehold.edges.identity import Identity
from freehold.edges.responses import failed, rendered
from freehold.runtime.admission import FairQueue
from freehold.runtime.failures import Failure, Overloaded

MARK = "0" * 16
"""Stands for the id of a request, as long as those are that we make ourselves."""

access = logging.getLogger(logs.ACCESS)


class Turnstile:
    """Counts who comes in, by what they show: the credential, and of those that might be too many, its tenant."""

    def __init__(self, queue: FairQueue, identity: Identity, fresh: Callable[[], str]) -> None:
        """Let in whom `queue` has room for. `fresh` makes a request's id."""
        self.queue = queue
        self.is_open = True
        """Whether new calls should come here. Not while the process is draining."""
        self._identity, self._fresh = identity, fresh
        self._count = 0
        self._unread: list[bytes] = []
        self._tenants: dict[bytes, str] = {}
        self._coming: Counter[str] = Counter()
        self._common: list[Line] = []
        self._made: list[bytes] = []

    def next_turn(self) -> None:
        """All who came in have lined up, or will before anybody else comes in."""
        self._count = 0
        self._unread.clear()
        self._tenants.clear()
        self._coming.clear()

    def refusal(self, method: bytes, target: bytes, raw: Lines) -> str | None:
        """The id of a request that is refused unread, by its method, target and headers; None where it must be read.

        Whoever is not plainly one too many is let in: what is wrong with it, or who it is, is found out there.
        """
        credential = _credential(raw)
        if credential is None or method == b"HEAD" or not target.startswith(b"/api/"):
            return None
        self._count += 1
        self._unread.append(credential)
        if self._count <= self.queue.room() or not self.is_open:
            return None
        began = perf_counter()
        for each in self._unread:
            self._coming[self._tenant(each)] += 1
        self._unread.clear()
        tenant = self._tenant(credential)
        if not tenant or self._coming[tenant] <= self.queue.room(tenant):
            return None
        self._count -= 1
        self._coming[tenant] -= 1
        request_id = headers.request_id(raw) or self._fresh()
        if access.isEnabledFor(logging.INFO):
            told: dict[str, object] = {"method": method.decode(), "path": target.partition(b"?")[0].decode("latin-1")}
            logs.answered(access, told, None, Overloaded.status, request_id, tenant, perf_counter() - began)
        return request_id

    def answer(self, request_id: str, common: list[Line], *, stays: bool) -> bytes:
        """What whoever is refused is told, on a connection that `stays` or is closed, with the headers that all have.

        It is made once, as long as what is common is the same, since it differs in nothing but the id of the request.
        """
        if not stays or len(request_id) != len(MARK):
            return rendered(failed(self.queue.overloaded(), request_id), common, stays=stays)
        if self._common is not common or not self._made:
            made = rendered(failed(self.queue.overloaded(), MARK), common, stays=True)
            self._common, self._made = common, made.split(MARK.encode())
        return request_id.encode().join(self._made)

    def _tenant(self, credential: bytes) -> str:
        """Whose it is; an empty text for one that is nobody's, or whose key has not been compared yet."""
        tenant = self._tenants.get(credential)
        if tenant is None:
            try:
                principal = self._identity.principal(headers.bearer(credential))
            except Failure:
                tenant = ""
            else:
                tenant = principal.tenant if principal.vouched else ""
            self._tenants[credential] = tenant
        return tenant


def _credential(raw: Lines) -> bytes | None:
    """The one credential of a request. None for one that has several or none, or comes from a page in a browser."""
    found = None
    for name, value in raw:
        if name == b"authorization":
            if found is not None:
                return None
            found = value
        elif name == b"origin":
            return None
    return found
