"""The store for PostgreSQL keeps the contract of `Database`: in both tiers, of two versions, behind a pooler."""

import pytest

from freehold.servers.postgres import PostgresServer
from freehold.stores.postgres import Postgres
from freehold.testing.contract import DATABASE, Promise, check_promise
from tests.contract.pooler import Pooler

pytestmark = pytest.mark.postgres

PROMISES = pytest.mark.parametrize("promise", DATABASE, ids=lambda promise: promise.__name__)
TIERS = pytest.mark.parametrize("tier", ["schema", "pool"])

OF_TWO = {
    "a_value_can_be_handed_on_in_one_call",
    "what_a_call_removes_cannot_be_referred_to",
    "what_somebody_removes_cannot_be_referred_to",
    "a_child_moved_in_the_call_that_removes_its_parent_lives",
    "much_goes_with_its_parent",
    "a_call_sees_its_own_writes_in_place",
    "a_call_is_kept_whole",
    "a_view_refuses_once_it_is_closed",
    "a_scope_is_closed_for_every_view_of_it",
}
"""Promises that hold one view open and want another transaction beside it: a call never does."""


@TIERS
@PROMISES
def test_postgres_keeps_its_promise_that(promise: Promise, tier: str, server: PostgresServer) -> None:
    check_promise(promise, lambda model: Postgres(model, server.serving_url, tier=tier))


@TIERS
@PROMISES
def test_postgres_15_keeps_its_promise_that(promise: Promise, tier: str, debian: PostgresServer) -> None:
    check_promise(promise, lambda model: Postgres(model, debian.serving_url, tier=tier))


@TIERS
@PROMISES
def test_behind_a_pooler_postgres_keeps_its_promise_that(
    promise: Promise, tier: str, single: Pooler, several: Pooler
) -> None:
    pooler = several if promise.__name__ in OF_TWO else single
    check_promise(promise, lambda model: Postgres(model, pooler.url(), tier=tier, prepares=False))
