"""What is read from a request's headers, and what every response carries."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from freehold.runtime.failures import BadRequest, Precondition, TooLarge

Raw = Iterable[tuple[bytes, bytes]]
Line = tuple[bytes, bytes]
Lines = list[Line]

_REQUEST_ID = re.compile(rb"[A-Za-z0-9._-]{1,64}")
_TRACEPARENT = re.compile(r"00-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-([0-9a-f]{2})")
_ETAG = re.compile(r'(?:W/)?"(\d{1,18})"')

GUARDS: tuple[Line, ...] = (
    (b"referrer-policy", b"no-referrer"),
    (b"strict-transport-security", b"max-age=31536000; includeSubDomains"),
    (b"x-content-type-options", b"nosniff"),
)
"""On every answer of every kind (ASVS 5.0, V3.4)."""

NOTHING_POLICY = b"default-src 'none'; frame-ancestors 'none'"
"""The content security policy of whatever is no page."""

SECURITY: tuple[Line, ...] = (
    (b"content-type", b"application/json"),
    (b"cache-control", b"no-store"),
    (b"content-security-policy", NOTHING_POLICY),
    (b"vary", b"authorization"),
    *GUARDS,
)
"""On every answer of the API: JSON that no cache keeps, no page frames and no browser guesses about."""

_TENANT = frozenset({b"x-tenant", b"x-tenant-id", b"x-org-id", b"x-organization-id", b"x-organisation-id"})
_ONCE = frozenset({b"authorization", b"idempotency-key", b"if-match", b"content-type", b"content-encoding"})
_READ = _ONCE | {b"if-none-match", b"x-request-id", b"traceparent", b"content-length"}


@dataclass(slots=True)
class Headers:
    """The headers that mean something to us."""

    request_id: str = ""
    token: str | None = None
    key: str | None = None
    if_match: str | None = None
    if_none_match: str | None = None
    traceparent: str | None = None
    media: str = ""
    """What the body is said to be: its type, with its encoding behind it if it has one."""
    length: int | None = None
    tenant: str | None = None
    """A tenant named by header. It never chooses one; it is only held against the token's."""


def read(raw: Raw, most: int = 32_768) -> Headers:
    """Read them. Raises `TooLarge` beyond `most` bytes, `BadRequest` when one that may come once comes twice."""
    found: dict[bytes, bytes] = {}
    tenant, size = None, 0
    for name, value in raw:
        size += len(name) + len(value)
        if name in _READ:
            if name in found and name in _ONCE:
                raise BadRequest("HEADER_TWICE", f"The header {name.decode()} may come once only.")
            found[name] = value
        elif name in _TENANT:
            tenant = value.decode("latin-1")
    if size > most:
        raise TooLarge("HEADERS_TOO_LARGE", "The headers are larger than the limit.")
    return Headers(
        request_id=_id(found.get(b"x-request-id")),
        token=bearer(found[b"authorization"]) if b"authorization" in found else None,
        key=_text(found.get(b"idempotency-key")), if_match=_text(found.get(b"if-match")),
        if_none_match=_text(found.get(b"if-none-match")), traceparent=_text(found.get(b"traceparent")),
        media=_media(found) if b"content-type" in found else "",
        length=int(length) if (length := found.get(b"content-length")) and length.isdigit() else None, tenant=tenant,
    )  # fmt: skip


def _text(value: bytes | None) -> str | None:
    return None if value is None else value.decode("latin-1")


def _id(value: bytes | None) -> str:
    return value.decode() if value is not None and _REQUEST_ID.fullmatch(value) else ""


def request_id(raw: Raw) -> str:
    """The id that a request has been given; an empty text for none, or one that is not plain."""
    return _id(next((value for name, value in raw if name == b"x-request-id"), None))


def bearer(value: bytes) -> str:
    """The token in an Authorization header; an empty text for any other scheme."""
    scheme, _, token = value.decode("latin-1").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def _media(found: Mapping[bytes, bytes]) -> str:
    """The type of the body. One that is compressed is of a type that is not read here."""
    encoding = found.get(b"content-encoding", b"").strip().lower()
    media = found[b"content-type"].partition(b";")[0].strip().lower().decode("latin-1")
    return media if encoding in (b"", b"identity") else f"{media} {encoding!r}"


def version(etag: str | None) -> int | None:
    """The version an If-Match names; None for none, and for `*`. Raises `Precondition` for what we never gave."""
    if etag is None or etag.strip() == "*":
        return None
    match = _ETAG.fullmatch(etag.strip())
    if match is None:
        raise Precondition
    return int(match[1])


def is_known(etag: str, if_none_match: str) -> bool:
    """Whether a caller has this version already (RFC 9110, 13.1.2: a list, compared weakly)."""
    return any(each.strip().removeprefix("W/") in (etag, "*") for each in if_none_match.split(","))


def continued(traceparent: str, span: str) -> str:
    """The `traceparent` that goes on from a caller's (W3C Trace Context), or an empty text when theirs is not one."""
    match = _TRACEPARENT.fullmatch(traceparent)
    return f"00-{match[1]}-{span}-{match[2]}" if match else ""
