"""The four layers, how to switch each off, and what the suite finds then.

The two in the store are the store's own.

python -m tests.isolation.layers                    says of each store which layers, and which pairs, may be missing
python -m tests.isolation.layers --store dynamodb   says it of one
"""

import argparse
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from freehold.edges.http import Api
from freehold.runtime.scope import Scope
from freehold.runtime.unit import Unit
from freehold.settings import Settings
from freehold.stores.sqlite import apply, connection, database, ddl
from freehold.stores.sqlite.statements import Listing, Statements
from freehold.testing import isolation
from freehold.testing.isolation.report import Leak, Report, Sort
from tests.isolation.apps import example
from tests.isolation.grounds import STORES, settings_of, title_of
from tests.isolation.off_dynamodb import DYNAMODB
from tests.isolation.off_postgres import POSTGRES
from tests.isolation.surgery import Break, Edit, Text, broken

MISMATCH = """
    if given.tenant is not None and given.tenant != principal.tenant:
        raise Forbidden("TENANT_MISMATCH", "The token is bound to another organisation.")
"""
BELIEF = """
    if given.tenant is not None:
        from dataclasses import replace
        principal = replace(principal, tenant=given.tenant)
"""
NONE = "(tenant IS NOT ? OR 1)"

ABOVE: dict[str, tuple[Break, ...]] = {
    # 1. The verified token names the tenant. Off: a header names it, and whoever can write one chooses.
    "L1": (Edit(Api._identify, MISMATCH, BELIEF),),
    # 2. Handles are bound to a scope that ends, and what comes back is compared. Off: neither.
    "L2": (
        Edit(Unit._own, "if tenant != self.scope.tenant:", "if False:"),
        Edit(Scope.close, "self._tenant = None", "pass"),
    ),
}
"""The layers above the store, which are the same whatever store there is."""

SQLITE: dict[str, tuple[Break, ...]] = {
    # 3. Every statement begins with the tenant. Off: none does.
    "L3": (
        Edit(
            Statements.__init__,
            'self.get = f"SELECT {self.columns} FROM {self.view} WHERE tenant = ?',
            f'self.get = f"SELECT {{self.columns}} FROM {{self.view}} WHERE {NONE}',
        ),
        Edit(
            Statements.__init__,
            "SELECT 1 FROM {self.view} WHERE tenant = ?",
            f"SELECT 1 FROM {{self.view}} WHERE {NONE}",
        ),
        Edit(Statements.__init__, 'place = f"tenant = ?{tenant} AND', 'place = f"(tenant IS NOT ?{tenant} OR 1) AND'),
        Edit(Statements.__init__, "DELETE FROM {table} WHERE tenant = ?", f"DELETE FROM {{table}} WHERE {NONE}"),
        Edit(Listing.__init__, "('tenant = ?', *keys)", f"('{NONE}', *keys)"),
        Text(apply, "TIP", "tenant = ?", NONE),
        Text(database, "AUDIT", "tenant = ?", NONE),
    ),
    # 4. The database shows and takes one ground. Off: plain views, triggers that never fire, nothing refused.
    "L4": (
        Edit(ddl._view, " WHERE tenant = ground()", ""),
        Edit(ddl._trigger, "WHEN {when}", "WHEN FALSE"),
        Edit(
            connection._reader, "return sqlite3.SQLITE_OK if seen else sqlite3.SQLITE_DENY", "return sqlite3.SQLITE_OK"
        ),
        Edit(connection._writer, "return sqlite3.SQLITE_OK if keys", "return sqlite3.SQLITE_OK if True or keys"),
    ),
}
"""The layers of the embedded store."""

LAYERS: Mapping[str, Mapping[str, tuple[Break, ...]]] = {
    "sqlite": {**ABOVE, **SQLITE},
    "postgres": {**ABOVE, **POSTGRES},
    "dynamodb": {**ABOVE, **DYNAMODB},
}
"""Of each store, the four. Each layer lives in one place, and takes a few lines to switch off."""

OFF = LAYERS["sqlite"]
NAMES = tuple(OFF)

REACHED = frozenset({Sort.DATA, Sort.STATE, Sort.ORACLE, Sort.DOOR})
"""What counts: that something of a tenant's was reached by who does not belong to it.

Not that a layer did not refuse what the next one refuses (`contract`); nor that a person entered a tenant of their own
that their token does not name (`binding`): that is layer 1's alone to hold, so it is counted apart.
"""


@dataclass(frozen=True)
class Outcome:
    """What was found with some layers off."""

    off: tuple[str, ...]
    cases: int
    leaks: list[Leak]
    unbound: list[Leak]
    """Where somebody entered a tenant of their own that their token does not name."""
    crashes: tuple[str, ...] = ()
    """Attacks that broke down before their end."""

    def __str__(self) -> str:
        found = f"{len(self.leaks):>5} leaks" if self.leaks else "    holds"
        kinds = ", ".join(sorted({leak.sort.value for leak in self.leaks}))
        own = (
            f"{len({leak.case for leak in self.unbound})} times into another tenant of one's own"
            if self.unbound
            else ""
        )
        return f"  {' and '.join(self.off):<12} off {self.cases:>7,} cases {found}  {'; '.join(filter(None, (kinds, own, *self.crashes)))}"


def measured(off: Sequence[str], attack: Callable[[], Report], store: str = "sqlite") -> Outcome:
    """Attack with some layers off."""
    with broken(*(one for layer in off for one in LAYERS[store][layer])):
        report = attack()
    leaks = [leak for leak in report.leaks if leak.sort in REACHED]
    unbound = [leak for leak in report.leaks if leak.sort is Sort.BINDING]
    crashes = (f"broke down: {', '.join(report.crashes)}",) if report.crashes else ()
    return Outcome(tuple(off), len(report.cases), leaks, unbound, crashes)


def table(effort: float = 0.3, settings: Settings | None = None, most: int = 2) -> Iterator[Outcome]:
    """Every layer and every pair of layers off, on the smallest example. With `most` 1, no pairs."""
    app, given = example("01_tasks"), settings or Settings()
    for number in range(1, most + 1):
        for off in combinations(NAMES, number):
            yield measured(off, lambda: isolation.run(app, effort=effort, settings=given), given.store)


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the tables."""
    parser = argparse.ArgumentParser(prog="tests.isolation.layers", description=__doc__)
    parser.add_argument("--store", default="", help="one store only")
    parser.add_argument("--effort", type=float, default=0.3, help="how many cases, in comparison")
    parser.add_argument("--show", type=int, default=0, help="how many leaks to show of each row")
    given = parser.parse_args(arguments)
    for store, tier in STORES:
        if given.store not in ("", store):
            continue
        print(title_of(store, tier))
        with settings_of(store, tier) as settings:
            for outcome in table(given.effort, settings):
                print(outcome, flush=True)
                for leak in outcome.leaks[: given.show]:
                    print("     ", leak)
    return 0


if __name__ == "__main__":
    sys.exit(main())
