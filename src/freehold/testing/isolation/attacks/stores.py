"""Straight at the store: every method without a scope, with one that is over, and with another's."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from freehold.model.data import Entity, Event, Paging, Range
from freehold.model.lookup import Lookup
from freehold.model.names import PLATFORM, is_id
from freehold.runtime.failures import NotFound
from freehold.runtime.ports import Changes, Dangling, Snapshot, Span, Stale, Taken, Verb, Write
from freehold.runtime.scope import Scope
from freehold.testing.isolation.arena import Arena
from freehold.testing.isolation.attack import Attack
from freehold.testing.isolation.oracle import Finding
from freehold.testing.isolation.report import Case, Sort
from freehold.testing.isolation.world import Side

MOST = 200
OVER = "a scope of B's that is over"


def _closed(tenant: str) -> Scope:
    scope = Scope(tenant)
    scope.close()
    return scope


def _refuses(
    arena: Arena, method: str, what: str, action: Callable[..., object], *given: object, foreign: str = "B"
) -> None:
    """Whatever the action is, it must raise; and if it does not, nothing of the `foreign` side's may come of it.

    With a scope of B's own, there is nothing of B's that may not: then it is the refusal alone that matters.
    """
    case = Case("T33", method, "code", what)
    try:
        answer = action(*given)
    except Exception:  # noqa: BLE001  # how it refuses is the store's own
        arena.note(case, arena.oracle.moved())
        return
    found: list[Finding] = [(Sort.CONTRACT, f"it did not refuse, and gave {answer!r:.80}")]
    if OVER in what:
        arena.world.restock(arena.world.b)
        arena.oracle.rebase()
    else:
        found += [*arena.oracle.seen(repr(answer), sent=repr(given), of=foreign), *arena.oracle.moved()]
    arena.note(case, found)


def _entities(side: Side) -> Iterator[Entity]:
    """One of each kind that lies on this ground only."""
    yield from (there[0] for there in side.kept.values() if there)


def _asked(arena: Arena, side: Side) -> Iterator[tuple[Lookup, list[object]]]:
    """Every lookup, with the keys of something on this ground."""
    for pattern in arena.backend.model.lookups:
        there = side.kept.get(pattern.entity)
        if there:
            yield pattern, [getattr(there[0], key) for key in pattern.keys]


def snapshots(arena: Arena) -> None:
    """`Database.snapshot`: not without a scope, and not with one that is over."""
    database = arena.backend.database
    tenant = arena.world.b.tenant
    wrong = {"no scope": None, OVER: _closed(tenant), "a tenant's text": tenant}

    def opened(scope: Scope) -> str:
        database.snapshot(scope).close()  # it holds a connection, of which there are few
        return "a view"

    for what, scope in wrong.items():
        _refuses(arena, "Database.snapshot", what, opened, scope)


def commits(arena: Arena) -> None:
    """`Database.commit`: not with a scope that is over, and never on B's ground through A's scope."""
    database, b = arena.backend.database, arena.world.b
    for entity in _entities(b):
        kind = type(entity)
        for verb in Verb:
            write = Write(verb, kind, entity, entity.version)
            over, mine = (Changes(scope, [write], []) for scope in (_closed(b.tenant), Scope(arena.world.a.tenant)))
            title = f"{verb} {kind.__name__}, {OVER}"
            _refuses(arena, "Database.commit", title, database.commit, [over])
            if verb is not Verb.ADD:
                title = f"{verb} B's {kind.__name__} on A's ground"
                _refuses(arena, "Database.commit", title, database.commit, [mine])
        dangling = Changes(Scope(arena.world.a.tenant), [], [(kind, entity.id, "reference")])
        _refuses(arena, "Database.commit", f"a reference to B's {kind.__name__}", database.commit, [dangling])


def alone(arena: Arena) -> None:
    """`Database.exclusively`: not with a scope that is over; and its view is of one ground."""
    database = arena.backend.database
    over = _closed(arena.world.b.tenant)
    _refuses(arena, "Database.exclusively", OVER, database.exclusively, over, lambda _: [])

    def work(snapshot: Snapshot) -> Sequence[Changes]:
        _only_own(arena, "Database.exclusively", snapshot, arena.world.a)
        return []

    with Scope(arena.world.a.tenant) as scope:
        database.exclusively(scope, work)


def audits(arena: Arena) -> None:
    """`Database.audit`: not with a scope that is over; and A's chain says nothing of B."""
    database = arena.backend.database
    _refuses(arena, "Database.audit", OVER, database.audit, _closed(arena.world.b.tenant), 0, 10)
    with Scope(arena.world.a.tenant) as scope:
        text = repr(database.audit(scope, 0, 100_000))
    arena.note(Case("T33", "Database.audit", "code", "A's whole chain"), arena.oracle.seen(text))


def busy(arena: Arena) -> None:
    """`Database.busy_grounds`: ids of tenants, and nothing else."""
    found = arena.backend.database.busy_grounds(arena.backend.clock.now())
    odd = [one for one in found if not is_id(one) and one != PLATFORM]
    arena.note(Case("T33", "Database.busy_grounds", "code", "ids only"), [(Sort.DATA, f"{one}") for one in odd])


