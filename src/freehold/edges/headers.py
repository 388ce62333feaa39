"""What is read from a request's headers, and what every response carries."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from freehold.runtime.failures import BadRequest, Precondition

Raw = Iterable[tuple[bytes, bytes]]

_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_TRACEPARENT = re.compile(r"00-([0-9a-f]{32})-[0-9a-f]{16}-([0-9a-f]{2})")
_ETAG = re.compile(r'(?:W/)?"(\d{1,18})"')

SECURITY: tuple[tuple[bytes, bytes], ...] = (
    (b"content-type", b"application/json"),
    (b"cache-control", b"no-store"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"referrer-policy", b"no-referrer"),
    (b"strict-transport-security", b"max-age=31536000; includeSubDomains"),
    (b"x-content-type-options", b"nosniff"),
    (b"vary", b"authorization"),
)
"""On every answer of the API (ASVS 5.0, V3.4): JSON that no cache keeps, no page frames and no browser guesses about."""

_TENANT = frozenset({b"x-tenant", b"x-tenant-id", b"x-org-id", b"x-organization-id", b"x-organisation-id"})
_ONCE = frozenset({b"authorization", b"idempotency-key", b"if-match", b"content-type", b"content-length"})


@dataclass(slots=True)
class Headers:
    """The headers that mean something to us."""

    token: str | None = None
    key: str | None = None
    if_match: str | None = None
    if_none_match: str | None = None
    request_id: str = ""
    traceparent: str = ""
    content_type: str = ""
    tenant: str | None = None
    """A tenant named by header. It never chooses one; it is only held against the token's."""


def read(raw: Raw) -> Headers:
    """Read them. Raises `BadRequest` when one that may come once comes twice."""
    found, seen = Headers(), set()
    for name, value in raw:
        if name in _ONCE:
            if name in seen:
                raise BadRequest("HEADER_TWICE", f"The header {name.decode('latin-1')} may come once only.")
            seen.add(name)
        attribute = _NAMES.get(name)
        if attribute is not None:
            setattr(found, attribute, value.decode("latin-1"))
        elif name in _TENANT:
            found.tenant = value.decode("latin-1")
    if found.token is not None:
        scheme, _, rest = found.token.partition(" ")
        found.token = rest if scheme.lower() == "bearer" else ""
    if not _REQUEST_ID.fullmatch(found.request_id):
        found.request_id = ""
    return found


_NAMES = {
    b"authorization": "token",
    b"idempotency-key": "key",
    b"if-match": "if_match",
    b"if-none-match": "if_none_match",
    b"x-request-id": "request_id",
    b"traceparent": "traceparent",
    b"content-type": "content_type",
}


def version(etag: str | None) -> int | None:
    """The version an If-Match names; None for none, and for `*`. Raises `Precondition` for what we never gave."""
    if etag is None or etag.strip() == "*":
        return None
    match = _ETAG.fullmatch(etag.strip())
    if match is None:
        raise Precondition
    return int(match[1])


def continued(traceparent: str, span: str) -> str:
    """The `traceparent` that goes on from a caller's (W3C Trace Context), or an empty text when theirs is not one."""
    match = _TRACEPARENT.fullmatch(traceparent)
    return f"00-{match[1]}-{span}-{match[2]}" if match else ""
