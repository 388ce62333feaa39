"""freehold's side of `bench dynamodb` and `bench dynamodb_growth`: a table, its store, and tasks written past both."""

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any, Literal, NamedTuple, Protocol

from bench.ground import task
from bench.process import CannotRun
from bench.store import PROJECTS, ids_of, tenant_name
from freehold import Entity, Id, Page, Paging, Store, User, lookup
from freehold.accounts.records import Member
from freehold.aws.client import AwsClient, open_client
from freehold.aws.credentials import Credentials
from freehold.aws.endpoints import Endpoint
from freehold.model.layout import layout_of
from freehold.model.lookup import lookups_of
from freehold.model.model import Model, table_of
from freehold.runtime import audit
from freehold.runtime.ids import TimeIds
from freehold.runtime.ports import Changes, Span, Verb, Write
from freehold.runtime.scope import Scope
from freehold.runtime.system import SystemClock, SystemRandom
from freehold.stores.dynamodb.database import DynamoDb
from freehold.stores.dynamodb.items import ItemCodec, key_of
from freehold.stores.dynamodb.migrations import DynamoMigrations
from freehold.stores.dynamodb.table import Table

KEYS, NAME = Credentials("local", "local"), "bench"
PAGE, PEOPLE, BATCH, THREADS = 20, 10, 25, 4
STAMP = datetime(2026, 1, 1, tzinfo=UTC)


class Project(Entity):
    """What a task belongs to."""

    name: str = "Project"


class Task(Entity):
    """Something that somebody has to do: ten fields, as on every side of every bench."""

    title: str
    description: str
    status: Literal["todo", "doing", "done"]
    priority: Literal["low", "normal", "high"]
    assignee: Id[User]
    project: Id[Project]


class Tasks(Store[Task], Protocol):
    """A lookup for each place that a list can be served from."""

    @lookup(newest_first=True)
    def newest(self, page: Paging) -> Page[Task]:
        """All of them, from the table itself."""
        ...

    @lookup(newest_first=True)
    def in_project(self, project: Id[Project], page: Paging) -> Page[Task]:
        """Those of a project, from the first index."""
        ...

    @lookup(newest_first=True)
    def of(self, assignee: Id[User], page: Paging) -> Page[Task]:
        """Those of somebody, from the index of what belongs to somebody."""
        ...


KINDS: dict[str, type[Entity]] = {table_of(kind): kind for kind in (Project, Member, Task)}
MODEL = Model("bench", (), None, {}, KINDS, tuple(lookups_of(Tasks)), {})
LAYOUT = layout_of(MODEL)
LOOKUPS = {pattern.name: pattern for pattern in MODEL.lookups}


class Wanted(NamedTuple):
    """What is looked up, or added to: a task, a project and a person of one tenant."""

    tenant: str
    task: str
    project: str
    person: str


class Noting:
    """A client that adds something to each request, and notes what was asked and answered. It fills `AwsClient`."""

    def __init__(self, client: AwsClient, **more: object) -> None:
        self._client, self._more = client, more
        self.notes: list[tuple[str, Mapping[str, Any], Mapping[str, Any]]] = []

    def call(self, operation: str, request: Mapping[str, object], credentials: Credentials) -> Mapping[str, object]:
        """Call, and note it."""
        whole = {**request, **self._more}
        answer = self._client.call(operation, whole, credentials)
        self.notes.append((operation, whole, answer))
        return answer

    def close(self) -> None:
        """Close the connections."""
        self._client.close()


def client_of(url: str) -> AwsClient:
    """Return freehold's own client of a server."""
    return open_client(Endpoint("dynamodb", "us-east-1", url), SystemClock(), SystemRandom())


def store_on(client: AwsClient) -> DynamoDb:
    """Return the store of the bench's table, through a client."""
    return DynamoDb(MODEL, LAYOUT, Table(client, NAME, lambda _: KEYS, lambda: KEYS))


def fill(client: AwsClient, tenants: int, tasks: int) -> None:
    """Make the table, and write all tasks and what they refer to, spread evenly, several batches at a time."""
    DynamoMigrations(client, KEYS, NAME, MODEL).up()
    codecs = {kind: ItemCodec(kind, LAYOUT, 1) for kind in KINDS.values()}

    def ground(tenant: int) -> None:
        name = tenant_name(tenant)
        items = [
            {**key_of(name, type(one), one.id), **codecs[type(one)].encode(one, name)}
            for one in contents(tenant, tasks // tenants)
        ]
        for at in range(0, len(items), BATCH):
            puts = [{"PutRequest": {"Item": item}} for item in items[at : at + BATCH]]
            if client.call("BatchWriteItem", {"RequestItems": {NAME: puts}}, KEYS).get("UnprocessedItems"):
                raise CannotRun("the server does not take batches of this size")

    with ThreadPoolExecutor(THREADS) as threads:
        for _ in threads.map(ground, range(tenants)):
            pass


def contents(tenant: int, tasks: int) -> Iterator[Entity]:
    """Make what a tenant begins with."""
    common: dict[str, Any] = {"version": 1, "created_at": STAMP, "updated_at": STAMP}
    projects, people = ids_of(2, tenant, PROJECTS), ids_of(3, tenant, PEOPLE)
    yield from (Project(id=Id(id), **common) for id in projects)
    yield from (Member(id=Id(id), name="Ada", email=f"{id}@bench.test", role="member", **common) for id in people)
    for number, id in enumerate(ids_of(1, tenant, tasks)):
        values = task(number, project=projects[number % PROJECTS], assignee=people[number % PEOPLE])
        yield Task.model_validate({"id": id, **common, **values})


class DynamoSide:
    """The store's own calls: a scope, a snapshot or a commit; with the audit entry and the references of a command."""

    def __init__(self, client: AwsClient, wanted: Wanted) -> None:
        self.store, self.wanted = store_on(client), wanted
        self.ids = TimeIds(SystemClock(), SystemRandom())

    def get(self) -> object:
        """Return a task as an object."""
        with Scope(self.wanted.tenant) as scope:
            return self.store.snapshot(scope).get(Task, self.wanted.task)

    def page(self) -> object:
        """Return the newest tasks of a project as objects."""
        with Scope(self.wanted.tenant) as scope:
            return self.store.snapshot(scope).page(LOOKUPS["in_project"], [self.wanted.project], Span(PAGE))

    def add(self) -> object:
        """Add a task."""
        stamp, (tenant, _, project, person) = datetime.now(UTC), self.wanted
        made = Task(
            id=Id(self.ids.new()),
            version=1,
            created_at=stamp,
            updated_at=stamp,
            **task(1, project=project, assignee=person),
        )
        with Scope(tenant) as scope:
            writes = [Write(Verb.ADD, Task, made, 0)]
            references: list[tuple[type[Entity], str, str]] = [
                (Project, project, "project"),
                (Member, person, "assignee"),
            ]
            entry = audit.entry(person, "create_task", "bench", stamp.isoformat(), writes)
            self.store.commit([Changes(scope, writes, references, entry)])
        return made
