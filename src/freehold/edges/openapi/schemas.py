"""JSON Schemas of what goes in and what comes out, as Pydantic describes them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Literal, cast

from pydantic import TypeAdapter
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import to_jsonable_python
from pydantic_core.core_schema import DataclassField, ModelField, TypedDictField, WithDefaultSchema

from freehold.edges.openapi.answers import Json
from freehold.edges.openapi.example import example
from freehold.model.usecase import Source, UseCase
from freehold.runtime.prepared import fields_of, input_model, returned

Mode = Literal["validation", "serialization"]
REF = "#/components/schemas/"


class _Plain(GenerateJsonSchema):
    """Without a title on every field, whose name is enough. What is given has every field, whatever its default."""

    def field_title_should_be_set(self, schema: object) -> bool:  # noqa: ARG002  # as Pydantic's own
        return False

    def field_is_required(
        self, field: ModelField | DataclassField | TypedDictField, total: bool  # noqa: FBT001  # as Pydantic's own
    ) -> bool:  # fmt: skip
        return self.mode == "serialization" or super().field_is_required(field, total)

    def default_schema(self, schema: WithDefaultSchema) -> JsonSchemaValue:
        return super().default_schema(schema) if self.mode == "validation" else self.generate_inner(schema["schema"])


class Schemas:
    """The schemas of all use cases. `named` are those that others refer to."""

    def __init__(self, cases: Iterable[UseCase]) -> None:
        """Describe the input and the result of each."""
        wanted: list[tuple[str, Mode, TypeAdapter[object]]] = []
        for case in cases:
            wanted.append((case.name, "validation", TypeAdapter(input_model(case))))
            wanted.append((case.name, "serialization", TypeAdapter(returned(case.returns))))
        made, rest = TypeAdapter.json_schemas(wanted, ref_template=f"{REF}{{model}}", schema_generator=_Plain)
        self.named: dict[str, Json] = rest.get("$defs", {})
        self._given = {name: self._pulled(schema) for (name, mode), schema in made.items() if mode == "validation"}
        self._results = {name: schema for (name, mode), schema in made.items() if mode == "serialization"}

    def field(self, case: UseCase, name: str) -> Json:
        """The schema of one field of the input."""
        properties = cast("dict[str, Json]", self._given[case.name]["properties"])
        return dict(properties[name])

    def body(self, case: UseCase) -> Json | None:
        """The schema of the body, or None when nothing is sent in one."""
        names = list(sent(case, Source.BODY))
        if not names:
            return None
        needed = cast("list[str]", self._given[case.name].get("required", []))
        required = [name for name in names if name in needed]
        fields = {name: self.field(case, name) for name in names}
        needs: Json = {"required": required} if required else {}
        return {"type": "object", "additionalProperties": False, "properties": fields, **needs}

    def result(self, case: UseCase) -> Json:
        """The schema of what a use case returns."""
        return self._results[case.name]

    def example(self, schema: Json, name: str = "") -> object:
        """An example that fits a schema: the same one each time."""
        return example(to_jsonable_python(schema), self.named, name)

    def _pulled(self, schema: Json) -> Json:
        """An input's own schema, taken out of those with a name: it is part path, part query, part body."""
        reference = schema.get("$ref")
        return self.named.pop(reference.removeprefix(REF)) if isinstance(reference, str) else schema


def sent(case: UseCase, source: Source) -> Iterator[str]:
    """The names of the fields that come from one source."""
    return (name for given in case.inputs if given.source is source for name in fields_of(given))
