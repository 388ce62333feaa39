"""What can travel: the types that a caller can send, an answer can carry, an event can bring and a store can keep.

The common ones are known; about the others Pydantic is asked, as it will be asked when the app starts.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from types import UnionType
from typing import Any, Literal, Union, cast, get_args, get_origin
from uuid import UUID

from pydantic import BaseModel, TypeAdapter
from pydantic.errors import PydanticInvalidForJsonSchema, PydanticSchemaGenerationError, PydanticUndefinedAnnotation

from freehold.model.data import Id
from freehold.model.lookup import plain, reference_of, shown

SCALARS = (str, bool, int, float, datetime, date, time, timedelta, Decimal, UUID)
WORDS: tuple[object, ...] = ("string", "integer", "number", "boolean")
HOLDERS = (list, set, frozenset, tuple, dict, Union, UnionType)


def is_scalar(hint: object) -> bool:
    """Whether it is one value, of which the text fits into an address."""
    kind = plain(hint)
    if _is_simple(kind):
        return True
    if get_origin(kind) in (Union, UnionType):
        return all(map(is_scalar, get_args(kind)))
    if get_origin(kind) is not None or (isinstance(kind, type) and issubclass(kind, BaseModel)):
        return False
    return not trouble(kind) and _adapter(kind).json_schema().get("type") in WORDS


def is_list(hint: object) -> bool:
    """Whether it is a list of such values, which an address can repeat."""
    kind = plain(hint)
    return get_origin(kind) in (list, set, tuple) and all(is_scalar(part) for part in get_args(kind) if part is not ...)


def parts_of(hint: object) -> Iterator[object]:
    """A type and all types of values in it."""
    yield hint
    if get_origin(hint) not in (Literal, Id, type):
        for part in get_args(hint):
            yield from parts_of(part)


def nameless(hint: object) -> str:
    """The first `Id` in a type that does not say of what, as it is written; or nothing."""
    ids = (part for part in parts_of(hint) if part is Id or get_origin(part) is Id)
    return next((shown(part) for part in ids if reference_of(part) is None), "")


def trouble(hint: object) -> str:
    """Why values of this type cannot be written as JSON and read again; nothing if they can."""
    if _is_known(hint):
        return ""
    if any(get_origin(part) is type or part is type for part in parts_of(hint)):
        return f"nobody knows how to write {shown(hint)} as JSON"
    try:
        _adapter(hint).json_schema()
    except PydanticUndefinedAnnotation as error:
        return f"{shown(hint)} names {error.name}, which does not exist at run time"
    except (PydanticSchemaGenerationError, PydanticInvalidForJsonSchema):
        return f"nobody knows how to write {shown(hint)} as JSON"
    except Exception as error:  # noqa: BLE001  # a type can bring its own code, which fails in its own way
        return f"{shown(hint)} makes no sense: {str(error).partition(chr(10))[0]}"
    return ""


def _adapter(hint: object) -> TypeAdapter[object]:
    return TypeAdapter(cast("type[object]", hint))


def _is_simple(kind: object) -> bool:
    if kind is Any or get_origin(kind) in (Id, Literal):
        return True
    return isinstance(kind, type) and (kind in SCALARS or issubclass(kind, Enum))


def _is_known(hint: object) -> bool:
    if hint is type(None) or hint is ... or _is_simple(hint):
        return True
    if get_origin(hint) in HOLDERS:
        return all(map(_is_known, get_args(hint)))
    return isinstance(hint, type) and issubclass(hint, BaseModel) and hint.__pydantic_complete__
