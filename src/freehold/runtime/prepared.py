"""A use case made ready to run: how its input is read and validated, and how its answer is serialised.

Everything that can be worked out once is worked out here, when the app starts, and not for each call.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from typing import Annotated, cast, get_args, get_origin
from urllib.parse import unquote_plus

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, TypeAdapter, ValidationError, create_model
from pydantic_core import ErrorDetails, PydanticCustomError, from_json

from freehold.model.data import Entity, Page, Paging, Range
from freehold.model.lookup import is_optional, plain
from freehold.model.usecase import Input, Source, UseCase
from freehold.runtime.envelope import Answer
from freehold.runtime.failures import BadRequest, Invalid, NotFound
from freehold.runtime.unit import absent

INT64 = Field(ge=-(2**63), le=2**63 - 1)
LIMIT = Annotated[int, Field(ge=1, le=200)]
CURSOR = Annotated[str | None, Field(max_length=2048)]
MOST_PAIRS = 100
MOST_TOLD = 50
"""Of so many things that are wrong a caller is told: a field that is none costs less to send than to be told of."""
LONGEST_TOLD = 100
"""Characters of the name of a field that is none."""
BAD_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")
NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")
FORMS: Mapping[type, tuple[re.Pattern[str], str]] = {
    bool: (re.compile("true|false"), "true or false"),
    int: (re.compile(r"-?[0-9]{1,19}"), "a whole number"),
    date: (re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}"), "a date, such as 2026-01-15"),
    datetime: (re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ].{5,}"), "a time, such as 2026-01-15T09:30:00Z"),
}
NO_NUMBER = re.compile(rb"NaN|Infinity")


@dataclass(frozen=True, slots=True)
class Sent:
    """What a caller sent, unread: `values` from Python callers and paths, `query` and `body` from the wire."""

    values: Mapping[str, object]
    query: str = ""
    body: bytes = b""


def input_model(case: UseCase, *sources: Source) -> type[BaseModel]:
    """The Pydantic model of what a use case takes from these sources, or in all. Unknown fields are refused."""
    fields: dict[str, object] = {}
    for given in case.inputs:
        if not sources or given.source in sources:
            fields.update(fields_of(given))
    config = ConfigDict(extra="forbid", allow_inf_nan=False, protected_namespaces=())
    title = "".join(part.title() for part in case.name.split("_"))
    return create_model(f"{title}Input", __config__=config, **fields)  # type: ignore[call-overload]  # fields from a signature


def fields_of(given: Input) -> dict[str, tuple[object, object]]:
    """The fields one parameter is sent as, each with its type and its default."""
    if given.hint is Paging:
        return {"limit": (_exact(LIMIT), 50), "cursor": (CURSOR, None)}
    if get_origin(given.hint) is Range:
        bound = _or_none(_exact(get_args(given.hint)[0]))
        return {f"{given.name}_start": (bound, None), f"{given.name}_stop": (bound, None)}
    bounded = _bounded(given.hint)
    hint = bounded if given.source is Source.BODY else _exact(bounded)  # JSON has types, and text has not
    return {given.name: (hint, ... if given.is_required else given.default)}


def _bounded(hint: object) -> object:
    """A whole number that every store can keep. What its own constraints say goes before."""
    if plain(hint) is not int:
        return hint
    own = get_args(hint)[1:] if get_origin(hint) is Annotated else ()
    bounded = Annotated[(int, INT64, *own)]
    return _or_none(bounded) if is_optional(hint) else bounded


def _or_none(hint: object) -> object:
    return cast("type", hint) | None


def _exact(hint: object) -> object:
    """A type that takes text in one form only: Pydantic would also take `0` for a date, and `yes` for true."""
    form = FORMS.get(cast("type", plain(hint)))
    return hint if form is None else Annotated[hint, BeforeValidator(partial(_check_form, *form))]


def _check_form(form: re.Pattern[str], meant: str, value: object) -> object:
    if isinstance(value, str) and form.fullmatch(value) is None:
        raise PydanticCustomError("form", "Input should be {meant}", {"meant": meant})
    return value


class Prepared:
    """One use case, ready to run. What comes as text is read leniently; the JSON of a body means what it says."""

    def __init__(self, case: UseCase) -> None:
        """Build its validators and serialiser."""
        self.case = case
        named = {source: {n for i in case.inputs if i.source is source for n in fields_of(i)} for source in Source}
        self._in_path, self._in_query, self._in_body = named[Source.PATH], named[Source.QUERY], named[Source.BODY]
        outside = input_model(case, Source.PATH, Source.QUERY, Source.EVENT)
        self._outside = outside.__pydantic_validator__
        self._inside = input_model(case, Source.BODY).__pydantic_validator__ if self._in_body else None
        self._lists = {name for name, info in outside.model_fields.items() if _is_list(info.annotation)}
        self._made = [
            (i.name, i.hint is Paging) for i in case.inputs if i.hint is Paging or get_origin(i.hint) is Range
        ]
        self._adapter: TypeAdapter[object] = TypeAdapter(returned(case.returns))

    def read(self, sent: Sent) -> dict[str, object]:
        """The validated input, by parameter. Raises `BadRequest`, `Invalid`, or `NotFound` for what cannot be an id."""
        values = {**sent.values, **self._query(sent.query)} if sent.query else sent.values
        if not sent.body:
            return self._validated(values)
        try:
            inputs = dict(self._outside.validate_python(values).__dict__)
        except ValidationError as error:
            raise self._refusal(error) from None
        inputs.update(self._body(sent.body))
        return self._assembled(inputs)

    def _validated(self, values: Mapping[str, object]) -> dict[str, object]:
        """The same for values that are already in Python."""
        outside = values
        if self._inside is not None:
            outside = {name: value for name, value in values.items() if name not in self._in_body}
        try:
            inputs = dict(self._outside.validate_python(outside).__dict__)
            if self._inside is not None:
                inside = {name: value for name, value in values.items() if name in self._in_body}
                inputs.update(self._inside.validate_python(inside).__dict__)
        except ValidationError as error:
            raise self._refusal(error) from None
        return self._assembled(inputs)

    def _assembled(self, inputs: dict[str, object]) -> dict[str, object]:
        for name, is_paging in self._made:
            if is_paging:
                limit, cursor = cast("tuple[int, str | None]", (inputs.pop("limit"), inputs.pop("cursor")))
                inputs[name] = Paging(limit, cursor)
            else:
                inputs[name] = Range(inputs.pop(f"{name}_start"), inputs.pop(f"{name}_stop"))
        return inputs

    def _query(self, query: str) -> dict[str, object]:
        values: dict[str, object] = {}
        for name, value in _pairs(query):
            if name not in self._in_query:
                raise _misplaced(name, "query")
            if name in self._lists:
                values[name] = [*cast("list[str]", values.get(name, [])), value]
            elif name in values:
                raise Invalid(details=[{"loc": [name], "msg": "This is given twice."}])
            else:
                values[name] = value
        return values

    def _body(self, body: bytes) -> Mapping[str, object]:
        """What is in the body. Only its types as JSON has them count: `"1"` is no number."""
        if NO_NUMBER.search(body) is not None or self._inside is None:
            _object(body)
        check_text(body)
        if self._inside is None:
            for name in _object(body):
                raise _misplaced(name, "body")
            return {}
        try:
            fields: Mapping[str, object] = self._inside.validate_json(body, strict=True).__dict__
        except ValidationError as error:
            raise _wrong(error) from None
        return fields

    def _refusal(self, error: ValidationError) -> Invalid | NotFound | BadRequest:
        if any(problem["loc"] and problem["loc"][0] in self._in_path for problem in error.errors(include_url=False)):
            return absent(self.case.subject[1], "") if self.case.subject else NotFound()
        return _wrong(error)

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


def _wrong(error: ValidationError) -> Invalid | BadRequest:
    """What is told of input that is wrong: where and how, and never what it was."""
    problems = error.errors(include_url=False, include_input=False, include_context=False)
    if problems[0]["type"] == "json_invalid":
        return BadRequest("BAD_JSON", "The body is not valid JSON.")
    if not problems[0]["loc"]:
        return BadRequest("BAD_JSON", "The body must be a JSON object.")
    return Invalid(details=[_detail(problem) for problem in problems[:MOST_TOLD]])


def _detail(problem: ErrorDetails) -> dict[str, object]:
    place = [part[:LONGEST_TOLD] if isinstance(part, str) else part for part in problem["loc"]]
    is_unknown = problem["type"] == "extra_forbidden" and len(place) == 1
    return {"loc": place, "msg": "This is not a field of the body." if is_unknown else problem["msg"]}


def check_text(body: bytes) -> None:
    """Raises `Invalid` for JSON with a text in it that not every store can keep."""
    if b"\\u0000" in body and NUL.search(body) is not None:
        raise Invalid(details=[{"loc": ["body"], "msg": "Text must not contain the character U+0000."}])


def dangling(field: str) -> Invalid:
    """The answer to an id in the input that names nothing here."""
    return Invalid("UNKNOWN_REFERENCE", details=[{"loc": [field], "msg": "There is no such thing here."}])


def _pairs(query: str) -> list[tuple[str, str]]:
    """What a query string says. Raises `BadRequest` for what is not one: it is never guessed what was meant."""
    pairs = [part.partition("=") for part in query.split("&")]
    if len(pairs) > MOST_PAIRS or not query.isascii() or not all(equals for _, equals, _ in pairs):
        raise BadRequest("BAD_QUERY", "The query string could not be read.")
    if "%" not in query and "+" not in query:
        return [(name, value) for name, _, value in pairs]
    try:
        read = [(unquote_plus(name, errors="strict"), unquote_plus(value, errors="strict")) for name, _, value in pairs]
    except UnicodeDecodeError:
        read = []
    if not read or BAD_ESCAPE.search(query) or any("\0" in name or "\0" in value for name, value in read):
        raise BadRequest("BAD_QUERY", "The query string could not be read.")
    return read


def _object(body: bytes) -> dict[str, object]:
    try:
        values = from_json(body, allow_inf_nan=False)
    except ValueError:
        raise BadRequest("BAD_JSON", "The body is not valid JSON.") from None
    if not isinstance(values, dict):
        raise BadRequest("BAD_JSON", "The body must be a JSON object.")
    return values


def _misplaced(name: str, where: str) -> Invalid:
    return Invalid(details=[{"loc": [name[:LONGEST_TOLD]], "msg": f"This is not a field of the {where}."}])


def _is_list(hint: object) -> bool:
    return get_origin(plain(hint)) in (list, set, tuple)


def returned(hint: object) -> type[object]:
    """What goes into `data`: the items of a page, and otherwise what the signature says."""
    if get_origin(hint) is Page:
        hint = list[get_args(hint)[0]]
    return cast("type[object]", type(None) if hint is None else hint)