def views(arena: Arena) -> None:
    """`Snapshot`: sees one ground, and nothing once the scope, or it itself, is over."""
    database, a = arena.backend.database, arena.world.a
    with Scope(a.tenant) as scope:
        snapshot = database.snapshot(scope)
        _only_own(arena, "Snapshot", snapshot, a)
        snapshot.close()
        _blind(arena, snapshot, "after close")
        snapshot.close()
    scope = Scope(a.tenant)
    snapshot = database.snapshot(scope)
    scope.close()
    _blind(arena, snapshot, "after its scope")
    snapshot.close()


def beside(arena: Arena) -> None:
    """`Database.snapshot` beside a view of another ground: each sees its own, whichever is closed, or over, first."""
    database, a, b = arena.backend.database, arena.world.a, arena.world.b
    for first, second in ((a, b), (b, a)):
        with Scope(first.tenant) as one, Scope(second.tenant) as other:
            view = database.snapshot(one)
            another = database.snapshot(other, view)
            for snapshot, side in ((view, first), (another, second), (view, first)):
                _only_own(arena, "Snapshot, two at once", snapshot, side)
            one.close()
            _blind(arena, view, f"beside {second.name}'s view, after its scope", second.name)
            _only_own(arena, "Snapshot, the other one's scope over", another, second)
            another.close()
            _blind(arena, another, f"beside {first.name}'s view, after close", first.name)
            view.close()


def _only_own(arena: Arena, method: str, snapshot: Snapshot, own: Side) -> None:
    """A view of one side shows what is there, and nothing of the other's."""
    other = arena.world.a if own is arena.world.b else arena.world.b
    for entity in _entities(other):
        found = snapshot.get(type(entity), entity.id)
        leaked = [] if found is None else [(Sort.DATA, f"{other.name}'s {type(entity).__name__} {entity.id}")]
        arena.note(Case("T33", f"{method}.get", f"code of {own.name}", type(entity).__name__), leaked)
    for pattern, keys in _asked(arena, other):
        rows = snapshot.page(pattern, keys, Span(MOST))
        foreign = [(Sort.DATA, f"a row of {tenant}") for tenant, _ in rows if tenant != own.tenant]
        case = Case("T33", f"{method}.page", f"code of {own.name}", f"{_named(pattern)} with {other.name}'s keys")
        arena.note(case, [*foreign, *arena.oracle.seen(repr(rows), sent=repr(keys), of=other.name)])


def _blind(arena: Arena, snapshot: Snapshot, when: str, foreign: str = "B") -> None:
    for side in (arena.world.a, arena.world.b):
        for entity in _entities(side):
            title, given = f"{type(entity).__name__} of {side.name} {when}", (type(entity), entity.id)
            _refuses(arena, "Snapshot.get", title, snapshot.get, *given, foreign=foreign)
        for pattern, keys in _asked(arena, side):
            title = f"{_named(pattern)} of {side.name} {when}"
            _refuses(arena, "Snapshot.page", title, snapshot.page, pattern, keys, Span(MOST), foreign=foreign)


def units(arena: Arena) -> None:
    """`Unit`: B's entities are not found, cannot be saved or removed; and once it is closed, nothing can."""
    world, commit = arena.world, arena.backend.database.commit
    for entity in _entities(world.b):
        kind = type(entity)
        with world.at(world.a) as unit:
            _not_found(arena, "Unit.get", entity, unit.get)
            _not_found(arena, "Unit.remove", entity, unit.remove)
            found = unit.find(kind, entity.id)
        arena.note(Case("T33", "Unit.find", "code", kind.__name__), [(Sort.DATA, f"B's {entity.id}")] if found else [])
        with world.at(world.a) as unit:
            unit.save(entity.model_copy())
            _refuses(arena, "Unit.save", f"B's {kind.__name__} on A's ground", commit, [unit.changes()])
    for pattern, keys in _asked(arena, world.b):
        with world.at(world.a) as unit:
            answers = {"page": unit.page(pattern, keys, Range(), Paging(MOST)).items, "one": unit.one(pattern, keys)}
        for name, answer in answers.items():
            case = Case("T33", f"Unit.{name}", "code", _named(pattern))
            arena.note(case, arena.oracle.seen(repr(answer), sent=repr(keys)))
    _over(arena)


def _named(pattern: Lookup) -> str:
    return f"{pattern.store}.{pattern.name}"


def _not_found(arena: Arena, method: str, entity: Entity, action: Callable[[type[Entity], str], object]) -> None:
    case = Case("T33", method, "code", f"B's {type(entity).__name__}")
    try:
        action(type(entity), entity.id)
        arena.note(case, [(Sort.DATA, "it was found")])
    except NotFound:
        arena.note(case, arena.oracle.moved())


