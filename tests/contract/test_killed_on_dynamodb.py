"""A move to DynamoDB, or from there, that is killed between any two requests leaves the tenant whole in one place."""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from freehold.aws.failures import AwsError, Unreachable
from freehold.lifecycle.deployment import claimed
from freehold.lifecycle.erasing import erase
from freehold.lifecycle.moving import move
from freehold.model.finding import ModelError
from freehold.runtime.failures import Overloaded
from freehold.runtime.scope import Scope
from freehold.settings import Settings
from freehold.stores.dynamodb.estate import DynamoEstate
from freehold.stores.dynamodb.tips import HELD_TO, TIP
from freehold.stores.estate import Claimed
from tests.emulators import emulated
from tests.unit.lifecycle.killing import killed
from tests.unit.lifecycle.place import NOW, Place, opened
from tests.unit.stores.dynamodb.clients import Watched
from tests.unit.stores.dynamodb.tables import TestTable

LEAST_POINTS, MOST_POINTS = 10, 40
TENANT = "01a21d25-ccc5-7436-8000-000000000000"


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestTable]:
    """A table that tenants are moved to and from."""
    with emulated("roto", tmp_path_factory.mktemp("roto")) as server:
        yield TestTable(server.url)


def claims(table: TestTable) -> list[object]:
    """What is at work on any tenant."""
    with table.raw() as raw:
        return list(raw.under("FREEHOLD", "CLAIM#"))


def a_minute_passes(table: TestTable, tenant: str) -> None:
    """Whoever was killed has no claim any more, and holds nothing."""
    past = {"ConditionExpression": f"attribute_exists({HELD_TO})", "UpdateExpression": f"SET {HELD_TO} = :past"}
    with table.raw() as raw:
        for partition, sort in (("FREEHOLD", f"CLAIM#{tenant}"), (f"ORG#{tenant}", TIP)):
            key = {"PK": {"S": partition}, "SK": {"S": sort}}
            with suppress(AwsError):  # there is none
                raw.call("UpdateItem", {"Key": key, **past, "ExpressionAttributeValues": {":past": {"N": "0"}}})


def check_done_again(source: Place, to: Place, table: TestTable, tenant: str, *, is_claimed: bool) -> None:
    """A tenant lies whole in one place, and is in the other one once its move is done again."""
    found, whole = source.tenant("acme"), (source.digest(tenant), source.chain(tenant))
    if is_claimed:
        with pytest.raises(ModelError, match=r"somebody else is at work|it has arrived"):
            move(source.of, found, to.of, grace=NOW)
    a_minute_passes(table, tenant)
    there = to.platform.by_slug("acme")
    if there is None or there.state == "arriving":
        move(source.of, found, to.of, grace=NOW)
    else:
        with pytest.raises(ModelError, match="it has arrived"):
            move(source.of, found, to.of, grace=NOW)
    assert (source.tenant("acme").state, to.tenant("acme").state) == ("suspended", "active")
    assert (to.digest(tenant), to.chain(tenant)) == whole


def test_a_move_that_is_killed_at_any_point_leaves_the_tenant_whole_in_one_place(
    table: TestTable, tmp_path: Path
) -> None:
    away, here = replace(table.settings, data=str(tmp_path / "away")), Settings(data=str(tmp_path / "here"))
    with opened(here) as place, opened(away) as other:
        acme, neighbours = place.furnish("acme").id, [(on, on.furnish("globex").id) for on in (place, other)]
        theirs = [on.digest(tenant) for on, tenant in neighbours]
        for point in range(MOST_POINTS):
            were_killed = list[bool]()
            for source, to, how, end in ((place, other, here, away), (other, place, away, here)):
                were_killed.append(killed("move", how, point, to=end))
                check_done_again(source, to, table, acme, is_claimed=were_killed[-1] and point > 0)
                assert erase(source.of, source.tenant("acme"), grace=NOW).residue == {}
                assert (table.items(acme) == []) == (to is place)
            if not any(were_killed):
                break
        assert LEAST_POINTS < point < MOST_POINTS - 1
        assert [on.digest(tenant) for on, tenant in neighbours] == theirs
    assert claims(table) == []


def test_a_claim_that_was_taken_over_is_not_given_up_by_who_had_it(table: TestTable, tmp_path: Path) -> None:
    settings = replace(table.settings, data=str(tmp_path))
    with opened(settings) as one, opened(settings) as two, opened(settings) as three, Scope(TENANT) as scope:
        with one.of.estate.claim(scope):
            a_minute_passes(table, TENANT)
            second = two.of.estate.claim(scope)
            second.__enter__()
        with pytest.raises(Claimed), three.of.estate.claim(scope):
            pass
        second.__exit__(None, None, None)
        with three.of.estate.claim(scope):
            assert len(claims(table)) == 1
    assert claims(table) == []


def test_a_hold_that_has_run_out_is_noticed_at_its_end(table: TestTable, tmp_path: Path) -> None:
    with opened(replace(table.settings, data=str(tmp_path))) as place:
        acme = place.furnish("held").id
        with Scope(acme) as scope:
            with pytest.raises(Overloaded, match="held by somebody else"), place.of.estate.still(scope):
                a_minute_passes(table, acme)
            with place.of.estate.still(scope):
                assert place.of.estate.chain(scope, 0, 9)


def test_what_is_done_is_not_told_as_a_failure_because_the_store_is_away_when_it_ends(
    table: TestTable, tmp_path: Path
) -> None:
    def away(operation: str, request: Mapping[str, object]) -> None:
        if operation == "DeleteItem" or "REMOVE heldby" in str(request):
            raise Unreachable("Timeout", maybe_done=True)

    with opened(replace(table.settings, data=str(tmp_path))) as place, Scope(place.furnish("left").id) as scope:
        estate = place.of.estate
        assert isinstance(estate, DynamoEstate)
        estate._raw._client = Watched(estate._raw._client, away)
        with claimed(estate, scope, "left"), estate.still(scope):
            assert estate.chain(scope, 0, 9)
        assert len(claims(table)) == 1
        a_minute_passes(table, scope.tenant)


def test_a_store_that_will_have_no_claim_is_not_taken_for_somebody_else(table: TestTable, tmp_path: Path) -> None:
    def wrong(operation: str, request: Mapping[str, object]) -> None:
        if operation == "PutItem" and "CLAIM#" in str(request):
            raise AwsError("ValidationException", "one cannot do that", status=400)

    with opened(replace(table.settings, data=str(tmp_path))) as place, Scope(TENANT) as scope:
        estate = place.of.estate
        assert isinstance(estate, DynamoEstate)
        estate._raw._client = Watched(estate._raw._client, wrong)
        with pytest.raises(AwsError, match="one cannot do that"), estate.claim(scope):
            pass
