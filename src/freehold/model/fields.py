"""What entities and events are made of: whether a store can keep it, and a queue carry it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import NoneType
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic.errors import PydanticUndefinedAnnotation
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from freehold.model.data import Entity, Event
from freehold.model.finding import Finding, Place
from freehold.model.hints import IMPORT_FIX
from freehold.model.lookup import reference_of
from freehold.model.wire import nameless, parts_of, trouble

OURS = {"tenant", "tenant_id", "rowid", "facts"}


def complete(kind: type[BaseModel]) -> Iterator[Finding]:
    """Read the types that were written before what they name; yield the names that never came to be."""
    if kind.__pydantic_complete__:
        return
    try:
        kind.model_rebuild()
    except PydanticUndefinedAnnotation as error:
        message = f"{kind.__name__} names {error.name}, which does not exist at run time"
        yield Finding("FH104", Place.of(kind), message, IMPORT_FIX)
    except Exception as error:  # noqa: BLE001  # an annotation is somebody's code, and fails in its own way
        message = f"the types of {kind.__name__} cannot be read: {type(error).__name__}: {error}"
        yield Finding("FH143", Place.of(kind), message, "write types that Python can evaluate")


def entity_fields(entity: type[Entity], kept: Mapping[str, type[Entity]]) -> Iterator[Finding]:
    """What is wrong with an entity. `kept` is every entity of the app, by table."""
    if unread := list(complete(entity)):
        yield from unread
        return
    yield from _parent(entity)
    yield from _names(entity)
    yield from _types(entity, "keep")
    yield from _whole(entity)
    yield from _defaults(entity)
    yield from _references(entity, kept)


def event_fields(event: type[Event]) -> Iterator[Finding]:
    """What is wrong with an event."""
    if unread := list(complete(event)):
        yield from unread
        return
    yield from _types(event, "carry")
    for field, info in event.model_fields.items():
        if info.annotation is object or info.annotation is Any:
            fix = "give it a type that says what is in it"
            message = f"the event {event.__name__} has no type for `{field}`"
            yield Finding("FH120", Place.of(event, field), message, fix)
        if info.exclude:
            message = f"the event {event.__name__} leaves `{field}` behind: it is excluded"
            yield Finding("FH150", Place.of(event, field), message, "remove `exclude`, or the field")
    for field in event.model_computed_fields:
        message = f"the event {event.__name__} computes `{field}`, and nobody could read it back"
        yield Finding("FH150", Place.of(event), message, "make it a field, or a method")


def parent_field(entity: type[Entity], parent: type[Entity]) -> str | None:
    """The one field by which a child names its parent."""
    fields = entity.model_fields.items()
    names = [name for name, info in fields if name != "id" and reference_of(info.annotation) is parent]
    return names[0] if len(names) == 1 else None


def _parent(entity: type[Entity]) -> Iterator[Finding]:
    parent = entity.facts.within
    if parent is None:
        return
    if not (isinstance(parent, type) and issubclass(parent, Entity)):
        message = f"{entity.__name__} is within {parent!r}, which is no entity"
        yield Finding("FH118", Place.of(entity), message, "write the class, which is further up: `within=Task`")
        return
    if parent_field(entity, parent) is None:
        fix = f"have one field `{parent.__name__.lower()}: Id[{parent.__name__}]`"
        message = f"{entity.__name__} is within {parent.__name__}, but no one field says which"
        yield Finding("FH118", Place.of(entity), message, fix)


def _names(entity: type[Entity]) -> Iterator[Finding]:
    """Fields that are the framework's, or that a database could not tell apart."""
    fix = "remove it: freehold keeps every entity on its tenant's ground, with an id, a version and times"
    own = entity.__mro__[: entity.__mro__.index(Entity)]
    again = {field for kind in own for field in vars(kind).get("__annotations__", {}) if field in Entity.model_fields}
    for field in entity.model_fields:
        if field in OURS | again:
            yield Finding("FH119", Place.of(entity, field), f"{entity.__name__} has a field `{field}` of its own", fix)
    lowered = [field.lower() for field in entity.model_fields]
    for field in entity.model_fields:
        if lowered.count(field.lower()) > 1:
            message = f"{entity.__name__} has fields that differ from `{field}` in capitals only"
            yield Finding("FH119", Place.of(entity, field), message, "rename one of them")


def _references(entity: type[Entity], kept: Mapping[str, type[Entity]]) -> Iterator[Finding]:
    """Ids of what the app never keeps, or keeps on ground that this entity does not lie on."""
    for field, info in entity.model_fields.items():
        target = reference_of(info.annotation) if field != "id" else None
        if target is None:
            continue
        names = f"{entity.__name__}.{field} names a {target.__name__}"
        if issubclass(target, Entity) and target not in kept.values():
            fix = f"let a use case take a store of {target.__name__}"
            yield Finding("FH151", Place.of(entity, field), f"{names}, which this app never keeps", fix)
        elif entity.facts.platform != (issubclass(target, Entity) and target.facts.platform):
            fix = "keep its id as text: `str`"
            yield Finding("FH151", Place.of(entity, field), f"{names}, which is kept on other ground", fix)


def _whole(entity: type[Entity]) -> Iterator[Finding]:
    """Entities in a field: each is kept by itself, and a copy of one would stay as it was."""
    for field, info in entity.model_fields.items():
        for part in parts_of(info.annotation):
            if isinstance(part, type) and issubclass(part, Entity):
                message = f"{entity.__name__}.{field}: {part.__name__} is an entity, which is kept by itself"
                fix = f"write `Id[{part.__name__}]`, or let {part.__name__} name its {entity.__name__}"
                yield Finding("FH150", Place.of(entity, field), message, fix)


def _types(kind: type[Entity | Event], verb: str) -> Iterator[Finding]:
    for field, info in kind.model_fields.items():
        for message, fix in _troubles(field, info, verb):
            yield Finding("FH150", Place.of(kind, field), f"{kind.__name__}.{field}: {message}", fix)


def _defaults(entity: type[Entity]) -> Iterator[Finding]:
    """Defaults that are none of their type. Pydantic looks at what is given, and at no default."""
    for field, info in entity.model_fields.items():
        default, hint = info.default, info.annotation
        is_plain = type(default) is hint or (default is None and NoneType in get_args(hint))
        if field in Entity.model_fields or info.is_required() or default is PydanticUndefined:
            continue
        if (not is_plain or info.metadata) and (why := _refusal(entity, field, default)):
            message = f"{entity.__name__}.{field} is {default!r} when nobody says otherwise: {why}"
            yield Finding("FH164", Place.of(entity, field), message, "correct the default, or the type")


def _refusal(entity: type[Entity], field: str, value: object) -> str:
    """What Pydantic has against a value of a field."""
    try:
        entity.__pydantic_validator__.validate_assignment(entity.model_construct(), field, value)
    except ValidationError as error:
        return next((one["msg"] for one in error.errors() if one["loc"][:1] == (field,)), "")
    except Exception:  # noqa: BLE001  # a validator is somebody's code, and here it sees an entity that is not whole
        return ""
    return ""


def _troubles(field: str, info: FieldInfo, verb: str) -> Iterator[tuple[str, str]]:
    if what := trouble(info.annotation):
        fix = "use text, numbers, dates, lists and dicts of these, or a Pydantic model"
        yield f"nothing can {verb} it: {what}", fix
    elif field != "id" and (id := nameless(info.annotation)):
        yield f"`{id}` does not say of what", "write `Id[YourEntity]`"
    if info.alias or info.validation_alias or info.serialization_alias:
        yield f"nothing can {verb} it under another name", "remove the alias: what is sent and kept has one name"
