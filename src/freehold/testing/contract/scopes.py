"""No tenant, no data: everything that reaches data needs the scope of a call that is still going on."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import cast

from freehold.runtime.failures import TenantScopeMissing
from freehold.runtime.ports import Changes, Database, Snapshot, Span, Verb, Write
from freehold.runtime.scope import Scope
from freehold.testing.contract.stage import Stage, raised
from freehold.testing.contract.subjects import Team, pattern

ACROSS = {"busy_grounds", "close"}
"""What concerns no tenant's data: which grounds have deliveries due, and the end."""


def a_scope_needs_a_tenant(stage: Stage) -> None:
    """There is no scope without the id of a tenant, whole and in its one form."""
    for wrong in (
        "",
        " ",
        "acme",
        stage.acme.upper(),
        stage.acme + " ",
        stage.acme[:-1],
        f"{stage.acme}\n",
        "*",
        "%",
        None,
        7,
    ):
        raised(TenantScopeMissing, Scope, wrong)


def nothing_works_with_a_closed_scope(stage: Stage) -> None:
    """Every method of the store that takes a scope, directly or in changes, refuses one whose call is over."""
    scope = Scope(stage.acme)
    team = stage.add(stage.acme, Team(name="Rovers"))
    given = _arguments(stage, scope, team)
    scope.close()
    for name in _methods(Database) - ACROSS:
        method, arguments = getattr(stage.database, name), _chosen(Database, name, given)
        raised(TenantScopeMissing, method, **arguments)
    assert stage.get(stage.acme, team) == team


def nothing_works_without_a_scope(stage: Stage) -> None:
    """Nor does any of them work with None instead of a scope, or with the tenant's name instead."""
    team = stage.add(stage.acme, Team(name="Rovers"))
    for instead in (None, stage.acme):
        given = _arguments(stage, cast("Scope", instead), team)
        for name in _methods(Database) - ACROSS:
            method, arguments = getattr(stage.database, name), _chosen(Database, name, given)
            raised(Exception, method, **arguments)
    assert stage.get(stage.acme, team) == team


def a_view_refuses_once_its_scope_is_closed(stage: Stage) -> None:
    """Every method of a view that reads refuses when the call it was opened for is over."""
    team = stage.add(stage.acme, Team(name="Rovers"))
    scope = Scope(stage.acme)
    snapshot = stage.database.snapshot(scope)
    scope.close()
    _refuses(snapshot, team)
    snapshot.close()
    _refuses(snapshot, team)


def a_view_refuses_once_it_is_closed(stage: Stage) -> None:
    """So does a view that was closed before its scope; and whoever has its connection next is not disturbed."""
    team = stage.add(stage.acme, Team(name="Rovers"))
    with Scope(stage.acme) as scope:
        snapshot = stage.database.snapshot(scope)
        snapshot.close()
        snapshot.close()
        _refuses(snapshot, team)
        with stage.snapshot(stage.globex) as other, stage.snapshot(stage.acme) as ours:
            _refuses(snapshot, team)
            assert other.get(Team, team.id) is None
            assert ours.get(Team, team.id) is not None


def a_scope_is_closed_for_every_view_of_it(stage: Stage) -> None:
    """A scope that is closed in the middle of a call ends all that was opened with it."""
    team = stage.add(stage.acme, Team(name="Rovers"))
    scope = Scope(stage.acme)
    snapshots = [stage.database.snapshot(scope) for _ in range(3)]
    assert all(snapshot.get(Team, team.id) for snapshot in snapshots)
    scope.close()
    for snapshot in snapshots:
        _refuses(snapshot, team)
        snapshot.close()


def a_store_has_no_back_door(stage: Stage) -> None:
    """A store offers what the port says, and no other method; nor does a view."""
    assert {name for name in _public(stage.database) if callable(getattr(stage.database, name))} == _methods(Database)
    with stage.snapshot(stage.acme) as snapshot:
        assert set(_public(snapshot)) == _methods(Snapshot)


def _refuses(snapshot: Snapshot, team: Team) -> None:
    given = {"kind": Team, "id": team.id, "lookup": pattern("Teams.all"), "values": [], "span": Span(1)}
    for name in _methods(Snapshot) - {"close"}:
        method, arguments = getattr(snapshot, name), _chosen(Snapshot, name, given)
        raised(TenantScopeMissing, method, **arguments)


def _arguments(stage: Stage, scope: Scope, team: Team) -> Mapping[str, object]:
    """Something to pass for every parameter of the port."""
    parts = [Changes(scope, [Write(Verb.REMOVE, Team, team, team.version)], [])]
    work: Callable[[Snapshot], list[Changes]] = lambda _: parts  # noqa: E731  # a value among values
    return {
        "scope": scope,
        "parts": parts,
        "work": work,
        "after": 0,
        "limit": 1,
        "before": stage.clock.now(),
        "beside": None,
    }


def _chosen(port: type, name: str, given: Mapping[str, object]) -> dict[str, object]:
    """The arguments of a method. Fails for a parameter that nobody has thought of here."""
    wanted = list(inspect.signature(getattr(port, name)).parameters)[1:]
    assert set(wanted) <= set(given), f"{port.__name__}.{name}: say in this file what to pass for {wanted}"
    return {parameter: given[parameter] for parameter in wanted}


def _methods(port: type) -> set[str]:
    return {name for name, _ in inspect.getmembers(port, inspect.isfunction) if not name.startswith("_")}


def _public(thing: object) -> list[str]:
    return [name for name in dir(thing) if not name.startswith("_")]
