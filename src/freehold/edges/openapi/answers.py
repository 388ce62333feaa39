"""What every answer looks like: the envelope, the failures with their codes, and the headers."""

from __future__ import annotations

from collections.abc import Iterable

from freehold.runtime.failures import (
    Failure,
    Forbidden,
    Limited,
    Overloaded,
    Precondition,
    StorageFull,
    TooLarge,
    Unauthenticated,
    UnsupportedMedia,
)

Json = dict[str, object]

MEDIA = "application/json"
REQUEST_ID = "0f8e2c4a6b1d3e5f"

BEARER: Json = {
    "type": "http",
    "scheme": "bearer",
    "description": "An access token from signing in, a token of an issuer that is believed here, or an API key.",
}

SCHEMAS: dict[str, Json] = {
    "Meta": {
        "type": "object",
        "required": ["request_id"],
        "properties": {"request_id": {"type": "string", "description": "Name it when you ask about this call."}},
    },
    "PageMeta": {
        "type": "object",
        "required": ["request_id", "next"],
        "properties": {
            "request_id": {"type": "string", "description": "Name it when you ask about this call."},
            "next": {
                "type": ["string", "null"],
                "description": "Send it as `cursor` to get the next page. Null at the end of the list.",
            },
        },
    },
    "Error": {
        "type": "object",
        "required": ["code", "message", "details"],
        "properties": {
            "code": {"type": "string", "pattern": "^[A-Z][A-Z0-9_]*$", "description": "For machines."},
            "message": {"type": "string", "description": "For people."},
            "details": {
                "type": "array",
                "items": {"type": "object"},
                "description": "Where the input is wrong (`loc`) and how (`msg`), or which limit was reached.",
            },
        },
    },
    "Failure": {
        "type": "object",
        "required": ["success", "data", "error", "meta"],
        "properties": {
            "success": {"const": False},
            "data": {"type": "null"},
            "error": {"$ref": "#/components/schemas/Error"},
            "meta": {"$ref": "#/components/schemas/Meta"},
        },
    },
}


def _header(description: str, schema: Json) -> Json:
    return {"description": description, "schema": schema}


HEADERS: dict[str, Json] = {
    "X-Request-Id": _header("The id that was sent, or a new one.", {"type": "string"}),
    "ETag": _header("The version of what is in `data`: send it as If-Match.", {"type": "string"}),
    "Retry-After": _header("Seconds to wait.", {"type": "integer", "minimum": 1}),
    "Idempotent-Replayed": _header("Set when this was answered before, to the same key.", {"enum": ["true"]}),
    "WWW-Authenticate": _header("How to authenticate.", {"type": "string"}),
}


def headers(*names: str) -> Json:
    """The headers of an answer: these, and the one they all have."""
    return {name: {"$ref": f"#/components/headers/{name}"} for name in ("X-Request-Id", *names)}


def envelope(data: Json, *, paged: bool = False) -> Json:
    """The schema of a success."""
    return {
        "type": "object",
        "required": ["success", "data", "error", "meta"],
        "properties": {
            "success": {"const": True},
            "data": data,
            "error": {"type": "null"},
            "meta": {"$ref": f"#/components/schemas/{'Page' if paged else ''}Meta"},
        },
    }


def told(data: object, *, paged: bool = False) -> Json:
    """An example of a success."""
    meta = {"request_id": REQUEST_ID, **({"next": None} if paged else {})}
    return {"success": True, "data": data, "error": None, "meta": meta}


def refusal(kind: type[Failure], codes: Iterable[str], *names: str) -> Json:
    """The answer to what fails in this way. `codes` are those that are known beforehand; an app may have its own."""
    known = list(dict.fromkeys(codes))
    examples = {code: {"value": _failure(code, kind.default_message)} for code in known}
    return {
        "description": f"{kind.default_message} Code: {' or '.join(f'`{code}`' for code in known)}.",
        "headers": headers(*names),
        "content": {MEDIA: {"schema": {"$ref": "#/components/schemas/Failure"}, "examples": examples}},
    }


def _failure(code: str, message: str) -> Json:
    error = {"code": code, "message": message, "details": []}
    return {"success": False, "data": None, "error": error, "meta": {"request_id": REQUEST_ID}}


_SHARED: tuple[tuple[type[Failure], tuple[str, ...], tuple[str, ...]], ...] = (
    (Unauthenticated, ("UNAUTHENTICATED",), ("WWW-Authenticate",)),
    (Forbidden, ("FORBIDDEN", "TENANT_MISMATCH", "TENANT_SUSPENDED"), ()),
    (Precondition, ("VERSION_MISMATCH",), ()),
    (TooLarge, ("TOO_LARGE", "ADDRESS_TOO_LONG", "HEADERS_TOO_LARGE"), ()),
    (UnsupportedMedia, ("UNSUPPORTED_MEDIA_TYPE",), ()),
    (Limited, ("RATE_LIMITED",), ("Retry-After",)),
    (Overloaded, ("OVERLOADED",), ("Retry-After",)),
    (StorageFull, ("STORAGE_FULL",), ()),
)

RESPONSES: dict[str, Json] = {kind.__name__: refusal(kind, codes, *names) for kind, codes, names in _SHARED}
"""The refusals that are alike for every operation. All others depend on what it is about."""


def shared(kind: type[Failure]) -> tuple[str, Json]:
    """A status, and a reference to the refusal that has it."""
    return str(kind.status), {"$ref": f"#/components/responses/{kind.__name__}"}
