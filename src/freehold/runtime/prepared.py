"""A use case made ready to run: its input validated, its capabilities supplied, its answer serialised.

Everything that can be worked out once is worked out here, when the app starts, and not for each call.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, get_args, get_origin
from urllib.parse import parse_qsl

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, create_model
from pydantic_core import from_json

from freehold.model.data import Entity, Page, Paging, Range
from freehold.model.lookup import is_optional, plain
from freehold.model.usecase import Input, Source, UseCase
from freehold.runtime.envelope import Answer
from freehold.runtime.failures import BadRequest, Invalid, NotFound
from freehold.runtime.unit import absent

INT64 = Annotated[int, Field(ge=-(2**63), le=2**63 - 1)]
LIMIT = Annotated[int, Field(ge=1, le=200)]
CURSOR = Annotated[str, Field(max_length=2048)]


@dataclass(frozen=True, slots=True)
class Sent:
    """What a caller sent, unread: `values` from Python callers and paths, `query` and `body` from the wire."""

    values: Mapping[str, object]
    query: str = ""
    body: bytes = b""


def input_model(case: UseCase) -> type[BaseModel]:
    """The Pydantic model of a use case's input. Unknown fields are refused."""
    fields: dict[str, object] = {}
    for given in case.inputs:
        fields.update(_fields(given))
    config = ConfigDict(extra="forbid", allow_inf_nan=False, protected_namespaces=())
    title = "".join(part.title() for part in case.name.split("_"))
    return create_model(f"{title}Input", __config__=config, **fields)  # type: ignore[call-overload]  # fields from a signature


def _fields(given: Input) -> dict[str, object]:
    if given.hint is Paging:
        return {"limit": (LIMIT, 50), "cursor": (CURSOR | None, None)}
    if get_origin(given.hint) is Range:
        bound = get_args(given.hint)[0]
        return {f"{given.name}_start": (bound | None, None), f"{given.name}_stop": (bound | None, None)}
    hint = given.hint
    if plain(hint) is int:
        hint = INT64 | None if is_optional(hint) else (INT64 if hint is int else hint)
    return {given.name: (hint, ... if given.is_required else given.default)}


class Prepared:
    """One use case, ready to run."""

    def __init__(self, case: UseCase) -> None:
        """Build its validator and serialiser."""
        self.case = case
        self.model = input_model(case)
        self.validator = self.model.__pydantic_validator__
        self._lists = {name for name, info in self.model.model_fields.items() if _is_list(info.annotation)}
        self._in_path = {i.name for i in case.inputs if i.source is Source.PATH}
        self._in_query = {name for i in case.inputs if i.source is Source.QUERY for name in _fields(i)}
        self._in_body = {name for i in case.inputs if i.source is Source.BODY for name in _fields(i)}
        self._made = [(i.name, i.hint is Paging) for i in case.inputs if i.hint is Paging or get_origin(i.hint) is Range]
        self._adapter: TypeAdapter[object] = TypeAdapter(_returned(case.returns))
        self.is_async = inspect.iscoroutinefunction(case.function)

    def read(self, sent: Sent) -> dict[str, object]:
        """The validated input, by parameter. Raises `BadRequest`, `Invalid`, or `NotFound` for an id that cannot be one."""
        values = dict(sent.values)
        if sent.query:
            values.update(self._query(sent.query))
        if sent.body:
            values.update(self._body(sent.body))
        return self.validated(values)

    def validated(self, values: Mapping[str, object]) -> dict[str, object]:
        """The same for values that are already in Python."""
        try:
            inputs = dict(self.validator.validate_python(values).__dict__)
        except ValidationError as error:
            raise self._refusal(error) from None
        for name, is_paging in self._made:
            if is_paging:
                inputs[name] = Paging(inputs.pop("limit"), inputs.pop("cursor"))
            else:
                inputs[name] = Range(inputs.pop(f"{name}_start"), inputs.pop(f"{name}_stop"))
        return inputs

    def _query(self, query: str) -> dict[str, object]:
        try:
            pairs = parse_qsl(query, keep_blank_values=True, strict_parsing=True, errors="strict", max_num_fields=100)
        except ValueError:
            raise BadRequest("BAD_QUERY", "The query string could not be read.") from None
        values: dict[str, object] = {}
        for name, value in pairs:
            if name not in self._in_query:
                raise _misplaced(name, "query")
            if name in self._lists:
                values.setdefault(name, []).append(value)  # type: ignore[attr-defined]  # it is the list we put there
            elif name in values:
                raise Invalid(details=[{"loc": [name], "msg": "This is given twice."}])
            else:
                values[name] = value
        return values

    def _body(self, body: bytes) -> dict[str, object]:
        try:
            values = from_json(body, allow_inf_nan=False)
        except ValueError:
            raise BadRequest("BAD_JSON", "The body is not valid JSON.") from None
        if not isinstance(values, dict):
            raise BadRequest("BAD_JSON", "The body must be a JSON object.")
        for name in values:
            if name not in self._in_body:
                raise _misplaced(name, "body")
        return values

    def _refusal(self, error: ValidationError) -> Invalid | NotFound:
        problems = error.errors(include_url=False, include_input=False, include_context=False)
        if any(problem["loc"] and problem["loc"][0] in self._in_path for problem in problems):
            return absent(self.case.subject[1], "") if self.case.subject else NotFound()
        return Invalid(details=[{"loc": list(problem["loc"]), "msg": problem["msg"]} for problem in problems])

    def answer(self, value: object) -> Answer:
        """The answer that carries `value`, serialised as the signature says."""
        if isinstance(value, Page):
            return Answer(200, self._adapter.dump_json(value.items), value, next=value.next, paged=True)
        status = 201 if self.case.creates else 200
        if isinstance(value, Entity):
            return Answer(status, self._adapter.dump_json(value), value, version=value.version)
        return Answer(status, self._adapter.dump_json(value), value)

    def unknown_reference(self, failure: NotFound, inputs: Mapping[str, object]) -> Invalid | NotFound:
        """A missing entity whose id came in the body is wrong input (422); one named by the path is absent (404)."""
        for name in self._in_body:
            if failure.id and inputs.get(name) == failure.id:
                return dangling(name)
        return failure


def dangling(field: str) -> Invalid:
    """The answer to an id in the input that names nothing here."""
    return Invalid("UNKNOWN_REFERENCE", details=[{"loc": [field], "msg": "There is no such thing here."}])


def _misplaced(name: str, where: str) -> Invalid:
    return Invalid(details=[{"loc": [name], "msg": f"This is not a field of the {where}."}])


def _is_list(hint: object) -> bool:
    return get_origin(plain(hint)) in (list, set, tuple)


def _returned(hint: object) -> object:
    """What goes into `data`: the items of a page, and otherwise what the signature says."""
    if get_origin(hint) is Page:
        return list[get_args(hint)[0]]  # type: ignore[misc]  # a type made at run time
    return type(None) if hint is None else hint


