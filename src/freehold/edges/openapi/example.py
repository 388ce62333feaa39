"""Examples made up from schemas: the same ones each time, and such that what checks the schema takes them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import cast

from freehold.model.names import words

Schema = Mapping[str, object]

TEXTS = {
    "uuid": "01994c3a-7b5e-7c1d-9e2f-3a4b5c6d7e8f",
    "date-time": "2026-01-15T09:30:00Z",
    "date": "2026-01-15",
    "time": "09:30:00",
    "duration": "PT15M",
    "email": "ada@example.com",
    "uri": "https://example.com/",
    "binary": "",
}
TRIES = (
    "ada@example.com",
    "acme",
    "abc",
    "a",
    "A",
    "ABC",
    "AB-12",
    "123",
    "1",
    "1.00",
    "2026-01-15",
    "#336699",
    "en-GB",
)
PHRASE = "a quiet harbour at dawn"
"""For text that must be longer than the field's name, such as a password."""
DEEPEST = 6


def example(schema: Schema, named: Mapping[str, Schema], name: str = "", depth: int = 0) -> object:
    """Something that fits `schema`. `name` is the field's, for text that says what it is."""
    if depth > DEEPEST:
        return None
    if "$ref" in schema:
        return example(named[str(schema["$ref"]).rpartition("/")[2]], named, name, depth + 1)
    said = schema.get("examples") or schema.get("enum") or ([schema["const"]] if "const" in schema else [])
    if isinstance(said, list) and said:
        return said[0]
    choices = cast("Sequence[Schema]", schema.get("anyOf") or schema.get("oneOf") or schema.get("allOf") or ())
    if choices:
        return example(next((c for c in choices if c.get("type") != "null"), choices[0]), named, name, depth + 1)
    if schema.get("type") == "array":
        return _list(schema, named, name, depth)
    fields = cast("Mapping[str, Schema]", schema.get("properties", {}))
    values = {key: example(each, named, key, depth + 1) for key, each in fields.items()}
    return values if schema.get("type") == "object" else _simple(schema, name)


def _simple(schema: Schema, name: str) -> object:
    kinds: dict[object, Callable[[], object]] = {
        "string": lambda: _text(schema, name),
        "integer": lambda: _number(schema),
        "number": lambda: _number(schema),
        "boolean": lambda: False,
    }
    return kinds.get(schema.get("type"), lambda: None)()


def _list(schema: Schema, named: Mapping[str, Schema], name: str, depth: int) -> list[object]:
    if "prefixItems" in schema:
        return [example(each, named, name, depth + 1) for each in cast("Sequence[Schema]", schema["prefixItems"])]
    count = max(1, int(str(schema.get("minItems", 1))))
    items = cast("Schema", schema.get("items", {}))
    return [example(items, named, name.removesuffix("s"), depth + 1) for _ in range(count)]


def _text(schema: Schema, name: str) -> str:
    shape, pattern = str(schema.get("format", "")), schema.get("pattern")
    least, most = int(str(schema.get("minLength", 0))), int(str(schema.get("maxLength", 10_000)))
    text = words(name) or "text"
    wanted = text[:most] if len(text) >= least else (PHRASE * least)[: min(most, max(least, len(PHRASE)))]
    tries = [TEXTS[shape]] if shape in TEXTS else [wanted, *TRIES]
    fitting = (t for t in tries if least <= len(t) <= most and (not pattern or re.search(str(pattern), t)))
    return next(fitting, tries[0])


def _number(schema: Schema) -> int | float:
    least = schema.get("minimum", schema.get("exclusiveMinimum", -1))
    most = schema.get("maximum", schema.get("exclusiveMaximum", 2**31))
    step = schema.get("multipleOf", 1)
    if not isinstance(least, (int, float)) or not isinstance(most, (int, float)) or not isinstance(step, (int, float)):
        return 1
    number = max(step, least + ("exclusiveMinimum" in schema))
    return number if number <= most else most - ("exclusiveMaximum" in schema)
