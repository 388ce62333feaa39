"""An estate reads of one moment, keeps writers off a ground, and keeps other operators off it."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

from freehold.runtime.failures import Overloaded, TenantScopeMissing
from freehold.runtime.scope import Scope
from freehold.stores.estate import Claimed, Estate
from freehold.testing.contract.holder import Holder, alike
from freehold.testing.contract.stage import raised
from freehold.testing.contract.subjects import Player, Team


def a_ground_that_is_read_still_does_not_change(holder: Holder) -> None:
    """Whoever reads a ground still sees nothing of what was written since; or nobody could write so long."""
    stage, estate = holder.stage, holder.estate
    before = holder.furnish(stage.acme)
    with ThreadPoolExecutor(1) as threads:
        with Scope(stage.acme) as scope, estate.still(scope):
            estate.rows(scope, Team, "", 1)
            writing = threads.submit(stage.add, stage.acme, Player(name="late"))
            assert alike(holder.all(stage.acme), before)
            with suppress(Overloaded, TimeoutError):
                writing.result(1)
            assert alike(holder.all(stage.acme), before)
        with suppress(Overloaded):
            late = writing.result()
            assert stage.has(stage.acme, late)


def nobody_else_writes_on_a_ground_that_is_held(holder: Holder) -> None:
    """A call that writes there waits until the hold is over, or is told to come again."""
    stage = holder.stage
    holder.furnish(stage.acme)
    with ThreadPoolExecutor(1) as threads:
        with Scope(stage.acme) as scope, holder.estate.hold(scope):
            writing = threads.submit(stage.add, stage.acme, Player(name="late"))
            with suppress(TimeoutError):
                assert isinstance(writing.exception(1), Overloaded)
            assert not any(player.name == "late" for player in _players(holder.estate, scope))
        with suppress(Overloaded):
            assert stage.has(stage.acme, writing.result())


def a_ground_that_is_held_can_be_read(holder: Holder) -> None:
    """Calls that only read go on, and see what was there before."""
    stage = holder.stage
    player = stage.add(stage.acme, Player(name="Ada"))
    with Scope(stage.acme) as scope, holder.estate.hold(scope), ThreadPoolExecutor(1) as threads:
        assert threads.submit(stage.get, stage.acme, player).result() == player


def who_holds_a_ground_fills_it(holder: Holder) -> None:
    """What is done within a hold is there when it is over."""
    stage, there = holder.stage, holder.stage.tenant()
    ours = holder.furnish(stage.acme)
    entries = holder.chain(stage.acme)
    with Scope(there) as scope, holder.estate.hold(scope):
        holder.fill(there, ours, entries)
        assert alike(holder.all(there), ours)
    assert alike(holder.all(there), ours)
    assert holder.chain(there) == entries


def a_hold_that_fails_is_taken_back(holder: Holder) -> None:
    """Where the estate says so, an exception within a hold undoes all that was done in it."""
    stage = holder.stage
    ours = holder.furnish(stage.acme)
    entries = holder.chain(stage.acme)

    def fail() -> None:
        with Scope(stage.acme) as scope, holder.estate.hold(scope):
            holder.estate.empty(scope)
            holder.estate.put(scope, [Team(id=stage.new_id(), version=1, name="Intruders")])
            raise _Interrupted

    raised(_Interrupted, fail)
    if holder.estate.takes_back:
        assert alike(holder.all(stage.acme), ours)
        assert holder.chain(stage.acme) == entries
    stage.add(stage.acme, Player(name="after"))


def a_claim_keeps_others_off(holder: Holder) -> None:
    """A second operator is refused while the first is at work, and let in when they are done."""
    other = holder.open_another()
    try:
        with Scope(holder.stage.acme) as scope:
            with holder.estate.claim(scope):
                raised(Claimed, _claim, other, scope)
            _claim(other, scope)
    finally:
        other.close()


def a_claim_lets_calls_go_on(holder: Holder) -> None:
    """A claim is about operators: calls read and write meanwhile."""
    stage = holder.stage
    with Scope(stage.acme) as scope, holder.estate.claim(scope):
        assert stage.has(stage.acme, stage.add(stage.acme, Player()))


def a_scope_that_is_over_is_refused(holder: Holder) -> None:
    """Nothing can be done on a ground whose scope is closed."""
    scope = Scope(holder.stage.acme)
    scope.close()
    estate = holder.estate
    tries: list[Callable[[], object]] = [
        lambda: estate.rows(scope, Team, "", 1),
        lambda: estate.chain(scope, 0, 1),
        lambda: estate.put(scope, [Team(id=holder.stage.new_id(), version=1, name="x")]),
        lambda: estate.link(scope, []),
        lambda: estate.empty(scope),
        lambda: estate.erase(scope),
        lambda: estate.residue(scope),
        lambda: estate.hold(scope).__enter__(),
        lambda: estate.still(scope).__enter__(),
        lambda: estate.claim(scope).__enter__(),
    ]
    for attempt in tries:
        raised(TenantScopeMissing, attempt)


class _Interrupted(Exception):
    """Somebody has stopped in the middle."""


def _players(estate: Estate, scope: Scope) -> list[Player]:
    return [player for player in estate.rows(scope, Player, "", 1000) if isinstance(player, Player)]


def _claim(estate: Estate, scope: Scope) -> None:
    with estate.claim(scope):
        return
