"""One use case as an OpenAPI operation: what it takes, what it gives, and how it can be refused."""

from __future__ import annotations

from collections.abc import Iterator
from typing import get_origin

from freehold.edges.openapi import answers
from freehold.edges.openapi.answers import MEDIA, Json
from freehold.edges.openapi.schemas import Schemas, sent
from freehold.model.data import Entity, Page, Paging, Range
from freehold.model.lookup import is_store, lookups_of, reference_of
from freehold.model.names import shout
from freehold.model.usecase import Need, Source, UseCase
from freehold.runtime.failures import (
    BadRequest,
    Conflict,
    Forbidden,
    Invalid,
    Limited,
    NotFound,
    Overloaded,
    Precondition,
    StorageFull,
    TooLarge,
    Unauthenticated,
    UnsupportedMedia,
)
from freehold.runtime.idempotency import LONGEST_KEY
from freehold.runtime.prepared import fields_of

PAGING = {
    "limit": "How many items a page has, at most.",
    "cursor": "`meta.next` of the page before this one.",
}


def operation(case: UseCase, schemas: Schemas) -> Json:
    """Everything about one route."""
    summary, _, rest = case.doc.partition("\n")
    about: Json = {"description": rest.strip()} if rest.strip() else {}
    body = _body(case, schemas)
    return {
        "operationId": case.name,
        "summary": summary.strip(),
        **about,
        "tags": [tag_of(case)],
        "parameters": [*_fields(case, schemas), *_headers(case)],
        **({"requestBody": body} if body else {}),
        "responses": {**_success(case, schemas), **_refusals(case)},
        "security": [] if case.is_open else [{"bearer": []}],
    }


def tag_of(case: UseCase) -> str:
    """What an operation is listed under: the first part of its path."""
    return case.path.split("/")[1]


def _fields(case: UseCase, schemas: Schemas) -> Iterator[Json]:
    for name in sent(case, Source.PATH) if case.each is None else ():
        schema = schemas.field(case, name)
        about = schema.pop("description", None)
        example = {"example": schemas.example(schema, name)}
        described: Json = {"description": about} if about else {}
        yield {"name": name, "in": "path", "required": True, "schema": schema, **described, **example}
    for given in (given for given in case.inputs if given.source is Source.QUERY):
        for name in fields_of(given):
            schema = _without_null(schemas.field(case, name))
            about = schema.pop("description", None) or _meaning(given.hint, given.name, name)
            described = {"description": about} if about else {}
            yield {
                "name": name,
                "in": "query",
                "required": given.is_required and _is_one(given.hint),
                "schema": schema,
                **described,
            }


def _is_one(hint: object) -> bool:
    return hint is not Paging and get_origin(hint) is not Range


def _meaning(hint: object, name: str, field: str) -> str | None:
    if hint is Paging:
        return PAGING[field]
    if get_origin(hint) is Range:
        return f"Where `{name}` is this or more." if field.endswith("_start") else f"Where `{name}` is less than this."
    return None


def _without_null(schema: Json) -> Json:
    """There is no null in a query: what is not sent is not there."""
    choices = schema.get("anyOf")
    if not isinstance(choices, list) or {"type": "null"} not in choices:
        return schema
    rest = [choice for choice in choices if choice != {"type": "null"}]
    kept = {key: value for key, value in schema.items() if key not in ("anyOf", "default")}
    return {**kept, **rest[0]} if len(rest) == 1 else {**kept, "anyOf": rest}


def _headers(case: UseCase) -> Iterator[Json]:
    if case.writes and not case.is_open:
        about = (
            "A key of your own making, such as a UUID: a command sent again with it is done once. It lasts 24 hours."
        )
        schema: Json = {"type": "string", "minLength": 1, "maxLength": LONGEST_KEY}
        yield {
            "name": "Idempotency-Key",
            "in": "header",
            "required": case.idempotent,
            "schema": schema,
            "description": about,
        }
    if case.writes and case.subject and case.each is None:
        about = "The ETag one has read: 412 when it is another by now."
        schema = {"type": "string"}
        yield {"name": "If-Match", "in": "header", "required": False, "schema": schema, "description": about}
    if _gives_entity(case) and case.method == "GET":
        about = "The ETag one has: 304 and no body when it is still the same."
        schema = {"type": "string"}
        yield {"name": "If-None-Match", "in": "header", "required": False, "schema": schema, "description": about}


def _gives_entity(case: UseCase) -> bool:
    return isinstance(case.returns, type) and issubclass(case.returns, Entity) and case.each is None


