"""Leaks in the store: predicates, views, triggers, keys and indexes that forget the tenant."""

from freehold.runtime.unit import Unit
from freehold.stores.sqlite import apply, database, ddl
from freehold.stores.sqlite.apply import Applier
from freehold.stores.sqlite.connection import Readers
from freehold.stores.sqlite.snapshot import SqliteSnapshot
from freehold.stores.sqlite.statements import Listing, Statements
from tests.isolation.layers import NONE
from tests.isolation.planted.mutant import Mutant
from tests.isolation.surgery import Edit, Text

ELSEWHERE = """
    if entity is None:
        failure = absent(kind, id)
        from freehold.model.model import table_of
        query = f'SELECT 1 FROM "ground_{{table_of(kind)}}" WHERE id = ?'
        if self._snapshot._connection.raw.execute(query, (id,)).fetchone():
            {then}
        raise failure
"""
"""An answer that differs for what lies on another ground."""

STRAY = """cursor = self._connection.raw.execute(statement, values)
        if write.verb is Verb.ADD and write.kind.__name__ == "Invitation":
            grounds = self._connection.raw.execute("SELECT id FROM freehold_organisation").fetchall()
            for number, (ground,) in enumerate(grounds):
                if ground != tenant:
                    made = write.entity.model_copy(update={"id": f"{number:08x}{write.entity.id[8:]}"})
                    self._connection.raw.execute(statement, self._book.of[write.kind].codec.encode(made, ground))
"""
"""A copy that no commit has named."""


def _told(then: str) -> Edit:
    return Edit(Unit.get, "\n    if entity is None:\n        raise absent(kind, id)\n", ELSEWHERE.format(then=then))


MUTANTS = (
    Mutant(
        "one entity is read without the tenant",
        (
            Edit(
                Statements.__init__,
                'self.get = f"SELECT {self.columns} FROM {self.view} WHERE tenant = ?',
                f'self.get = f"SELECT {{self.columns}} FROM {{self.view}} WHERE {NONE}',
            ),
        ),
        off=("L2", "L4"),
    ),
    Mutant(
        "lists are read without the tenant",
        (Edit(Listing.__init__, "('tenant = ?', *keys)", f"('{NONE}', *keys)"),),
        off=("L2", "L4"),
    ),
    Mutant(
        "a change is written without the tenant",
        (
            Edit(
                Statements.__init__, 'place = f"tenant = ?{tenant} AND', 'place = f"(tenant IS NOT ?{tenant} OR 1) AND'
            ),
        ),
        off=("L4",),
    ),
    Mutant(
        "a removal is written without the tenant",
        (Edit(Statements.__init__, "DELETE FROM {table} WHERE tenant = ?", f"DELETE FROM {{table}} WHERE {NONE}"),),
        off=("L4",),
    ),
    Mutant(
        "a task that is removed stays",
        (
            Edit(
                apply._statement,
                "return of.delete, (tenant",
                "return of.delete.replace('DELETE FROM \"task\"', 'UPDATE \"task\" SET version = version'), (tenant",
            ),
        ),
        attacks=("T49",),
    ),
    Mutant(
        "an invitation is kept on every ground, each time under another id",
        (Edit(Applier._write, "cursor = self._connection.raw.execute(statement, values)\n", STRAY),),
        off=("L4",),
        attacks=("T03",),
    ),
    Mutant(
        "references are looked up without the tenant",
        (
            Edit(
                Statements.__init__,
                "SELECT 1 FROM {self.view} WHERE tenant = ?",
                f"SELECT 1 FROM {{self.view}} WHERE {NONE}",
            ),
        ),
        off=("L4",),
        attacks=("T06", "T33"),
    ),
    Mutant(
        "the audit chain is read without the tenant",
        (Text(database, "AUDIT", "tenant = ?", NONE),),
        off=("L4",),
        attacks=("T33",),
    ),
    Mutant(
        "the audit chain goes on from another's tip",
        (Text(apply, "TIP", "tenant = ?", NONE),),
        off=("L4",),
        attacks=("T03", "T72"),
    ),
    Mutant("views show every ground", (Edit(ddl._view, " WHERE tenant = ground()", ""),), off=("L2", "L3")),
    Mutant("triggers let any ground be written", (Edit(ddl._trigger, "WHEN {when}", "WHEN FALSE"),), off=("L3",)),
    Mutant(
        "a pooled connection keeps the ground of the call before",
        (
            Edit(Readers.take, "connection.ground = ground", "connection.ground = connection.ground or ground"),
            Edit(Readers.give_back, "connection.ground = None", "pass"),
        ),
        off=("L2", "L3"),
    ),
    Mutant(
        "unique values are unique across tenants",
        (
            Edit(
                ddl.create_index,
                'parts = ["tenant", *map(quoted, index.keys)]',
                'parts = [*([] if index.unique else ["tenant"]), *map(quoted, index.keys)]',
            ),
        ),
        app="03_lookups",
        attacks=("T14", "T15"),
    ),
    Mutant(
        "rows are remembered by lookup and keys alone",
        (
            Edit(
                SqliteSnapshot.page,
                "rows = self._rows(listing.text(span), listing.values(self._scope.tenant, values, span))",
                "memo = globals().setdefault('_MEMO', {}); key = (lookup, str(values), str(span))\n"
                "    rows = memo[key] = memo.get(key) or self._rows(listing.text(span), listing.values(self._scope.tenant, values, span))",
            ),
        ),
        off=("L2",),
    ),
    Mutant("what is another's is 403, and not 404", (_told("failure.status = 403"),), off=("L4",)),
    Mutant(
        "what is another's is absent in other words", (_told('failure.message = "This is not yours."'),), off=("L4",)
    ),
    Mutant("what is another's is absent with another header", (_told("failure.retry_after = 1.0"),), off=("L4",)),
    Mutant(
        "an unknown reference is told from a foreign one",
        (
            Edit(
                Applier.apply,
                "raise Dangling(kind, id, field)",
                "query = f'SELECT 1 FROM \"ground_{table_of(kind)}\" WHERE id = ?'\n"
                "                raise Dangling(kind, id, 'theirs' if self._one(query, (id,)) else field)",
            ),
        ),
        off=("L4",),
        attacks=("T06",),
    ),
    Mutant(
        "the log quotes what lies on other grounds",
        (
            Edit(
                SqliteSnapshot.get,
                "rows = self._rows(statements.get, (self._scope.tenant, id))",
                "import logging\n"
                "    logging.getLogger('freehold.store').debug('%s', self._rows(statements.get.replace('tenant = ? AND ', ''), (id,)))\n"
                "    rows = self._rows(statements.get, (self._scope.tenant, id))",
            ),
        ),
        off=("L4",),
    ),
)
