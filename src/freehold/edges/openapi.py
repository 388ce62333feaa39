"""The OpenAPI 3.1 document, read off the model."""

from __future__ import annotations

from pydantic_core import to_json

from freehold.model.model import Model


def document(model: Model, *, version: str = "1") -> bytes:
    """The document as JSON."""
    return to_json({"openapi": "3.1.0", "info": {"title": model.name, "version": version}, "paths": {}})