def _body(case: UseCase, schemas: Schemas) -> Json | None:
    schema = schemas.body(case)
    if schema is None:
        return None
    example = schemas.example(schema)
    if case.each is not None:
        items: Json = {"type": "array", "maxItems": case.at_most, "items": schema}
        schema = {
            "type": "object",
            "additionalProperties": False,
            "required": ["items"],
            "properties": {"items": items},
        }
        example = {"items": [example]}
    return {"required": "required" in schema, "content": {MEDIA: {"schema": schema, "example": example}}}


def _success(case: UseCase, schemas: Schemas) -> dict[str, Json]:
    result = schemas.result(case)
    example, paged = schemas.example(result), get_origin(case.returns) is Page
    if case.each is not None:
        result, example = _results(result), [{"success": True, "data": example, "error": None}]
    names = ["ETag"] * _gives_entity(case) + ["Idempotent-Replayed"] * (case.writes and not case.is_open)
    content = {"schema": answers.envelope(result, paged=paged), "example": answers.told(example, paged=paged)}
    creates = case.creates and case.each is None
    done = {"description": "Created." if creates else "Done." if case.writes else "Found."}
    found: dict[str, Json] = {
        "201" if creates else "200": {**done, "headers": answers.headers(*names), "content": {MEDIA: content}}
    }
    if _gives_entity(case) and case.method == "GET":
        found["304"] = {"description": "Not modified: you have it.", "headers": answers.headers("ETag")}
    return found


def _results(one: Json) -> Json:
    """What a bulk gives: for each item a result of its own."""
    error = {"anyOf": [{"$ref": "#/components/schemas/Error"}, {"type": "null"}]}
    data = {"anyOf": [one, {"type": "null"}]} if one != {"type": "null"} else one
    fields = {"success": {"type": "boolean"}, "data": data, "error": error}
    return {"type": "array", "items": {"type": "object", "required": list(fields), "properties": fields}}


def _refusals(case: UseCase) -> dict[str, Json]:
    """How a call can be refused, by status."""
    is_open, has_body = case.is_open, case.method != "GET"
    bad = ["BAD_QUERY", "HEADER_TWICE", *["BAD_JSON"] * has_body, *["IDEMPOTENCY_KEY_REQUIRED"] * case.idempotent]
    bad += ["INVALID_CURSOR"] * any(given.hint is Paging for given in case.inputs)
    found = {str(BadRequest.status): answers.refusal(BadRequest, bad)}
    if not is_open or case.built_in:  # signing in is open, and can be refused
        found |= [answers.shared(Unauthenticated)]
    if not is_open:
        found |= [answers.shared(Forbidden)]
    if case.needs(Need.STORE) or any(given.source is Source.PATH for given in case.inputs):
        found[str(NotFound.status)] = answers.refusal(NotFound, _missing(case))
    if case.writes:
        found[str(Conflict.status)] = answers.refusal(Conflict, _clashes(case), "Retry-After")
        if case.subject and case.each is None:
            found |= [answers.shared(Precondition)]
    found |= [answers.shared(TooLarge)]
    if has_body:
        found |= [answers.shared(UnsupportedMedia)]
    reused = ["IDEMPOTENCY_KEY_REUSED"] * (case.writes and not is_open)
    found[str(Invalid.status)] = answers.refusal(Invalid, ["INVALID", *reused, *_unknown(case)])
    found |= [answers.shared(Limited), answers.shared(Overloaded)]
    if case.writes:
        found |= [answers.shared(StorageFull)]
    return found


def _missing(case: UseCase) -> list[str]:
    named = [reference_of(given.hint) for given in case.inputs if given.source is Source.PATH]
    kinds = [kind for kind in named if kind is not None and issubclass(kind, Entity)]
    return [f"{shout(kind.__name__)}_NOT_FOUND" for kind in kinds] or ["NOT_FOUND"]


def _unknown(case: UseCase) -> list[str]:
    return ["UNKNOWN_REFERENCE"] * any(reference_of(given.hint) for given in case.inputs if given.source is Source.BODY)


def _clashes(case: UseCase) -> list[str]:
    """What can clash: a version that was read before, a value that only one may have, a key whose call is running."""
    codes = []
    for given in case.needs(Need.STORE):
        if given.entity is None or given.read_only:
            continue
        name = shout(given.entity.__name__)
        codes.append(f"{name}_CHANGED")
        store = given.target if isinstance(given.target, type) and is_store(given.target) else None
        for pattern in lookups_of(store) if store is not None else ():
            codes += [f"{name}_{shout('_'.join(pattern.keys))}_TAKEN"] * pattern.unique
    return [*codes, *["IDEMPOTENT_CALL_RUNNING"] * (not case.is_open)] or ["CONFLICT"]
