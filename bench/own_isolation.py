"""One same call with layers of isolation left out: small patches of freehold's parts, here and nowhere else."""

# ruff: noqa: SLF001  # it reaches into freehold's parts on purpose

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from bench.apps.freehold_tasks import app
from bench.ground import PAGE, Tenant
from bench.own_ground import LIMIT, opened
from bench.own_ground import tenant as filled_tenant
from freehold.cli.operating import migrations
from freehold.model.data import Entity
from freehold.runtime.envelope import Answer
from freehold.runtime.invoke import Call, Runtime
from freehold.runtime.ports import Found, Snapshot
from freehold.runtime.prepared import Sent
from freehold.runtime.scope import Scope
from freehold.runtime.unit import Unit
from freehold.settings import Settings
from freehold.stores.postgres.database import Postgres
from freehold.stores.postgres.names import Place
from freehold.stores.postgres.session import Session
from freehold.stores.postgres.snapshot import PostgresSnapshot, session_of
from freehold.stores.postgres.wire import Step
from freehold.stores.schema import Schema
from freehold.stores.sqlite.connection import Connection, Readers
from freehold.stores.sqlite.database import Sqlite
from freehold.stores.sqlite.statements import Listing
from freehold.wiring import Backend, backend, complete

Ways = dict[str, dict[str, Callable[[], object]]]


class LooseScope(Scope):
    """A scope without a life span: the tenant is what it is, and nothing refuses after the call."""

    __slots__ = ("tenant",)

    def __init__(self, tenant: str, call: str = "") -> None:
        self.tenant, self.call = tenant, call  # type: ignore[misc]  # a plain attribute in place of the property

    def close(self) -> None:
        """Do nothing."""


class LooseUnit(Unit):
    """A unit of work that believes the store: it does not look whose ground a row lay on."""

    __slots__ = ()

    def _own(self, found: Found) -> Entity:
        entity = found[1]
        self._expect(entity)
        return entity


class LooseRuntime(Runtime):
    """Runs calls without layer 2."""

    def begin(self, scope: Scope, *, writes: bool = True, beside: Unit | None = None) -> Unit:
        """Begin a unit of work that does not look."""
        shared = self._shared if writes else self._reading
        return LooseUnit(scope, self.database.snapshot(scope, beside.view if beside else None), shared)

    def _beside(self, call: Call, ground: str, receipt: str | None) -> Answer:
        unit = self.begin(LooseScope(ground, call.id), writes=call.ready.case.writes)
        try:
            answer, parts = self._steps(call, unit, receipt)
            if parts:
                self.database.commit(parts)
            return answer
        finally:
            unit.close()


class OpenConnection(Connection):
    """An equal connection without views, triggers, function or authorizer."""

    def __init__(self, file: str) -> None:
        super().__init__(file, Schema(), writes=False)
        self.raw.set_authorizer(None)


class OpenReaders(Readers):
    """Hands out open connections."""

    def take(self, ground: str | None) -> Connection:
        """Hand out one, in a transaction."""
        if not self._free:
            self._free.append(OpenConnection(self._file))
        return super().take(ground)


def without_the_store(database: Sqlite) -> None:
    """Leave out layer 4, and what layer 3 does besides the keys: select from the tables, on open connections."""
    database._readers = OpenReaders(database.file, database.schema)
    for statements in database._book.of.values():
        table = f'"{statements.table}"'
        for name in ("get", "exists"):
            setattr(statements, name, getattr(statements, name).replace(statements.view, table))
        statements.view = table
    database._book.listings = {one: Listing(one, database._book.of[one.entity]) for one in database._book.listings}


class OpenSession(Session):
    """A transaction in nobody's name: for an owner, who may read everything."""

    def _before(self, place: Place, tenant: str) -> list[Step]:  # noqa: ARG002  # as the session's own
        return [] if self._begun else [(self._begin, ())]


class OpenPostgres(Postgres):
    """Reads as whoever has logged in."""

    def snapshot(self, scope: Scope, beside: Snapshot | None = None) -> Snapshot:
        """Read without becoming the tenant."""
        session = session_of(beside) or OpenSession(self._wires, self._grounds, scope.tenant)
        return PostgresSnapshot(scope, session, self._book)


WAYS: dict[str, tuple[bool, bool]] = {
    "as it is": (False, False),
    "without layer 2": (True, False),
    "without layer 4": (False, True),
    "without layers 2 and 4": (True, True),
}


@contextmanager
def ways(folder: Path) -> Iterator[Ways]:
    """Give each call, each way; the first way is freehold as it is. Every way has a store of its own, filled alike."""
    found: Ways = {}
    with ExitStack() as stack:
        for number, (way, (loose, plain)) in enumerate(WAYS.items()):
            place = folder / str(number)
            place.mkdir()
            made = stack.enter_context(opened(place))
            for call, run in calls(made, filled_tenant(made, "north"), loose=loose, plain=plain).items():
                found.setdefault(call, {})[way] = run
        yield found


@contextmanager
def postgres_ways(owner_url: str, url: str, tier: str) -> Iterator[Ways]:
    """Give the same on one store of a PostgreSQL server. Whoever leaves out layer 4 logs in as the owner."""
    common: dict[str, Any] = {"store": "postgres", "owner_url": owner_url, "tier": tier}
    common |= {"tenant_limit": LIMIT, "principal_limit": LIMIT}
    found: Ways = {}
    with ExitStack() as stack:
        with migrations(Settings(database_url=url, **common), complete(app)) as moves:
            moves.up()
        ground = None
        for way, (loose, plain) in WAYS.items():
            made = backend(app, Settings(database_url=owner_url if plain else url, **common))
            stack.callback(made.close)
            ground = ground or filled_tenant(made, "north")
            for call, run in calls(made, ground, loose=loose, plain=plain).items():
                found.setdefault(call, {})[way] = run
        yield found


def calls(made: Backend, ground: Tenant, *, loose: bool, plain: bool) -> dict[str, Callable[[], object]]:
    """Return the calls to time: all that is done for a request, without HTTP."""
    runtime, database = made.runtime, made.database
    if loose:
        runtime.__class__ = LooseRuntime
    if plain and isinstance(database, Sqlite):
        without_the_store(database)
    elif plain:
        database.__class__ = OpenPostgres
    principal = made.tokens.verify(ground.token)
    get = Sent({"id": ground.tasks[7]})
    page = Sent({"project": ground.projects[3]}, f"limit={PAGE}")

    def run(name: str, sent: Sent) -> object:
        return runtime(Call(runtime.cases[name], sent, principal, "bench"))

    return {"get": partial(run, "get_task", get), "list 50": partial(run, "tasks_in", page)}
