"""Settings to adapters: an app becomes a backend. Stores and the app's own ports are imported when chosen."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import cast

from freehold.accounts.door import Door
from freehold.accounts.membership import Accounts
from freehold.accounts.records import Member
from freehold.accounts.routes import accounts
from freehold.edges.door import LocalDoor
from freehold.edges.http import Api, RequestLimits
from freehold.edges.identity import Identity
from freehold.edges.keys import KeyFile, KeyRing, KeySource
from freehold.edges.openapi import document
from freehold.edges.outside_issuers import fetched, read_issuers
from freehold.edges.passwords import Argon2Passwords
from freehold.edges.sealing import SivSeal
from freehold.edges.site import Site
from freehold.edges.tokens import LocalTokens
from freehold.model.adapters import misfits
from freehold.model.app import App
from freehold.model.clash import check_joined
from freehold.model.data import Entity
from freehold.model.finding import Finding, ModelError, Place
from freehold.model.lookup import lookups_of
from freehold.model.model import Model, table_of
from freehold.runtime.admission import FairQueue
from freehold.runtime.cursor import Cursors
from freehold.runtime.delivery import Courier
from freehold.runtime.idempotency import Receipt
from freehold.runtime.ids import TimeIds
from freehold.runtime.invoke import Runtime
from freehold.runtime.limits import Limits
from freehold.runtime.outbox import Deliveries, Delivery
from freehold.runtime.ports import Clock, Database, Random, Tokens
from freehold.runtime.scheduler import Scheduler, Turn
from freehold.runtime.supply import Supplies
from freehold.runtime.system import SystemClock, SystemRandom
from freehold.runtime.unit import Shared
from freehold.settings import Settings
from freehold.stores.kit import Kit

STORES = {
    "sqlite": "freehold.stores.sqlite.kit",
    "postgres": "freehold.stores.postgres.kit",
    "dynamodb": "freehold.stores.dynamodb.kit",
}


@dataclass(frozen=True)
class Backend:
    """A running app, without a door to the outside: the edges are put before it."""

    model: Model
    runtime: Runtime
    database: Database
    tokens: Tokens
    courier: Courier
    scheduler: Scheduler
    clock: Clock
    settings: Settings

    def start(self) -> None:
        """Begin to deliver events and to run jobs, in the background."""
        self.courier.start()

    def close(self) -> None:
        """Stop delivering, and close the store."""
        self.courier.stop()
        self.database.close()


def complete(app: App) -> Model:
    """The app's model with the accounts, and with what the runtime keeps for itself. Raises `ModelError`."""
    model = app.model()
    if not model.roles:
        fix = 'write `member, owner = app.roles("member", "owner")`'
        raise ModelError([Finding("FH133", app.declared.place, "the app has no roles", fix)])
    built_in = accounts(model)
    check_joined(model, built_in)
    own: dict[str, type[Entity]] = {table_of(kind): kind for kind in (Delivery, Receipt, Turn)}
    return model.joined(built_in, people=Member).keeping(own, tuple(lookups_of(Deliveries)))


def backend(
    app: App, settings: Settings, *, memory: bool = False, clock: Clock | None = None, random: Random | None = None,
    store: Callable[[Model, Settings], Database] | None = None,
) -> Backend:  # fmt: skip
    """Put an app together. With `memory` it leaves nothing behind. Raises `ModelError` for a model that does not fit.

    Tests pass a clock and randomness of their own, and what opens a `store` that is not quite as settings make it.
    """
    clock, random = clock or SystemClock(), random or SystemRandom()
    model = complete(app)
    ports = _adapters(model, settings)  # before anything is opened, since one may be missing
    ring = keys(settings, clock, random, memory=memory)
    tokens = _tokens(settings, app.name, ring, clock, random)
    known = kit(settings)
    database = (store or (known.scratch if memory else known.opened))(model, settings)
    membership = Accounts(database, clock)
    door = LocalDoor(Argon2Passwords(), tokens, clock, random)
    cursors = Cursors(SivSeal(ring, clock), model.lookups)
    references = {kind: model.references(kind) for kind in model.entities.values()}
    runtime = Runtime(
        {**model.use_cases, **{seed.name: seed for seed in model.seeds}},
        database=database,
        membership=membership,
        supplies=Supplies(model, {Door: door, **ports}),
        shared=Shared(cursors, TimeIds(clock, random), clock, references, model.people),
        limits=_limits(settings, clock),
        clock=clock,
        ranks={role.name: role.rank for role in model.roles},
    )
    scheduler = Scheduler(runtime)
    courier = Courier(runtime, random, before=scheduler.enqueue_due)
    return Backend(model, runtime, database, tokens, courier, scheduler, clock, settings)


