"""An estate reads a whole ground and fills another with it, and nothing is lost on the way."""

from __future__ import annotations

from datetime import timedelta

from freehold.model.model import table_of
from freehold.runtime.outbox import Delivery
from freehold.runtime.ports import AuditEntry, Dangling, Taken, Verb
from freehold.runtime.scope import Scope
from freehold.stores.estate import LARGE, Mark, Unlinked
from freehold.stores.forms import moment
from freehold.testing.contract.holder import CALLS, Holder, alike
from freehold.testing.contract.stage import raised
from freehold.testing.contract.subjects import SUBJECTS, Goal, Match, Player, Team

LETTERS = 300_000
"""What a large row has: every store can keep it."""


def kinds_come_after_their_parents(holder: Holder) -> None:
    """Every kind that lies on tenants' grounds is there, once, and after the one it lives within."""
    kinds = list(holder.estate.kinds)
    assert set(kinds) == {kind for kind in SUBJECTS.entities.values() if not kind.facts.platform}
    assert len(kinds) == len(set(kinds))
    assert kinds.index(Team) < kinds.index(Match) < kinds.index(Goal)


def a_ground_is_read_whole(holder: Holder) -> None:
    """Whatever calls have put on a ground is read, in the order of ids, and nothing of anybody else's."""
    ours = holder.furnish(holder.stage.acme)
    holder.furnish(holder.stage.globex)
    found = holder.all(holder.stage.acme)
    assert alike(found, ours)
    for kind in holder.estate.kinds:
        ids = [entity.id for entity in found if type(entity) is kind]
        assert ids == sorted(ids), table_of(kind)


def what_is_large_is_read_in_parts(holder: Holder) -> None:
    """However many rows are wanted, no more come at a time than memory is sure to have room for."""
    stage, estate = holder.stage, holder.estate
    many = 3 * LARGE // LETTERS
    for at in range(0, many, 12):  # what DynamoDB takes in one transaction
        stage.add_all(stage.acme, [Player(name=str(at) * 10) for _ in range(30)])
        stage.add_all(stage.acme, [Player(name="x" * LETTERS) for _ in range(12)])
    after, found = "", list[str]()
    with Scope(stage.acme) as scope:
        while rows := estate.rows(scope, Player, after, 10_000):
            assert sum(len(row.name) for row in rows if isinstance(row, Player)) < 2 * LARGE
            found, after = [*found, *(row.id for row in rows)], rows[-1].id
        assert found == [mark.id for mark in estate.marks(scope, Player, "", 10_000)]
        assert [row.id for row in estate.rows(scope, Player, "", 5)] == found[:5]


def some_are_read_by_their_ids(holder: Holder) -> None:
    """Those that are there, of whom it is about: not what is missing, and nothing of anybody else's."""
    stage, estate = holder.stage, holder.estate
    parts = [stage.add_all(stage.acme, [Player(name=f"{part}, {at}") for at in range(30)]) for part in range(9)]
    ours = {player.id: player for part in parts for player in part}
    theirs = stage.add_all(stage.globex, [Player(name="theirs")])
    wanted = [*list(ours)[::2], *(player.id for player in theirs), stage.new_id()]
    with Scope(stage.acme) as scope:
        found = estate.those(scope, Player, wanted)
        assert {one.id: one for one in found} == {id: ours[id] for id in list(ours)[::2]}
        assert len(found) == 135
        assert estate.those(scope, Player, []) == []


def marks_are_of_the_rows(holder: Holder) -> None:
    """Marks are read as rows are, and say of each its id, its version and when it was updated."""
    stage, estate = holder.stage, holder.estate
    holder.furnish(stage.acme)
    holder.furnish(stage.globex)
    stage.add_all(stage.acme, [Player(name=str(number)) for number in range(4)])
    with Scope(stage.acme) as scope:
        for kind in estate.kinds:
            rows = estate.rows(scope, kind, "", 100)
            marks = [Mark(row.id, row.version, moment(row.updated_at)) for row in rows]
            assert estate.marks(scope, kind, "", 100) == marks, table_of(kind)
            assert all(estate.marks(scope, kind, mark.id, 2) == marks[at : at + 2] for at, mark in enumerate(marks, 1))


def whatever_is_written_has_another_mark(holder: Holder) -> None:
    """What is saved has, and what is added again under the same id after it was removed."""
    stage, estate = holder.stage, holder.estate
    saved, again, left = stage.add_all(stage.acme, [Player(name=name) for name in ("saved", "again", "left")])
    with Scope(stage.acme) as scope:
        before = {mark.id: mark for mark in estate.marks(scope, Player, "", 9)}
        stage.clock.turn(timedelta(microseconds=1))
        stage.save(stage.acme, saved, name="other")
        stage.remove(stage.acme, again)
        stage.add(stage.acme, Player(id=again.id, name="other"))
        after = {mark.id: mark for mark in estate.marks(scope, Player, "", 9)}
    assert before.keys() == after.keys()
    assert {id for id, mark in after.items() if mark == before[id]} == {left.id}


