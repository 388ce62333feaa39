"""What nothing was tried on: a route, a handler, a job, a way into the store, or a kind of entity without a case."""

from __future__ import annotations

import inspect
from collections.abc import Iterator

from freehold.model.usecase import Kind
from freehold.runtime.handles import Emitter, Handle, Reach
from freehold.runtime.ports import Database, Snapshot
from freehold.runtime.unit import Unit
from freehold.testing.isolation.arena import Arena
from freehold.testing.isolation.attacks.handles import HANDED
from freehold.testing.isolation.attacks.stores import HARMLESS, PROBES

WAYS_IN: tuple[type, ...] = (Database, Snapshot, Unit)
"""What reaches data: every public method needs a probe."""

HANDLES: tuple[type, ...] = (Handle, Emitter, Reach)
"""What a use case is handed: everything it can do is tried once its call is over."""


def gaps(arena: Arena) -> list[str]:
    """All that is in no case."""
    tried = {case.operation for case in arena.report.cases}
    found = [f"the route {operation.case.route}" for operation in arena.operations if operation.name not in tried]
    behind = [case for case in arena.backend.model.use_cases.values() if case.kind in (Kind.HANDLER, Kind.JOB)]
    found += [f"{case.name}, {case.route}" for case in behind if case.name not in tried]
    found += [f"the store's {method}" for method in untried()]
    unplanted = arena.world.unplanted.items()
    return found + [f"{kind}: {_short(why)}; give `Field(examples=[...])`, or `samples`" for kind, why in unplanted]


def _short(why: str) -> str:
    """What Pydantic says, in one line and without its advertisement."""
    return " ".join(line.strip() for line in why.splitlines() if "For further information" not in line)


def untried() -> Iterator[str]:
    """Methods that reach data, and that no probe is for."""
    for way in WAYS_IN:
        names = [f"{way.__name__}.{name}" for name in _methods(way)]
        yield from (name for name in names if name not in PROBES and name not in HARMLESS)
    for handle in HANDLES:
        names = {*_methods(handle), *(["__call__"] if "__call__" in vars(handle) else [])}
        yield from (f"{handle.__name__}.{name}" for name in sorted(names - HANDED[handle.__name__]))


def _methods(way: type) -> list[str]:
    return [name for name, _ in inspect.getmembers(way, inspect.isfunction) if not name.startswith("_")]
