"""All grounds of a database, taken from one version to another: a few at a time, each for itself, whatever happens."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from itertools import chain
from typing import Self

import psycopg

from freehold.model.finding import Finding, ModelError, Place
from freehold.model.names import PLATFORM
from freehold.stores.migrate import Change, Progress, Stage, Step, steps
from freehold.stores.obstacles import Trouble, no_form
from freehold.stores.postgres.changes import Action, actions, conversions, obstacles
from freehold.stores.postgres.convert import convert, lost
from freehold.stores.postgres.ddl import TENANT
from freehold.stores.postgres.fits import connected
from freehold.stores.postgres.grounds import POOL, schema_of, short
from freehold.stores.postgres.names import GROUND, quoted
from freehold.stores.schema import Schema

BATCH = 500
"""So many tenants are read at a time."""
TRIES = 8
LOCK_SECONDS = 2
"""How long a ground's tables are waited for. Whoever uses them then waits as long behind us: that is the budget."""
FIRST_WAIT = 0.05
"""Seconds before the second try of a ground; each wait is twice the one before."""
SHOWN = 20
"""Of the grounds that stay behind so many are named."""

BUSY = ("55P03", "40P01", "40001")
"""Locks that were not to be had, deadlocks, lost races: the ground is tried again."""

TARGET = "SELECT coalesce(max(number), 0) FROM freehold.migration WHERE NOT undone"
CHAIN = (
    "SELECT number, before::text, after::text FROM freehold.migration WHERE number BETWEEN %s AND %s ORDER BY number"
)
BEHIND = "FROM freehold.ground WHERE version <> %s AND (tier = 'schema' OR tenant = %s)"
NEXT = f"SELECT tenant::text, version {BEHIND} AND tenant > %s AND tenant <> ALL (%s) ORDER BY tenant LIMIT {BATCH}"
TENANTS = f"SELECT tenant::text FROM freehold.ground WHERE tier = %s AND tenant > %s ORDER BY tenant LIMIT {BATCH}"


