"""Values for types: what a client could send, and what an entity could hold, made from JSON schemas.

Every text that is made carries a mark, so that it is known again wherever it turns up.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from random import Random

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core.core_schema import DecimalSchema

from freehold.model.data import Entity
from freehold.model.lookup import plain, reference_of
from freehold.model.usecase import Input

Schema = Mapping[str, object]
Samples = Mapping[str, Sequence[object]]
"""Values to take for inputs and fields of a name, where a schema does not say enough: `"title"` or `"task.title"`.

By the name of an operation, or of a table, several values that go together: `"book": [{"start": 9, "stop": 10}]`.
"""

_EPOCH = datetime(2026, 1, 5, 9, tzinfo=UTC)
_STEP = 1000
_LONG = 10
LATE = 4
"""From this variant on, values are the examples that a schema gives. Before, they carry a mark, and show more."""
DIGITS = 5


def schema_of(model: type[BaseModel]) -> Schema:
    """The JSON schema of a model, with what it leaves out about decimals."""
    return model.model_json_schema(schema_generator=_Bounded)


class _Bounded(GenerateJsonSchema):
    """A decimal of so many digits has a largest value: its schema would not say which."""

    def decimal_schema(self, schema: DecimalSchema) -> JsonSchemaValue:
        made, digits = super().decimal_schema(schema), schema.get("max_digits")
        if digits is not None:
            largest = 10 ** (digits - schema.get("decimal_places", 0)) - 1
            number = next(one for one in made["anyOf"] if one["type"] == "number")
            number["maximum"] = min(number.get("maximum", largest), largest)
        return made


class Unfit(ValueError):
    """No value can be made for a type: give an example of one, or `samples`."""


class Fill:
    """Makes values. Each text is `<mark><number>`, and each free number is `base` and more."""

    def __init__(self, mark: str, *, base: int = 0, samples: Samples | None = None, seed: int = 0) -> None:
        """`mark` is lower-case letters and digits, so that it survives what apps do to text."""
        self.mark, self._base, self._samples = mark, base, samples or {}
        self._random = Random(f"{mark} {seed}")  # noqa: S311  # a test repeats itself
        self._count = 0

    def text(self) -> str:
        """A text that nobody else has."""
        self._count += 1
        return f"{self.mark}{self._count:0{DIGITS}d}"

    def object(self, schema: Schema, *, of: str, variant: int = 0, optional: bool = True) -> dict[str, object]:
        """An object with the properties of a schema. Variant 0 leaves choices at their defaults."""
        made = _Making(self, _mapping(schema.get("$defs")), variant)
        wanted = _names(schema.get("required"))
        properties, together = _mapping(schema.get("properties")), self._together(of)
        return {
            name: together[name] if name in together else self._given(of, name, partial(made.value, _mapping(inner)))
            for name, inner in properties.items()
            if optional or name in wanted or name in together
        }

    def number(self) -> int:
        """A whole number that nobody else has."""
        self._count += 1
        return self._base + self._count * _STEP + 1

    def choose(self, choices: Sequence[object]) -> object:
        """One of several."""
        return self._random.choice(choices)

    def id(self) -> str:
        """The id of something that is nowhere."""
        value = f"{self._random.getrandbits(128):032x}"
        return f"{value[:8]}-{value[8:12]}-7{value[13:16]}-8{value[17:20]}-{value[20:]}"

    def moment(self) -> datetime:
        """A time that nobody else has."""
        self._count += 1
        return _EPOCH + timedelta(days=self._count % 300, seconds=self._count)

    def _together(self, of: str) -> Schema:
        known = self._samples.get(of)
        return _mapping(self._random.choice(list(known))) if known else {}

    def _given(self, of: str, name: str, make: Callable[[], object]) -> object:
        known = self._samples.get(f"{of}.{name}", self._samples.get(name))
        return self._random.choice(list(known)) if known else make()


class _Making:
    """One object being made: the definitions its schema refers to, and which variant is wanted."""

    def __init__(self, fill: Fill, definitions: Schema, variant: int) -> None:
        self._fill, self._definitions, self._variant = fill, definitions, variant

    def value(self, schema: Schema) -> object:
        schema = self._resolved(schema)
        examples = schema.get("examples")
        if not isinstance(examples, list) or not examples:
            return self._made(schema)
        if self._variant >= LATE:
            return self._fill.choose(examples)
        try:
            return self._made(schema)
        except Unfit:
            return self._fill.choose(examples)

    def _made(self, schema: Schema) -> object:
        if "const" in schema:
            return schema["const"]
        if "enum" in schema or schema.get("type") == "boolean":
            return self._choice(schema)
        if isinstance(several := schema.get("anyOf") or schema.get("oneOf"), list):
            real = [one for one in several if self._resolved(one).get("type") != "null"]
            return self.value({**_mapping(real[0]), **_beside(schema)}) if real else None
        make = {
            "string": self._text,
            "integer": self._number,
            "number": self._number,
            "array": self._list,
            "object": self._object,
            "null": lambda _: None,
        }
        return make.get(str(schema.get("type")), self._text)(schema)

    def _resolved(self, schema: Schema) -> Schema:
        target = schema.get("$ref")
        if isinstance(target, str):
            return {**self._resolved(_mapping(self._definitions[target.rpartition("/")[2]])), **_beside(schema)}
        return schema

    def _choice(self, schema: Schema) -> object:
        choices = schema.get("enum", [False, True])
        if not self._variant and schema.get("default") is not None:
            return schema["default"]
        if not isinstance(choices, list):
            raise Unfit(str(choices))
        return self._fill.choose(choices) if self._variant else choices[0]

    def _object(self, schema: Schema) -> object:
        extra = schema.get("additionalProperties")
        if "properties" not in schema and isinstance(extra, Mapping):
            return {self._fill.text(): self.value(extra)}
        return {name: self.value(_mapping(inner)) for name, inner in _mapping(schema.get("properties")).items()}

    def _list(self, schema: Schema) -> list[object]:
        fixed = schema.get("prefixItems")
        if isinstance(fixed, list):
            return [self.value(_mapping(one)) for one in fixed]
        least, most = _count(schema, "minItems", 0), _count(schema, "maxItems", 1)
        return [self.value(_mapping(schema.get("items"))) for _ in range(max(least, min(1, most)))]

    def _number(self, schema: Schema) -> int | float:
        low = max(_bounds(schema, "minimum", "exclusiveMinimum", 1), default=None)
        high = min(_bounds(schema, "maximum", "exclusiveMaximum", -1), default=None)
        step = schema.get("multipleOf")
        number: int | float = self._fill.number()
        if high is not None and number > high:
            number = high if low is None else low + number % (high - low + 1)
        elif low is not None and number < low:
            number = low + number
        if isinstance(step, (int, float)):
            number = -(-number // step) * step
        return number

    def _text(self, schema: Schema) -> str:
        form = schema.get("format")
        made = _FORMATS.get(str(form))
        if made is not None:
            return made(self._fill)
        pattern, longest = schema.get("pattern"), _count(schema, "maxLength", 1 << 20)
        if isinstance(pattern, str):
            return _matching(pattern, longest, self._fill)
        text = self._fill.text()
        return (text + "x" * max(0, _count(schema, "minLength", 0) - len(text)))[:longest]


def _matching(pattern: str, longest: int, fill: Fill) -> str:
    """The first text that a pattern takes, of those that patterns are usually for."""
    text, number = fill.text(), str(fill.number())
    digits = number[-_LONG:].rjust(_LONG, "1")
    candidates = [
        text, f"{text}@{fill.mark}.test", f"{text.capitalize()}", text.upper(), f"https://{text}.test/", f"+{digits}",
        *(digits[:size] for size in range(1, _LONG + 1)), f"#{digits[:6]}", f"{digits[:3]}-{digits[:4]}",
        fill.id(), "00", "a1", "A1", "ab", "AB", "abc", "ABC", "AB12", "EUR", "en", "en-GB", "12.50", "1.2.3", "09:00",
        f"{text}.pdf", f"/{text}", f"{text} {text}", "a" * 16, "A" * 16, "0" * 32, "0" * 64,
    ]  # fmt: skip
    for candidate in candidates:
        if len(candidate) <= longest and re.search(pattern, candidate):
            return candidate
    raise Unfit(f"nothing matches {pattern}")


_FORMATS: dict[str, Callable[[Fill], str]] = {
    "uuid": lambda fill: fill.id(),
    "date": lambda fill: fill.moment().date().isoformat(),
    "date-time": lambda fill: fill.moment().isoformat(),
    "time": lambda fill: fill.moment().time().isoformat(),
    "duration": lambda fill: f"PT{fill.moment().minute + 1}M",
    "email": lambda fill: f"{fill.text()}@{fill.mark}.test",
    "uri": lambda fill: f"https://{fill.text()}.test/",
    "ipv4": lambda fill: f"198.51.100.{fill.moment().second}",
    "ipv6": lambda fill: f"2001:db8::{fill.moment().second}",
    "binary": lambda fill: fill.text(),
}


def _beside(schema: Schema) -> dict[str, object]:
    """What a schema says of a value beside its type."""
    return {name: schema[name] for name in ("default", "examples") if name in schema}


def _mapping(found: object) -> Schema:
    return found if isinstance(found, Mapping) else {}


def _names(found: object) -> list[str]:
    return [str(name) for name in found] if isinstance(found, list) else []


def _count(schema: Schema, name: str, otherwise: int) -> int:
    found = schema.get(name, otherwise)
    return found if isinstance(found, int) else otherwise


def _bounds(schema: Schema, name: str, open_name: str, inward: int) -> Iterator[int | float]:
    found, beyond = schema.get(name), schema.get(open_name)
    if isinstance(found, (int, float)):
        yield found
    if isinstance(beyond, (int, float)):
        yield beyond + inward


Trail = tuple[str | int, ...]


def ids_in(given: Input) -> Iterator[tuple[Trail, type]]:
    """Where in an input ids lie, and of what: in the input itself, in lists, and in models within."""
    yield from _ids(given.hint, ())


def _ids(hint: object, trail: Trail) -> Iterator[tuple[Trail, type]]:
    target = reference_of(hint)
    if target is not None:
        yield trail, target
        return
    kind = plain(hint)
    if isinstance(kind, type) and issubclass(kind, BaseModel) and not issubclass(kind, Entity):
        for name, info in kind.model_fields.items():
            yield from _ids(info.annotation, (*trail, name))
    elif getattr(kind, "__origin__", None) in (list, set, tuple, frozenset):
        yield from _ids(kind.__args__[0], (*trail, 0))  # type: ignore[attr-defined]  # a generic alias


def at(value: object, trail: Trail) -> object:
    """What is at the end of the trail, in a JSON value; None when the trail ends earlier."""
    for step in trail:
        if isinstance(step, int):
            value = value[step] if isinstance(value, list) and len(value) > step else None
        else:
            value = value.get(step) if isinstance(value, Mapping) else None
    return value


def replaced(value: object, trail: Trail, new: object) -> object:
    """A copy of a JSON value with `new` at the end of the trail."""
    if not trail:
        return new
    here, rest = trail[0], trail[1:]
    if isinstance(here, int):
        return [replaced(value[0] if isinstance(value, list) and value else None, rest, new)]
    have = dict(value) if isinstance(value, Mapping) else {}
    return {**have, here: replaced(have.get(here), rest, new)}
