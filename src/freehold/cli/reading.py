"""A use case as a line of a listing says it: who may, what it takes, what it is given."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from types import NoneType, UnionType
from typing import Annotated, Literal, Union, get_args, get_origin

from freehold.model.data import Paging
from freehold.model.lookup import plain
from freehold.model.model import Model
from freehold.model.usecase import Input, Source, UseCase


def routes_of(model: Model, *, built_in: bool) -> list[UseCase]:
    """The use cases with a route, by path and method."""
    cases = (case for case in model.use_cases.values() if case.path and (built_in or not case.built_in))
    return sorted(cases, key=lambda case: (case.built_in, case.path, case.method))


def counted(number: int, noun: str) -> str:
    """`1 entity`, `2 entities`."""
    if number == 1:
        return f"1 {noun}"
    return f"{number} {noun[:-1]}ies" if noun.endswith("y") else f"{number} {noun}s"


def who(case: UseCase) -> str:
    """Who may call it."""
    return str(case.allow) if case.allow is not None else "operators"


def type_text(hint: object) -> str:
    """A type as somebody would write it, without its constraints."""
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is Annotated:
        return type_text(arguments[0])
    if origin in (Union, UnionType):
        return " | ".join(map(type_text, arguments))
    if origin is Literal:
        return " | ".join(map(repr, arguments))
    if origin is not None and arguments:
        return f"{getattr(origin, '__name__', origin)}[{', '.join(map(type_text, arguments))}]"
    if hint is NoneType or hint is Ellipsis:
        return "None" if hint is NoneType else "..."
    return hint.__name__ if isinstance(hint, type) else str(hint)


def inputs_text(inputs: Iterable[Input]) -> str:
    """What is sent besides the path, with a question mark where it need not be. A page is always the same."""
    return ", ".join(_input_text(given) for given in inputs if given.source is not Source.PATH)


def _input_text(given: Input) -> str:
    hint = plain(given.hint) if not given.is_required else given.hint
    mark = "" if given.is_required or hint is Paging else "?"
    return given.name if hint is Paging else f"{given.name}{mark}: {type_text(hint)}"


def given_text(case: UseCase) -> str:
    """What it is supplied with. A query's stores refuse to write, whatever they are."""
    return ", ".join(str(given if case.writes else replace(given, read_only=True)) for given in case.capabilities)


def row(case: UseCase) -> dict[str, object]:
    """A use case for machines."""
    return {
        "name": case.name, "kind": case.kind.value, "route": case.route, "method": case.method, "path": case.path,
        "allow": who(case), "scope": case.scope, "limit": case.limit, "idempotent": case.idempotent,
        "inputs": [
            {"name": i.name, "type": type_text(i.hint), "in": i.source.value, "required": i.is_required}
            for i in case.inputs
        ],
        "capabilities": [str(given) for given in case.capabilities], "returns": type_text(case.returns),
        "place": str(case.place), "built_in": case.built_in, "doc": case.doc.partition("\n")[0],
    }  # fmt: skip
