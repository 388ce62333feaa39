"""Whatever is done to a store, in whatever order, it answers as two dictionaries would."""

import os
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import Phase, event, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from freehold.model.data import Entity, Id
from freehold.model.lookup import Lookup
from freehold.model.model import Model
from freehold.runtime.ports import Changes, Dangling, Database, Span, Stale, Taken, Verb, Write
from freehold.runtime.scope import Scope
from freehold.runtime.unit import checked
from freehold.servers.dynamodb import DynamoServer, found_roto
from freehold.servers.postgres import PostgresServer
from freehold.settings import Settings
from freehold.stores.dynamodb import kit
from freehold.stores.postgres import Postgres
from freehold.stores.schema import schema_of
from freehold.stores.sqlite import Sqlite
from freehold.stores.sqlite.migrations import SqliteMigrations
from freehold.testing import amazon
from freehold.testing.contract.stage import Make, Stage
from freehold.testing.contract.subjects import PATTERNS, SUBJECTS, Goal, Match, Player, Sample, Team
from tests.contract.reference import Reference

EFFORT = int(os.environ.get("MACHINE_EFFORT", "1"))
"""How many times as many examples."""

IDS = [f"00000000-0000-7000-8000-{number:012x}" for number in range(6)]
TENANTS = st.sampled_from(range(2))
SMALL = st.integers(-2, 2)
WORDS = st.sampled_from(["", "a", "b", "ab", "é"])
MAYBE = st.none() | WORDS

ENTITIES = st.one_of(
    st.builds(lambda name, league, code: Team(name=name, league=league, code=code), WORDS, WORDS, MAYBE),
    st.builds(lambda team, goals: Player(team=team, goals=goals), st.none() | st.sampled_from(IDS), SMALL),
    st.builds(lambda home, number: Match(home=home, number=number), st.sampled_from(IDS), SMALL),
    st.builds(lambda match, minute: Goal(match=match, minute=minute), st.sampled_from(IDS), SMALL),
    st.builds(
        lambda box, text, whole, real: Sample(box=box, text_or_none=text, whole_or_none=whole, real=real),
        st.sampled_from("xy"), MAYBE, st.none() | SMALL, st.floats(-1, 1, width=16),
    ),
)  # fmt: skip
WILD = st.sampled_from([False] * 9 + [True])
WRITES = st.tuples(st.sampled_from(Verb), st.sampled_from(IDS), ENTITIES, WILD)
ORDERS = {"text_or_none", "whole_or_none", "real"}
LISTS = [pattern for pattern in PATTERNS if pattern.entity is not Sample or pattern.order in ORDERS]


