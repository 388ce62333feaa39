"""`App` collects what a module declares."""

from __future__ import annotations

from collections.abc import Callable
from typing import Concatenate, Literal, ParamSpec, TypeVar

from freehold.model.assembly import assemble
from freehold.model.data import Event
from freehold.model.finding import Finding, ModelError, Place
from freehold.model.model import Declarations, Model
from freehold.model.rules import Access, Role, Rule
from freehold.model.usecase import Kind, Options

P = ParamSpec("P")
R = TypeVar("R")
V = TypeVar("V", bound=Event)
F = TypeVar("F", bound=Callable[..., object])
Scope = Literal["tenant", "everyone"]


class App:
    """Everything one application declares. Making one does nothing; `freehold dev` and friends read it."""

    def __init__(self, name: str) -> None:
        """Start an app. Its name is used for tokens, files and infrastructure: lower case, `[a-z][a-z0-9-]*`."""
        self.name = name
        self.declared = Declarations(name, Place.calling())

    def roles(self, *names: str) -> tuple[Role, ...]:
        """The parts a member can have, least first. Each can do what those before it can; the last one owns.

        They are in one order, so all of them are said at once. Raises `ModelError` (FH133) the second time.
        """
        if self.declared.roles:
            fix = 'name all of them in one call: `member, owner = app.roles("member", "owner")`'
            raise _misused("FH133", "the app has its roles already", fix)
        self.declared.roles = tuple(Role(name, rank) for rank, name in enumerate(names))
        return self.declared.roles

    def members(self, *, managed_by: Role) -> None:
        """Say which role may invite, change and remove members and make API keys. Without this: the last one."""
        self.declared.manager = managed_by

    def rule(self, function: Callable[P, bool]) -> Rule[P]:
        """Turn a predicate over `User` and an entity into something `allow=` takes."""
        return Rule(function)

    def command(
        self, route: str, *, allow: Access, limit: str | None = None, idempotent: bool = False, scope: Scope = "tenant"
    ) -> Callable[[F], F]:
        """Declare a use case that changes something. It is one transaction.

        `limit` is per caller, such as "60/minute". `idempotent=True` makes the Idempotency-Key header a must; it
        works on every command. `scope="everyone"` is for what belongs to no tenant, and is listed by `explain`.
        """
        return self._declaring(Kind.COMMAND, Options(route, allow, limit, idempotent, scope))

    def query(
        self, route: str, *, allow: Access, limit: str | None = None, scope: Scope = "tenant"
    ) -> Callable[[F], F]:
        """Declare a use case that only reads. What it is supplied with refuses to write."""
        return self._declaring(Kind.QUERY, Options(route, allow, limit, scope=scope))

    def operation(self, *, scope: Scope = "tenant") -> Callable[[F], F]:
        """Declare a command for operators. It has no route: the command line runs it, `freehold call`."""
        return self._declaring(Kind.COMMAND, Options(scope=scope))

    def bulk(self, route: str, use_case: Callable[..., object], *, at_most: int = 100) -> None:
        """Offer a command for many items at once. Each is authorised, done and answered by itself."""
        self.declared.bulks.append((route, use_case, at_most, Place.calling()))

    def on(self, event: type[V]) -> Callable[[Callable[Concatenate[V, P], R]], Callable[Concatenate[V, P], R]]:
        """Declare what follows from an event: at least once, in a transaction of its own, on the tenant's ground."""
        if not (isinstance(event, type) and issubclass(event, Event)):  # without brackets, the function would be lost
            raise _misused(
                "FH121", "`@app.on` is given no event", "write `@app.on(TaskDone)`, with the class of an event"
            )
        return self._declaring(Kind.HANDLER, Options(event=event))

    def every(self, period: str, *, scope: Scope = "tenant") -> Callable[[F], F]:
        """Declare a job: `"day"`, `"hour"`, `"15 minutes"`. It runs once for each tenant, or once with `everyone`."""
        if not isinstance(period, str):
            raise _misused(
                "FH127", "`@app.every` is given no period", 'write `@app.every("day")`, "hour" or "15 minutes"'
            )
        return self._declaring(Kind.JOB, Options(scope=scope, period=period))

    def provide(self, port: type, **adapters: object) -> None:
        """Say what fills a port of the app's own, by environment: a class, or "module:Class", imported when chosen.

        An object is taken as it is. What is said later of other environments is added.
        """
        # `port: type[Port]` would let nobody hand over a Protocol
        self.declared.adapters[port] = {**self.declared.adapters.get(port, {}), **adapters}
        self.declared.provided[port] = Place.calling()

    def seed(self, function: F) -> F:
        """Mark a function that fills a demo tenant. It takes capabilities only."""
        self.declared.seeds.append(function)
        return function

    def model(self) -> Model:
        """Read everything. Raises `ModelError` with all that is wrong."""
        return assemble(self.declared)

    def _declaring(self, kind: Kind, options: Options) -> Callable[[F], F]:
        def declare(function: F) -> F:
            self.declared.cases.append((function, kind, options))
            return function

        return declare


def _misused(code: str, message: str, fix: str) -> ModelError:
    """What is raised at once, where a decorator would otherwise swallow the function below it."""
    return ModelError([Finding(code, Place.calling(), message, fix)])