def _over(arena: Arena) -> None:
    """Everything a unit can do, once it is closed."""
    world = arena.world
    with world.at(world.a) as unit:
        pass
    for side in (world.a, world.b):
        for entity in _entities(side):
            title, key = f"{type(entity).__name__} of {side.name} after close", (type(entity), entity.id)
            for action in (unit.get, unit.find, unit.remove):
                _refuses(arena, f"Unit.{action.__name__}", title, action, *key)
            for action in (unit.add, unit.save):
                _refuses(arena, f"Unit.{action.__name__}", title, action, entity.model_copy())
        for pattern, keys in _asked(arena, side):
            title = f"{_named(pattern)} of {side.name} after close"
            _refuses(arena, "Unit.page", title, unit.page, pattern, keys, Range(), Paging(1))
            _refuses(arena, "Unit.one", title, unit.one, pattern, keys)
    with world.at(world.a) as unit:
        unit.read_no_more()
        for entity in _entities(world.a):
            title = f"{type(entity).__name__} after what it reads from was given back"
            _refuses(arena, "Unit.get", title, unit.get, type(entity), entity.id)
    _refuses(arena, "Unit.emit", "after close", unit.emit, Event())
    _refuses(arena, "Unit.changes", "committed after close", lambda: arena.backend.database.commit([unit.changes()]))
    unit.close()


def pooled(arena: Arena) -> None:
    """T34: a connection that was used for A, however that ended, shows B only what is B's, and the other way round."""
    world = arena.world
    for name, disturb in _DISTURBANCES.items():
        for side, other in ((world.a, world.b), (world.b, world.a)):
            for entity in _entities(other):
                disturb(arena, side, type(entity))
                with world.at(other) as unit:
                    missing = unit.find(type(entity), entity.id) is None
                with world.at(side) as unit:
                    foreign = unit.find(type(entity), entity.id)
                found: list[Finding] = [(Sort.DATA, f"{entity.id} is {other.name}'s")] if foreign else []
                found += [(Sort.STATE, f"{entity.id} is not on its own ground")] if missing else []
                case = Case("T34", type(entity).__name__, f"{side.name}, then {other.name}", name)
                arena.note(case, [*found, *arena.oracle.moved()])


def _rolled_back(arena: Arena, side: Side, kind: type[Entity]) -> None:
    entity = side.kept[kind][0]
    for verb, version in ((Verb.SAVE, 99), (Verb.REMOVE, 99), (Verb.ADD, 0)):
        wrong = Write(verb, kind, entity, version)
        with Scope(side.tenant) as scope:
            try:
                arena.backend.database.commit([Changes(scope, [wrong], [])])
            except (Stale, Taken, Dangling):
                continue


def _failed_alone(arena: Arena, side: Side, kind: type[Entity]) -> None:
    def work(snapshot: Snapshot) -> Sequence[Changes]:
        snapshot.get(kind, side.kept[kind][0].id)
        raise LookupError

    with Scope(side.tenant) as scope:
        try:
            arena.backend.database.exclusively(scope, work)
        except LookupError:
            return


def _left_open(arena: Arena, side: Side, kind: type[Entity]) -> None:
    scope = Scope(side.tenant)
    snapshot = arena.backend.database.snapshot(scope)
    snapshot.get(kind, side.kept[kind][0].id)
    scope.close()
    snapshot.close()


def _failed_reading(arena: Arena, side: Side, kind: type[Entity]) -> None:
    with Scope(side.tenant) as scope:
        snapshot = arena.backend.database.snapshot(scope)
        try:
            snapshot.get(Entity, side.kept[kind][0].id)  # of which there is no table
        except Exception:  # noqa: BLE001  # how it fails is the store's own
            return
        finally:
            snapshot.close()


_DISTURBANCES: Mapping[str, Callable[[Arena, Side, type[Entity]], None]] = {
    "after commits that were rolled back": _rolled_back,
    "after exclusive work that failed": _failed_alone,
    "after a scope that ended first": _left_open,
    "after a statement that failed": _failed_reading,
}

PROBES: Mapping[str, Callable[[Arena], None]] = {
    "Database.snapshot": snapshots,
    "Database.snapshot beside another": beside,
    "Database.commit": commits,
    "Database.exclusively": alone,
    "Database.audit": audits,
    "Database.busy_grounds": busy,
    "Snapshot.get": views,
    "Snapshot.page": views,
    "Unit.get": units,
    "Unit.find": units,
    "Unit.one": units,
    "Unit.page": units,
    "Unit.add": units,
    "Unit.save": units,
    "Unit.remove": units,
    "Unit.read_no_more": units,
    "Unit.emit": units,
    "Unit.changes": units,
}
"""Which probe tries which method of a store."""

HARMLESS: Mapping[str, str] = {
    "Database.close": "ends everything, for everybody",
    "Snapshot.close": "may be called more than once",
    "Unit.close": "may be called more than once",
    "Unit.new_id": "makes an id, and looks at nothing",
}
"""Methods that reach nothing of anybody's."""


def everything(arena: Arena) -> None:
    """T33: every probe once."""
    for probe in dict.fromkeys(PROBES.values()):
        probe(arena)


ATTACKS = (
    Attack("T33", "the store without a scope, after it, with another's", everything),
    Attack("T34", "connections that were used for somebody else", pooled, "the app keeps nothing"),
)
