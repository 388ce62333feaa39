"""What every store must do, as promises: functions that are tried on a store of whoever wrote the adapter.

    from freehold.testing.contract import DATABASE, Promise, check_promise

    @pytest.mark.parametrize("promise", DATABASE, ids=lambda promise: promise.__name__)
    def test_my_store_keeps_its_promises(promise: Promise) -> None:
        check_promise(promise, make=lambda model: MyStore(model, ...))

`make` opens a store that is migrated to the model it is given. A promise may close its store and call `make` again:
it must then find what it has kept. Each promise uses tenants of its own, so all may share one store.

A store that operators can use has a second port, `Estate`, with the promises `ESTATE` and `check_estate_promise`.
"""

from __future__ import annotations

from collections.abc import Callable
from inspect import getmembers, isfunction
from types import ModuleType

from freehold.testing.contract import (
    alone,
    atomicity,
    chains,
    durability,
    erasing,
    families,
    filling,
    grounds,
    holding,
    ordering,
    outbox,
    reading,
    scopes,
    types,
    uniqueness,
    writing,
)
from freehold.testing.contract.holder import Holder, Open
from freehold.testing.contract.stage import Make, Stage

__all__ = [
    "DATABASE", "ESTATE", "EstatePromise", "Holder", "Make", "Open", "Promise", "Stage", "check_estate_promise",
    "check_promise",
]  # fmt: skip

Promise = Callable[[Stage], None]
"""One thing a store must do. Its name says what; its docstring says it again in full."""


EstatePromise = Callable[[Holder], None]
"""One thing an estate must do."""


def check_promise(promise: Promise, make: Make) -> None:
    """Raises `AssertionError` when the store that `make` opens does not keep the promise."""
    stage = Stage(make)
    try:
        promise(stage)
    finally:
        stage.database.close()


def check_estate_promise(promise: EstatePromise, make: Make, open: Open) -> None:  # noqa: A002  # what it does
    """Raises `AssertionError` when the estate that `open` opens, on the store that `make` opens, breaks the promise."""
    stage = Stage(make)
    try:
        with Holder(stage, open) as holder:
            promise(holder)
    finally:
        stage.database.close()


def _promises(*modules: ModuleType) -> tuple[Callable[..., None], ...]:
    """The public functions of these modules that are about a stage, or a holder."""
    return tuple(
        function
        for module in modules
        for _, function in sorted(getmembers(module, isfunction), key=lambda found: found[1].__code__.co_firstlineno)
        if _is_promise(function, module)
    )


def _is_promise(function: Callable[..., object], module: ModuleType) -> bool:
    own = function.__module__ == module.__name__ and not function.__name__.startswith("_")
    return own and list(function.__annotations__) in (["stage", "return"], ["holder", "return"])


DATABASE: tuple[Promise, ...] = _promises(
    reading,
    writing,
    uniqueness,
    families,
    ordering,
    atomicity,
    alone,
    chains,
    outbox,
    types,
    scopes,
    grounds,
    durability,
)
"""All promises of the port `freehold.runtime.ports.Database`."""

ESTATE: tuple[EstatePromise, ...] = _promises(filling, holding, erasing)
"""All promises of the port `freehold.stores.estate.Estate`."""