class Fleet:
    """Takes every ground to the newest version."""

    def __init__(
        self, url: str, raw: psycopg.Connection, name: str, place: Place, *, workers: int, canaries: Sequence[str]
    ) -> None:
        """`raw` is for what concerns no ground; each worker has a connection of its own."""
        self._url, self._raw, self._name, self._place = url, raw, name, place
        self._workers = workers
        self._heads = list(dict.fromkeys((PLATFORM, POOL, *canaries)))
        self._scripts: dict[tuple[int, int, str], list[Action]] = {}

    def look(self, plan: Sequence[Step]) -> None:
        """Look for rows that would stand in the way, everywhere and before anything is done. Raises `ModelError`."""
        if not any(step.is_breaking for step in plan):
            return
        for tenant in self._everybody():
            place = schema_of(tenant)
            for whose in self._pooled() if tenant == POOL else [tenant]:
                for count, subject, trouble in self._in_the_way(plan, tenant, quoted(place), whose):
                    if count:
                        message = (
                            f"{subject} of tenant {whose}: rows that {trouble.wrong}: {count}; nothing was changed"
                        )
                        raise ModelError([Finding("FH304", self._place, message, trouble.fix)])

    def _in_the_way(
        self, plan: Sequence[Step], tenant: str, schema: str, whose: str
    ) -> Iterator[tuple[int, str, Trouble]]:
        """How many rows of a tenant there are for each thing that could be wrong, and what to do about them."""
        is_platform = tenant == PLATFORM
        with self._raw.transaction():
            self._raw.execute(f'SET LOCAL ROLE "fh_{self._name}_owner"'.encode())
            if tenant == POOL:  # an owner sees no rows of a shared table either, but those of one tenant at a time
                self._raw.execute("SELECT set_config('freehold.tenant', %s, true)", [whose])
            for one in obstacles(plan, platform=is_platform):
                count = self._number(one.counting.replace(GROUND, schema))
                yield count, one.subject, one.trouble
            for one in conversions(plan, platform=is_platform):
                count = lost(self._raw, one, one.table.replace(GROUND, schema))
                yield count, one.subject, no_form(one.new.form)

    def follow(self, progress: Progress) -> None:
        """Bring every ground that is elsewhere to the newest version. Raises `ModelError` (FH307) for who stays."""
        target = self._number(TARGET)
        total = self._number(f"SELECT count(*) {BEHIND}", target, POOL)
        if total:
            self._run(target, total, progress)
        self._raw.execute("DELETE FROM freehold.migration WHERE undone")

    def _run(self, target: int, total: int, progress: Progress) -> None:
        began, done, failed = time.monotonic(), 0, []
        with _Crew(self._url, self._workers) as crew:
            grounds = chain([[one] for one in self._first(target)], self._rest(target))
            for batch in grounds:
                is_head = len(batch) == 1 and batch[0][0] in self._heads
                for problem in crew.each(batch, lambda raw, one: self._take(raw, *one, target)):
                    done += problem is None
                    failed += [problem] if problem else []
                    progress(Stage(done, total, len(failed), time.monotonic() - began))
                if failed and is_head:
                    break
        if failed:
            raise ModelError(failed[:SHOWN])

    def _first(self, target: int) -> Iterator[tuple[str, int]]:
        """The platform, the pool, and the canaries, one by one: where one of them fails, nobody else is touched."""
        for tenant in self._heads:
            query = f"SELECT version {BEHIND} AND tenant = %s"
            row = self._raw.execute(query.encode(), [target, POOL, tenant]).fetchone()
            if row:
                yield tenant, row[0]

    def _rest(self, target: int) -> Iterator[list[tuple[str, int]]]:
        after = PLATFORM
        while found := self._raw.execute(NEXT.encode(), [target, POOL, after, self._heads]).fetchall():
            yield [(str(tenant), int(version)) for tenant, version in found]
            after = found[-1][0]

    def _everybody(self) -> Iterator[str]:
        yield from (PLATFORM, POOL)
        yield from self._tenants("schema")

    def _pooled(self) -> Iterator[str]:
        return (tenant for tenant in self._tenants("pool") if tenant != POOL)

    def _tenants(self, tier: str) -> Iterator[str]:
        after = PLATFORM
        while found := self._raw.execute(TENANTS.encode(), [tier, after]).fetchall():
            yield from (tenant for (tenant,) in found)
            after = found[-1][0]

    def _number(self, query: str, *values: object) -> int:
        row = self._raw.execute(query.encode(), values or None).fetchone()
        return int(row[0]) if row else 0

    def _take(self, raw: psycopg.Connection, tenant: str, version: int, target: int) -> Finding | None:
        """Take one ground all the way, in one transaction. What is in use is tried again, and then left for later."""
        script = self._script(version, target, tenant)
        for again in range(TRIES):
            try:
                self._transact(raw, tenant, target, script)
            except psycopg.Error as error:
                if raw.closed or error.sqlstate not in BUSY or again == TRIES - 1:
                    fix = "put that right, then run the same command again: it goes on with those that are left"
                    return Finding("FH307", self._place, f"tenant {tenant} stays at version {version}: {error}", fix)
                time.sleep(FIRST_WAIT * 2**again * (0.5 + random.random()))  # noqa: S311  # so that two do not meet again
            else:
                return None
        return None

    def _transact(self, raw: psycopg.Connection, tenant: str, target: int, script: Sequence[Action]) -> None:
        begin = [f"SET LOCAL lock_timeout = '{LOCK_SECONDS}s'", f'SET LOCAL ROLE "fh_{self._name}_owner"']
        whose = "tier = 'pool'" if tenant == POOL else f"tenant = '{tenant}'"
        end = [f"UPDATE freehold.ground SET version = {target} WHERE {whose}"]
        with raw.transaction():
            waiting: list[str] = begin
            for action in script:
                if isinstance(action, str):
                    waiting.append(self._on(tenant, action))
                    continue
                raw.execute("; ".join(waiting).encode())
                waiting = []
                convert(raw, action, self._on(tenant, action.table))
            raw.execute("; ".join([*waiting, *end]).encode())

    def _on(self, tenant: str, template: str) -> str:
        role = f'"fh_{self._name}_{"pool" if tenant == POOL else short(tenant)}"'
        made = template.replace(GROUND, quoted(schema_of(tenant))).replace('"role"', role)
        return made.replace(TENANT, f"'{tenant}'")

    def _script(self, version: int, target: int, tenant: str) -> list[Action]:
        """All that leads from one version to another, forwards or backwards, on this kind of ground."""
        kind = tenant if tenant in (PLATFORM, POOL) else ""
        key = (version, target, kind)
        if key not in self._scripts:
            low, high = sorted((version, target))
            found = self._raw.execute(CHAIN.encode(), [low + 1, high]).fetchall() if version else []
            pairs = [
                (Schema.model_validate_json(before), Schema.model_validate_json(after)) for _, before, after in found
            ]
            if version > target:
                pairs = [(after, before) for before, after in reversed(pairs)]
            self._scripts[key] = [action for old, new in pairs for action in _actions(old, new, kind)]
        return self._scripts[key]


def _actions(old: Schema, new: Schema, kind: str) -> list[Action]:
    plan = list(steps(old, new))
    made = list(actions(old, new, plan, platform=kind == PLATFORM, shared=kind == POOL))
    if kind != POOL:
        return made
    # Its owner sees no rows of a shared table either, and has to fill them.
    altered = {f"{GROUND}.{quoted(step.table.name)}" for step in plan if step.change is Change.ALTER_COLUMN}
    before: list[Action] = [f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY" for table in sorted(altered)]
    return [*before, *made, *(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY" for table in sorted(altered))]


class _Crew:
    """Threads, each with a connection of its own, and with another one when that is gone."""

    def __init__(self, url: str, count: int) -> None:
        self._url, self._count = url, count

    def __enter__(self) -> Self:
        self._opened = ExitStack()
        self._free = [self._opened.enter_context(connected(self._url)) for _ in range(self._count)]
        self._threads = ThreadPoolExecutor(self._count)
        return self

    def __exit__(self, *raised: object) -> None:
        self._threads.shutdown(cancel_futures=True)
        self._opened.close()

    def each(
        self, grounds: Sequence[tuple[str, int]], take: Callable[[psycopg.Connection, tuple[str, int]], Finding | None]
    ) -> Iterator[Finding | None]:
        """What became of each, as they end. Raises `ModelError` (FH306) when no connection can be had any more."""

        def work(one: tuple[str, int]) -> Finding | None:
            raw = self._free.pop()
            try:
                if raw.closed:
                    raw = self._opened.enter_context(connected(self._url))
                return take(raw, one)
            finally:
                self._free.append(raw)

        yield from self._threads.map(work, grounds)
