"""What nothing was tried on."""

from __future__ import annotations

from freehold.testing.isolation.arena import Arena


def gaps(arena: Arena) -> list[str]:
    """Routes, handlers and kinds of entities that are in no case."""
    tried = {case.operation for case in arena.report.cases}
    found = [f"the route {operation.case.route}" for operation in arena.operations if operation.name not in tried]
    return found + [f"{kind}: {why}" for kind, why in arena.world.unplanted.items()]
