"""Puts the document together: one operation for each route, and the schemas they share."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Mapping

from pydantic_core import to_json

from freehold.edges.openapi import answers
from freehold.edges.openapi.answers import Json
from freehold.edges.openapi.operation import operation, tag_of
from freehold.edges.openapi.schemas import Schemas
from freehold.model.model import Model
from freehold.model.names import words
from freehold.model.usecase import HOLE, UseCase
from freehold.runtime.routes import PREFIX

ABOUT = """

Every answer is an envelope: `success`, `data`, `error` and `meta`. Lists come in pages: send `meta.next` as `cursor` to
go on. Sign in at `POST /auth/sign-in`, and send `access_token` as a bearer token. It is bound to one organisation, and
nothing else chooses whose data is seen: what belongs to another is answered like what does not exist.
"""


def document(model: Model) -> bytes:
    """The OpenAPI 3.1 document of an app, as JSON. The same model gives the same bytes."""
    cases = sorted((case for case in model.use_cases.values() if case.path), key=lambda case: case.built_in)
    schemas = Schemas(cases)
    paths: dict[str, dict[str, Json]] = {}
    for case in cases:
        paths.setdefault(HOLE.sub(r"{\1}", case.path), {})[case.method.lower()] = operation(case, schemas)
    tags = dict.fromkeys(map(tag_of, cases))
    return to_json(
        {
            "openapi": "3.1.1",
            "info": {"title": words(model.name).capitalize(), "version": "1", "description": _about(model)},
            "servers": [{"url": PREFIX}],
            "tags": [{"name": tag} for tag in tags],
            "paths": paths,
            "components": {
                "schemas": {**answers.SCHEMAS, **dict(sorted(schemas.named.items()))},
                "responses": answers.RESPONSES,
                "headers": answers.HEADERS,
                "securitySchemes": {"bearer": answers.BEARER},
            },
        }
    )


def _about(model: Model) -> str:
    """What the module says in which the app's use cases are, or the package it is in."""
    first: UseCase | None = next((case for case in model.use_cases.values() if not case.built_in), None)
    return (_docstring(sys.modules, first) + ABOUT).strip()


def _docstring(modules: Mapping[str, object], case: UseCase | None) -> str:
    name = case.function.__module__ if case else ""
    for candidate in (name.rpartition(".")[0], name):
        if candidate in modules and (text := inspect.getdoc(modules[candidate])):
            return text
    return ""
