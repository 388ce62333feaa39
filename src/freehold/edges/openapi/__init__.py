"""The OpenAPI 3.1 document: what every signature says, for machines and for people."""

from freehold.edges.openapi.document import document

__all__ = ["document"]