def a_ground_that_is_not_there_is_read_as_empty(holder: Holder) -> None:
    """Nobody has written there: no rows and no chain."""
    nowhere = holder.stage.tenant()
    assert holder.all(nowhere) == []
    assert holder.chain(nowhere) == []
    with Scope(nowhere) as scope:
        assert holder.estate.marks(scope, Player, "", 9) == []


def a_chain_is_read_whole(holder: Holder) -> None:
    """The chain of the estate is the chain of the database."""
    holder.furnish(holder.stage.acme)
    with Scope(holder.stage.acme) as scope:
        assert holder.chain(holder.stage.acme) == holder.stage.database.audit(scope, 0, 1000)
        assert [entry.number for entry in holder.estate.chain(scope, 1, 1)] == [2]


def a_ground_is_filled_with_what_was_read(holder: Holder) -> None:
    """A new ground, filled, has the same entities, with their ids, versions and times; and the same chain."""
    ours = holder.furnish(holder.stage.acme)
    entries, there = holder.chain(holder.stage.acme), holder.stage.tenant()
    holder.fill(there, ours, entries)
    assert alike(holder.all(there), ours)
    assert holder.chain(there) == entries
    assert len(holder.stage.audit(there)) == CALLS


def what_was_put_is_found_by_calls(holder: Holder) -> None:
    """What was put can be got, looked up, saved and delivered like whatever a call has written."""
    ours, there = holder.furnish(holder.stage.acme), holder.stage.tenant()
    holder.fill(there, ours, [])
    team = next(entity for entity in ours if isinstance(entity, Team))
    assert holder.stage.get(there, team) == team
    assert holder.stage.page(there, "Teams.by_code", ["R"]) == [team]
    assert holder.stage.save(there, team, name="Wanderers").version == team.version + 1
    assert any(isinstance(entity, Delivery) for entity in ours)
    assert there in holder.stage.database.busy_grounds(holder.stage.clock.now())


def a_chain_that_was_linked_grows_on(holder: Holder) -> None:
    """The next call's note continues what was linked."""
    holder.furnish(holder.stage.acme)
    there = holder.stage.tenant()
    holder.fill(there, [], holder.chain(holder.stage.acme))
    holder.stage.write(there, Verb.ADD, Player(id=holder.stage.new_id()), entry={"call": 99})
    assert len(holder.stage.audit(there)) == CALLS + 1


def entries_that_do_not_continue_the_chain_are_refused(holder: Holder) -> None:
    """A gap, another text, another hash: none is linked, nor those beside it."""
    holder.furnish(holder.stage.acme)
    first, second, third = holder.chain(holder.stage.acme)
    forged = AuditEntry(first.number, first.text + " ", first.before, first.hash)
    there = holder.stage.tenant()
    with Scope(there) as scope:
        for wrong in ([second], [first, third], [forged], [first, first]):
            raised(Unlinked, holder.estate.link, scope, wrong)
        assert holder.chain(there) == []
        holder.estate.link(scope, [first])
        raised(Unlinked, holder.estate.link, scope, [first])
        holder.estate.link(scope, [second, third])
    assert holder.chain(there) == [first, second, third]


def nothing_is_put_twice(holder: Holder) -> None:
    """An id or a unique value that is there already is refused, and so is all that was to be put with it."""
    stage = holder.stage
    team = Team(id=stage.new_id(), version=4, name="Rovers", code="R")
    with Scope(stage.tenant()) as scope:
        holder.estate.put(scope, [team])
        rival = Team(id=stage.new_id(), version=1, name="Others", code="R")
        other = Team(id=stage.new_id(), version=1, name="Third")
        raised(Taken, holder.estate.put, scope, [other, team])
        raised(Taken, holder.estate.put, scope, [other, rival])
        assert holder.estate.rows(scope, Team, "", 9) == [team]


def nothing_is_put_without_its_parent(holder: Holder) -> None:
    """A child whose parent is not on the same ground is refused."""
    stage = holder.stage
    team = stage.add(stage.globex, Team(name="Rovers"))
    with Scope(stage.tenant()) as scope:
        orphan = Match(id=stage.new_id(), version=1, home=team.id)
        raised(Dangling, holder.estate.put, scope, [orphan])
        assert holder.estate.rows(scope, Match, "", 9) == []


def nothing_at_all_may_be_put(holder: Holder) -> None:
    """An empty batch does nothing."""
    with Scope(holder.stage.tenant()) as scope:
        holder.estate.put(scope, [])
        holder.estate.link(scope, [])
        assert holder.estate.rows(scope, Team, "", 9) == []