def _limits(settings: Settings, clock: Clock) -> Limits:
    try:
        return Limits(clock, per_tenant=settings.tenant_limit, per_principal=settings.principal_limit)
    except ValueError as error:
        place, fix = Place("environment", 0), "see FREEHOLD_TENANT_LIMIT and FREEHOLD_PRINCIPAL_LIMIT"
        raise ModelError([Finding("FH401", place, str(error), fix)]) from None


def kit(settings: Settings) -> Kit:
    """The store that the settings name. Raises `ModelError` (FH401) when there is none, or it lacks a part."""
    if settings.store not in STORES:
        message = f"store: there is no {settings.store}; there are: {', '.join(STORES)}"
        fix = "take one of them, there or by `--store`"
        raise ModelError([Finding("FH401", Place("FREEHOLD_STORE", 0), message, fix)])
    try:
        return cast("Kit", importlib.import_module(STORES[settings.store]))
    except ModuleNotFoundError as error:
        message, fix = f"store: {settings.store} needs {error.name}", f'`pip install "freehold[{settings.store}]"`'
        raise ModelError([Finding("FH401", Place("FREEHOLD_STORE", 0), message, fix)]) from error


def load(target: str) -> object:
    """What `"module:name"` names."""
    module, _, name = target.partition(":")
    return getattr(importlib.import_module(module), name)


def keys(settings: Settings, clock: Clock, random: Random, *, memory: bool = False) -> KeySource:
    """The key ring of a deployment: from its settings, or from a file, which is made. Raises `KeysUnusable`."""
    if settings.keys:
        return KeyRing.parse(settings.keys)
    if memory:
        return KeyRing.create(random)
    file = KeyFile(Path(settings.data) / "keys.json", clock, random)
    file.create()
    return file


def _tokens(settings: Settings, audience: str, keys: KeySource, clock: Clock, random: Random) -> Tokens:
    """Our own tokens, and those of the issuers outside. Raises `ModelError` (FH401) for an issuer that will not do."""
    others = read_issuers(settings.outside_issuers, clock, fetched)
    if any(other.issuer == settings.issuer for other in others):
        message, fix = f"issuers: {settings.issuer} is our own name", "change FREEHOLD_ISSUER, or take that one out"
        raise ModelError([Finding("FH401", Place("FREEHOLD_ISSUERS", 0), message, fix)])
    return LocalTokens(keys, clock, random, issuer=settings.issuer, audience=audience, outside=others)


def _adapters(model: Model, settings: Settings) -> dict[object, object]:
    """What fills the app's own ports in this environment.

    Raises `ModelError`: FH134 for a port that nothing fills, FH163 for what cannot be imported, or made.
    """
    chosen: dict[object, object] = {}
    for port, choices in model.adapters.items():
        adapter = choices.get(settings.environment)
        if adapter is None:
            have = ", ".join(choices) or "none"
            fix = f"add `{settings.environment}=` to its `app.provide(...)`; there are: {have}"
            raise ModelError(
                [Finding("FH134", Place.of(port), f"nothing fills {port.__name__} in {settings.environment}", fix)]
            )
        made = adapter
        if isinstance(adapter, str):
            made = _named(port, adapter, settings.environment)
            if found := list(misfits(port, {settings.environment: made}, Place.of(port))):
                raise ModelError(found)
        chosen[port] = _made(port, made, settings.environment) if isinstance(made, type) else made
    return chosen


def _made(port: type, adapter: type, environment: str) -> object:
    try:
        return adapter()
    except Exception as error:
        message = (
            f"what fills {port.__name__} in {environment} cannot be made: {adapter.__name__}() raised"
            f" {type(error).__name__}: {error}"
        )
        fix = "let it be made without arguments, or provide an object that is made already"
        raise ModelError([Finding("FH163", Place.of(port), message, fix)]) from error


def _named(port: type, target: str, environment: str) -> object:
    try:
        return load(target)
    except (ImportError, AttributeError) as error:
        message = f"what fills {port.__name__} in {environment} cannot be imported: {error}"
        fix = f'correct `{environment}="{target}"` in its `app.provide(...)`, or install what it needs'
        raise ModelError([Finding("FH163", Place.of(port), message, fix)]) from error


def site(made: Backend) -> Site:
    """The backend's door to the outside, as an ASGI application. Raises `ModelError` (FH401) for a wrong origin."""
    settings = made.settings
    queue = FairQueue(settings.workers, settings.queue_depth, settings.queue_seconds, clock=made.clock)
    identity, limits = Identity(made.tokens), RequestLimits(body=settings.body_limit)
    api = Api(made.runtime, identity, queue, SystemRandom(), limits=limits, wake=made.courier.wake)
    origins = [origin.strip() for origin in settings.cors_origins.split(",") if origin.strip()]
    try:
        return Site(api, made.tokens, partial(document, made.model), origins=origins)
    except ValueError as error:
        place, fix = Place("FREEHOLD_CORS_ORIGINS", 0), "write exact origins, such as https://app.example.com"
        raise ModelError([Finding("FH401", place, f"cors_origins: {error}", fix)]) from None