class StoreMachine(RuleBasedStateMachine):
    """Two tenants with the same few ids, so that everything meets everything."""

    def __init__(self, make: Make) -> None:
        """Work on the stores that `make` opens."""
        super().__init__()
        self._make = make

    @initialize()
    def open(self) -> None:
        """Begin with a family on each ground, under the same ids."""
        self.stage = Stage(self._make)
        self.tenants = (self.stage.acme, self.stage.globex)
        self.reference = Reference()
        one, *_ = IDS
        family = [Team(name="a"), Match(home=Id(one), number=7), Goal(match=Id(one)), Player(team=Id(one))]
        for ground in range(2):
            self.commit([(ground, (Verb.ADD, one, member, False)) for member in family], alone=False)

    @rule(writes=st.lists(st.tuples(TENANTS, WRITES), min_size=1, max_size=4), alone=st.booleans())
    def commit(self, writes: Sequence[tuple[int, tuple[Verb, str, Entity, bool]]], alone: bool) -> None:
        """Commit some writes on one ground or on both; most of them make sense."""
        with ExitStack() as scopes:
            grounds = {number: scopes.enter_context(Scope(tenant)) for number, tenant in enumerate(self.tenants)}
            parts = [
                self.part(grounds[ground], [write for at, write in writes if at == ground])
                for ground in dict.fromkeys(ground for ground, _ in writes)
            ]
            expected = self.reference.commit(parts)
            raised = self.answer(parts, alone=alone)
        event(raised.__name__ if raised else "committed")
        assert raised in (expected or {None})

    def answer(self, parts: Sequence[Changes], *, alone: bool) -> type[Exception] | None:
        """What the store raises."""
        try:
            if alone:
                self.stage.database.exclusively(parts[0].scope, lambda _: parts)
            else:
                self.stage.database.commit(parts)
        except (Stale, Taken, Dangling) as error:
            return type(error)
        return None

    def part(self, scope: Scope, wanted: Sequence[tuple[Verb, str, Entity, bool]]) -> Changes:
        """What a unit of work would hand over."""
        writes = [self.written(scope.tenant, *one) for one in wanted]
        references = [
            (target, id, field)
            for write in writes
            if write.verb is not Verb.REMOVE
            for field, target in SUBJECTS.references(write.kind)
            if (id := getattr(write.entity, field)) is not None
        ]
        return Changes(scope, writes, references, {"writes": len(writes)})

    def written(self, tenant: str, verb: Verb, id: str, entity: Entity, wild: bool) -> Write:
        """One write: wild as it was drawn, with a wrong version; or tamed, so that it can succeed."""
        there = self.reference.rows.get((tenant, type(entity), id))
        fields: dict[str, object] = {"id": Id(id)}
        if not wild:
            verb = Verb.ADD if there is None else Verb.SAVE if verb is Verb.ADD else verb
            for name, target in SUBJECTS.references(type(entity)):
                known = [row.id for row in self.reference.of(tenant, target)]
                if getattr(entity, name) is not None and known:
                    fields[name] = known[int(getattr(entity, name)[-1]) % len(known)]
        version = 0 if verb is Verb.ADD else (there.version if there else 1) + wild
        fields["version"] = version + (verb is not Verb.REMOVE)
        return Write(verb, type(entity), checked(entity.model_copy(update=fields)), version)

    @rule(
        tenant=TENANTS,
        lookup=st.sampled_from(LISTS),
        limit=st.integers(1, 4),
        at=st.integers(0, 9),
        whole=SMALL,
        low=MAYBE,
    )
    def look(self, tenant: int, lookup: Lookup, limit: int, at: int, whole: int, low: str | None) -> None:
        """Ask for part of a list that has something in it, if there is one."""
        ground = self.tenants[tenant]
        rows = list(self.reference.of(ground, lookup.entity))
        if not rows:
            return
        row = rows[at % len(rows)]
        values = [getattr(row, key) for key in lookup.keys]
        bounds = {"whole_or_none": (whole, whole + 2), "text_or_none": (low, None), "real": (None, 0.5)}
        start, stop = bounds.get(lookup.order, (None, None))
        after = (getattr(row, lookup.order), row.id) if at % 2 and not lookup.unique else None
        span = Span(limit, start, stop, after)
        found = self.stage.page(ground, lookup, values, span)
        assert found == self.reference.page(ground, lookup, values, span)

    @rule()
    def reopen(self) -> None:
        """Close the store and open it again."""
        self.stage.reopen()

    @invariant()
    def it_has_what_the_dictionaries_have(self) -> None:
        """By id, on both grounds."""
        for tenant in self.tenants:
            wanted = {(kind, id) for kind in (Team, Player, Match, Goal, Sample) for id in IDS}
            with self.stage.snapshot(tenant) as snapshot:
                found = {key: snapshot.get(*key) for key in wanted}
            expected = {key: self.reference.rows.get((tenant, *key)) for key in wanted}
            assert found == {key: None if row is None else (tenant, row) for key, row in expected.items()}
            assert len(self.stage.audit(tenant)) == len(self.reference.chains.get(tenant, []))

    def teardown(self) -> None:
        """Let go of the store."""
        if hasattr(self, "stage"):
            self.stage.database.close()


def run(make: Make, examples: int, steps: int = 25) -> int:
    """Do many things to stores that `make` opens, with new tenants each time. Returns how often that was done whole."""
    made: list[StoreMachine] = []

    def machine() -> StoreMachine:
        made.append(StoreMachine(make))
        return made[-1]

    # A failure is shown as it was found: shrinking one that a server has part in takes longer than reading it.
    phases = [phase for phase in Phase if phase is not Phase.shrink]
    wanted = settings(max_examples=examples, stateful_step_count=steps, deadline=None, phases=phases)
    run_state_machine_as_test(machine, settings=wanted)
    return len(made)


def test_the_embedded_store_answers_as_dictionaries_would(tmp_path: Path) -> None:
    file = str(tmp_path / "data.db")

    def make(model: Model) -> Database:
        with SqliteMigrations(file, schema_of(model)) as migrations:
            migrations.up()
        return Sqlite(model, file)

    assert run(make, 20 * EFFORT) >= 20 * EFFORT


@pytest.mark.postgres
@pytest.mark.parametrize("tier", ["schema", "pool"])
def test_postgres_answers_as_dictionaries_would(server: PostgresServer, tier: str) -> None:
    assert run(lambda model: Postgres(model, server.serving_url, tier=tier), 10 * EFFORT) >= 10 * EFFORT


def test_dynamodb_answers_as_dictionaries_would(tmp_path: Path) -> None:
    with DynamoServer(found_roto(), tmp_path) as server:
        chosen = replace(Settings(), store="dynamodb", table="machine", table_endpoint=server.url)

        def make(model: Model) -> Database:
            with kit.migrations(chosen, model) as migrations:
                migrations.up()
            return amazon.opened(model, chosen)

        assert run(make, 10 * EFFORT) >= 10 * EFFORT
