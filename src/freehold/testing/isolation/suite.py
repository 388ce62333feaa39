"""`run`: build the world, show that everything works for its owner, and attack."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace

from freehold.edges.keys import KeyRing
from freehold.model.app import App
from freehold.settings import Settings
from freehold.testing.clock import HandClock
from freehold.testing.isolation.arena import Arena, Enough
from freehold.testing.isolation.attack import Attack
from freehold.testing.isolation.catalogue import ATTACKS, inapplicable, uncovered
from freehold.testing.isolation.completeness import gaps
from freehold.testing.isolation.ground import opener
from freehold.testing.isolation.http import Wire
from freehold.testing.isolation.inputs import Samples
from freehold.testing.isolation.matrix import operations
from freehold.testing.isolation.oracle import Logs, Oracle
from freehold.testing.isolation.rehearsal import Rehearsal
from freehold.testing.isolation.report import Case, Report
from freehold.testing.isolation.witness import Watched
from freehold.testing.isolation.world import World
from freehold.wiring import backend, site

UNLIMITED = "999999999/second"


class SeededRandom:
    """Fills the port `Random` with what only looks random, so that a run can be repeated."""

    def __init__(self, seed: int) -> None:
        """Begin with `seed`."""
        self._random = random.Random(seed)  # noqa: S311  # a test repeats itself

    def bytes(self, count: int) -> bytes:
        """See `Random.bytes`."""
        return self._random.randbytes(count)


def run(  # noqa: PLR0913  # all that a run can be told, each by its name
    app: App, *, seed: int = 0, effort: float = 1.0, settings: Settings | None = None, samples: Samples | None = None,
    unproven: Collection[str] = (), only: Sequence[str] = (), first_only: bool = False,
) -> Report:  # fmt: skip
    """Attack an app on a database that is gone afterwards, and report.

    The same `seed` tries the same cases. `effort` is how many, in comparison: half of them, or twice as many.
    `settings` name the store, and the environment for whose adapters to fill the app's own ports; the default is the
    embedded store. An emulator of DynamoDB is put behind the policies that follow from the app. `samples` has values
    where types do not say enough: see `Samples`. `unproven` names operations that need not succeed for anybody. `only`
    names attacks, such as "T01"; `first_only` stops at the first leak. Raises `ValueError` for an attack or an
    operation that does not exist.
    """
    settings = settings or Settings()
    if strange := set(only) - names(settings.store):
        raise ValueError(f"there is no attack {', '.join(sorted(strange))}")
    began = time.monotonic()
    titles = {attack.id: attack.title for attack in ATTACKS}
    report = Report(app.name, seed, titles, unproven=frozenset(unproven))
    clock = HandClock()
    randomness = SeededRandom(seed)
    ring = KeyRing.create(randomness)
    settings = replace(settings, tenant_limit=UNLIMITED, principal_limit=UNLIMITED, workers=4, keys=ring.secret_text())
    made = backend(app, settings, memory=True, clock=clock, random=randomness, store=opener(settings))
    try:
        database = made.runtime.database = Watched(made.database)
        made = replace(made, database=database)
        with Logs() as logs, Wire(site(made)) as wire:
            rows = operations(made.model)
            if strange := report.unproven - {operation.name for operation in rows}:
                raise ValueError(f"there is no operation {', '.join(sorted(strange))}")
            world = World(made, clock, seed=seed, samples=samples)
            oracle = Oracle(world, database, logs)
            arena = Arena(
                app, made, world, wire, oracle, Rehearsal(world), report, rows, ring, randomness,
                effort, first_only, random.Random(seed),  # noqa: S311  # a test repeats itself
            )  # fmt: skip
            _attack(arena, only)
            report.requests = wire.sent
    finally:
        made.close()
    report.seconds = time.monotonic() - began
    return report


def check(
    app: App, *, seed: int = 0, effort: float = 1.0, settings: Settings | None = None, samples: Samples | None = None,
    unproven: Collection[str] = (),
) -> Report:  # fmt: skip
    """Attack an app as `run` does, and raise `AssertionError` with the report unless all is well.

    That is: nothing leaked, nothing was left out, and every operation did succeed for its own tenant, but for those
    that are `unproven`: what refuses everybody leaks nothing, and that shows nothing.
    """
    report = run(app, seed=seed, effort=effort, settings=settings, samples=samples, unproven=unproven)
    if not report.ok:
        raise AssertionError("\n".join(report.lines()))
    return report


def suite(
    app: App, *, seed: int = 0, effort: float = 1.0, settings: Settings | None = None, samples: Samples | None = None,
    unproven: Collection[str] = (),
) -> Callable[[], None]:  # fmt: skip
    """A test for pytest, in one line: `test_isolation = isolation.suite(app)`. The arguments are those of `check`."""

    def test_a_tenant_reaches_only_what_is_its_own() -> None:
        check(app, seed=seed, effort=effort, settings=settings, samples=samples, unproven=unproven)

    return test_a_tenant_reaches_only_what_is_its_own


def names(store: str) -> set[str]:
    """What attacks are called, those included that are not carried out on this store."""
    return {*(attack.id for attack in ATTACKS), *inapplicable(store), *uncovered(store)}


def _attack(arena: Arena, only: Sequence[str]) -> None:
    report = arena.report
    try:
        for attack in ATTACKS:
            if not only or attack.id in only or attack.id == "OWN":
                _carry_out(arena, attack)
    except Enough:
        return
    report.inapplicable.update(inapplicable(arena.backend.settings.store))
    report.uncovered.update(uncovered(arena.backend.settings.store))
    if not only:
        report.gaps += gaps(arena)


def _carry_out(arena: Arena, attack: Attack) -> None:
    report = arena.report
    before, began = len(report.cases), time.monotonic()
    try:
        arena.world.restock(arena.world.a)
        attack.run(arena)
        if len(report.cases) > before:
            case = Case(attack.id, "everything", "everybody", "B's ground, read whole")
            arena.note(case, arena.oracle.moved(whole=True))
    except Enough:
        raise
    except Exception as error:  # noqa: BLE001  # one attack that breaks down must not hide what the others find
        report.crashes[attack.id] = f"{type(error).__name__}: {error}"
        arena.oracle.rebase()  # what B itself was about to do is not for the next attack to answer for
    report.spent[attack.id] = time.monotonic() - began
    if len(report.cases) == before and attack.id not in report.crashes:
        report.inapplicable[attack.id] = attack.nothing
