"""An estate empties and erases a ground: every trace of it, and none of anybody else's."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from freehold.model.data import Entity
from freehold.model.model import table_of
from freehold.runtime.scope import Scope
from freehold.stores.estate import AUDIT
from freehold.testing.contract.holder import CALLS, Holder, alike
from freehold.testing.contract.subjects import Player, Team


def emptying_takes_everything_off(holder: Holder) -> None:
    """No entity is left, no chain, no delivery that is due. It says how many there were in each table."""
    ours = holder.furnish(holder.stage.acme)
    with Scope(holder.stage.acme) as scope:
        counts = holder.estate.empty(scope)
    assert {table: count for table, count in counts.items() if count} == _counts(ours)
    _check_gone(holder)


def erasing_leaves_no_trace(holder: Holder) -> None:
    """Nothing is left that a search past all guards could find."""
    ours = holder.furnish(holder.stage.acme)
    with Scope(holder.stage.acme) as scope:
        assert holder.estate.residue(scope)
        counts = holder.estate.erase(scope)
        assert holder.estate.residue(scope) == {}
    assert {table: count for table, count in counts.items() if count} == _counts(ours)
    _check_gone(holder)


def erasing_touches_nobody_else(holder: Holder) -> None:
    """Another tenant's ground is as it was, chain and all."""
    stage = holder.stage
    holder.furnish(stage.acme)
    theirs, entries = holder.furnish(stage.globex), holder.chain(stage.globex)
    with Scope(stage.acme) as scope:
        holder.estate.empty(scope)
        holder.estate.erase(scope)
    assert alike(holder.all(stage.globex), theirs)
    assert holder.chain(stage.globex) == entries
    assert stage.globex in stage.database.busy_grounds(stage.clock.now())


def what_was_erased_is_erased_again_without_harm(holder: Holder) -> None:
    """Erasing what is not there counts nothing."""
    holder.furnish(holder.stage.acme)
    with Scope(holder.stage.acme) as scope:
        holder.estate.erase(scope)
        assert not any(holder.estate.erase(scope).values())
        assert not any(holder.estate.empty(scope).values())
    with Scope(holder.stage.tenant()) as scope:
        assert not any(holder.estate.erase(scope).values())


def a_tenant_of_the_same_id_finds_nothing(holder: Holder) -> None:
    """Whoever gets the id again begins with an empty ground and an empty chain."""
    stage = holder.stage
    before = holder.furnish(stage.acme)
    with Scope(stage.acme) as scope:
        holder.estate.erase(scope)
    fresh = stage.add(stage.acme, Team(name="New", code="R"))
    assert holder.all(stage.acme) == [fresh]
    assert not any(stage.has(stage.acme, entity) for entity in before)
    assert stage.audit(stage.acme) == []


def an_erased_ground_can_be_filled_again(holder: Holder) -> None:
    """What was read before comes back as it was, within one hold or after it."""
    stage = holder.stage
    ours, entries = holder.furnish(stage.acme), holder.chain(stage.acme)
    with Scope(stage.acme) as scope:
        with holder.estate.hold(scope):
            holder.estate.empty(scope)
            holder.fill(stage.acme, ours, entries)
        assert alike(holder.all(stage.acme), ours)
        holder.estate.erase(scope)
    holder.fill(stage.acme, ours, entries)
    assert alike(holder.all(stage.acme), ours)
    assert holder.chain(stage.acme) == entries
    assert all(stage.get(stage.acme, entity) == entity for entity in ours)


def another_tenants_row_is_no_residue(holder: Holder) -> None:
    """What lies on another tenant's ground is theirs, whatever is in it."""
    stage = holder.stage
    stage.add(stage.globex, Player(name=stage.acme))
    with Scope(stage.acme) as scope:
        assert holder.estate.residue(scope) == {}


def _counts(ours: Sequence[Entity]) -> dict[str, int]:
    return dict(Counter(table_of(type(one)) for one in ours)) | {AUDIT: CALLS}


def _check_gone(holder: Holder) -> None:
    stage = holder.stage
    assert holder.all(stage.acme) == []
    assert holder.chain(stage.acme) == []
    assert stage.page(stage.acme, "Teams.by_code", ["R"]) == []
    assert stage.acme not in stage.database.busy_grounds(stage.clock.now())
