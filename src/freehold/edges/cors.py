"""Cross-origin calls: an exact list of origins, which are never reflected from what a browser says (Fetch standard)."""

from __future__ import annotations

import re
from collections.abc import Iterable

from freehold.edges.headers import Line, Raw

_ORIGIN = re.compile(r"https?://[a-z0-9.-]+(:\d{1,5})?")
_MAY: tuple[Line, ...] = (
    (b"access-control-allow-methods", b"GET, POST, PUT, PATCH, DELETE"),
    (
        b"access-control-allow-headers",
        b"authorization, content-type, idempotency-key, if-match, if-none-match, traceparent, x-request-id",
    ),
    (b"access-control-max-age", b"600"),
)
_SHOWN = (
    b"access-control-expose-headers",
    b"etag, idempotent-replayed, ratelimit, ratelimit-policy, retry-after, traceparent, x-request-id",
)
_VARY = (b"vary", b"origin")


class Origins:
    """The origins that browsers may call from. There is no wildcard, and no cookies: whoever calls has a token."""

    def __init__(self, allowed: Iterable[str]) -> None:
        """Allow exactly these. Raises `ValueError` for what is no origin, such as `*`, `null` or one with a path."""
        self._lines: dict[bytes, list[Line]] = {}
        for origin in allowed:
            if _ORIGIN.fullmatch(origin) is None:
                message = f"{origin!r} is not an origin: write one as https://app.example.com"
                raise ValueError(message)
            self._lines[origin.encode()] = [(b"access-control-allow-origin", origin.encode()), _SHOWN, _VARY]

    def __bool__(self) -> bool:
        """Whether there is any."""
        return bool(self._lines)

    def lines(self, raw: Raw) -> list[Line]:
        """What an answer to a request with these headers carries in addition."""
        return self._lines.get(_given(raw, b"origin"), [_VARY])

    def preflight(self, method: str, raw: Raw) -> list[Line] | None:
        """The headers of the answer to a preflight: none that allow anything for a stranger. None when it is none."""
        if method != "OPTIONS" or not _given(raw, b"origin") or not _given(raw, b"access-control-request-method"):
            return None
        known = self._lines.get(_given(raw, b"origin"))
        return [known[0], *_MAY, _VARY] if known else [_VARY]


def _given(raw: Raw, wanted: bytes) -> bytes:
    values = [value for name, value in raw if name == wanted]
    return values[0] if len(values) == 1 else b""
