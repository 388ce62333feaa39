"""Brings all grounds of a database to a schema and back: each in a transaction of its own, and noted where it stands.

A migration is noted first, with both schemas, and new tenants are made as it says from then on; then every ground
follows, canaries before all others. Whatever is interrupted goes on with the next `up`: a ground's version is
committed with what was done to it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Self

from psycopg import sql

from freehold.model.names import PLATFORM
from freehold.stores.migrate import Applied, Progress, Step, agreed, is_to_go, label_of, steps, unseen
from freehold.stores.postgres.ddl import TENANT, ground
from freehold.stores.postgres.fits import answering, connected, installation, place_of, present_schema
from freehold.stores.postgres.fleet import Fleet
from freehold.stores.postgres.grounds import POOL
from freehold.stores.postgres.install import install
from freehold.stores.postgres.names import GROUND
from freehold.stores.schema import Schema

LAST = "SELECT number, before::text FROM freehold.migration WHERE NOT undone ORDER BY number DESC LIMIT 1"
STATUS = """SELECT number, at AT TIME ZONE 'UTC', label,
(SELECT count(*) FROM freehold.ground WHERE version = number) FROM freehold.migration ORDER BY number"""
NOTE = """INSERT INTO freehold.migration (number, label, before, after)
SELECT coalesce(max(number), 0) + 1, %s, %s, %s FROM freehold.migration"""
RECIPE = "INSERT INTO freehold.recipe (platform, number, statement) VALUES (%s, %s, %s)"


class PostgresMigrations:
    """Plans and applies. A context manager, since it holds a connection.

    Raises `ModelError`: FH301 for a breaking step that nobody asked for, FH304 for rows that stand in the way, FH306
    for a database that cannot be reached, FH307 for grounds that did not follow.
    """

    def __init__(
        self, url: str, wanted: Schema, *, login: str = "", workers: int = 4, canaries: Sequence[str] = ()
    ) -> None:
        """Connect, as somebody who may create roles and schemas.

        `login` is who serves. `workers` is how many grounds are migrated at a time; `canaries` go before all others.
        """
        self._url, self._wanted, self.place = url, wanted, place_of(url)
        self._login, self._workers, self._canaries = login, workers, canaries
        self._opened = connected(url)
        self._raw = self._opened.__enter__()

    def __enter__(self) -> Self:
        """Use it for a block."""
        return self

    def __exit__(self, *raised: object) -> None:
        """Let go of the connection."""
        self._raw.close()

    def status(self) -> list[Applied]:
        """What was applied, oldest first; and where all tenants are, in one query."""
        if installation(self._raw) is None:
            return []
        found = self._raw.execute(STATUS.encode())
        return [Applied(number, at.isoformat(), label, count) for number, at, label, count in found]

    def present(self) -> Schema:
        """The schema that the newest migration leads to."""
        return (present_schema(self._raw) if installation(self._raw) else None) or Schema()

    def plan(self) -> list[Step]:
        """The steps to the model's schema."""
        return list(steps(self.present(), self._wanted))

    def up(self, *, breaking: bool = False, progress: Progress = unseen) -> list[Step]:
        """Apply the plan to every ground, and return it. A breaking step needs `breaking`."""
        with self._alone() as name:
            old, plan = self.present(), []
            is_new = not self.status()
            if is_new or old != self._wanted:
                plan = agreed(self.place, old, self._wanted, breaking=breaking)
            fleet = self._fleet(name)
            fleet.follow(progress)  # what an earlier run has left
            if is_new or plan:
                fleet.look(plan)
                self._note(name, old, self._wanted, label_of(plan), is_new=is_new)
                fleet.follow(progress)
        return plan

    def down(self, *, number: int | None = None, breaking: bool = False, progress: Progress = unseen) -> list[Step]:
        """See `Migrations.down` of the port: on every ground. The first one is never undone."""
        if not self.status():
            return []
        with self._alone() as name:
            fleet = self._fleet(name)
            fleet.follow(progress)
            last = self._raw.execute(LAST.encode()).fetchone()
            if last is None or last[0] == 1 or not is_to_go(self.place, last[0], number):
                return []
            old, new = self.present(), Schema.model_validate_json(last[1])
            plan = agreed(self.place, old, new, breaking=breaking)
            fleet.look(plan)
            with self._as_owner(name):
                self._raw.execute("UPDATE freehold.migration SET undone = true WHERE number = %s", [last[0]])
                self._write_recipes(new)
            fleet.follow(progress)
        return plan

    def _fleet(self, name: str) -> Fleet:
        return Fleet(self._url, self._raw, name, self.place, workers=self._workers, canaries=self._canaries)

    @contextmanager
    def _alone(self) -> Iterator[str]:
        """What the installation is called. Nobody else migrates meanwhile: the lock goes with the connection."""
        with answering(self.place):
            name = install(self._raw, self._login)
            self._raw.execute("SELECT pg_advisory_lock(1, 1)")
            try:
                yield name
            finally:
                if not self._raw.closed:
                    self._raw.execute("SELECT pg_advisory_unlock(1, 1)")

    @contextmanager
    def _as_owner(self, name: str) -> Iterator[None]:
        """A transaction, as the one that everything belongs to."""
        with self._raw.transaction():
            self._raw.execute(sql.SQL("SET LOCAL ROLE {}").format(sql.Identifier(f"fh_{name}_owner")))
            yield

    def _note(self, name: str, old: Schema, new: Schema, label: str, *, is_new: bool) -> None:
        """Note the migration; from now on new grounds are made as it says. The first one makes those of everybody."""
        with self._as_owner(name):
            self._raw.execute(NOTE.encode(), [label, old.model_dump_json(), new.model_dump_json()])
            self._write_recipes(new)
            if is_new:
                self._first(name, new)

    def _write_recipes(self, new: Schema) -> None:
        self._raw.execute("DELETE FROM freehold.recipe")
        with self._raw.cursor() as cursor:
            recipes = [
                (platform, number, statement)
                for platform in (False, True)
                for number, statement in enumerate(ground(new, platform=platform))
            ]
            cursor.executemany(RECIPE, recipes)

    def _first(self, name: str, new: Schema) -> None:
        pool = sql.Identifier(f"fh_{name}_pool")
        self._raw.execute("SELECT freehold.make_ground(%s, 'schema')", [PLATFORM])
        self._raw.execute("CREATE SCHEMA freehold_pool")
        for statement in ground(new, shared=True):
            self._raw.execute(statement.replace(GROUND, "freehold_pool").replace(TENANT, "NULL").encode())
        self._raw.execute(sql.SQL("GRANT USAGE ON SCHEMA freehold_pool TO {}").format(pool))
        everything = sql.SQL("GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA freehold_pool TO {}")
        self._raw.execute(everything.format(pool))
        self._raw.execute(sql.SQL("REVOKE UPDATE, DELETE ON freehold_pool.freehold_audit FROM {}").format(pool))
        self._raw.execute("INSERT INTO freehold.ground (tenant, tier, version) VALUES (%s, 'pool', 1)", [POOL])
