"""The suite over TeamFlow on the stores that want a server, with little effort. (`make isolation` makes all of it.)

What the suite finds on each store is what it finds on the embedded one: the port is the same, and so are the answers.
"""

from collections.abc import Iterator

import pytest

from freehold.settings import Settings
from freehold.testing import isolation
from freehold.testing.isolation import Report
from tests.isolation import mutants
from tests.isolation.apps import app_named
from tests.isolation.grounds import STORES, settings_of, title_of
from tests.isolation.layers import LAYERS, NAMES, measured
from tests.isolation.mutants import MUTANTS, attacked

pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
"""Who stops at the first leak leaves views open, and with them connections."""

SERVED = [place for place in STORES if place[0] != "sqlite"]
ONLY: dict[str, tuple[str, ...]] = {
    "postgres": (),
    "dynamodb": ("T01", "T02", "T03", "T04", "T06", "T14", "T15", "T33", "T34", "T59", "T72"),
}
"""Through an emulator every case takes long: what reads and writes most, there."""

EFFORT, FEWEST = 0.1, 1000
SAMPLE = [
    "PostgreSQL: the tenant is not switched between grounds of one tier",
    "PostgreSQL: a table of the pool has no policy",
    "DynamoDB: the policy binds the table and not its indexes",
    "DynamoDB: unique values are unique across tenants",
]


@pytest.fixture(scope="module", params=SERVED, ids=lambda place: title_of(*place))
def settings(request: pytest.FixtureRequest) -> Iterator[Settings]:
    """A store that stands."""
    with settings_of(*request.param) as settings:
        yield settings


@pytest.fixture(scope="module")
def report(settings: Settings) -> Report:
    """What comes of the attacks."""
    return isolation.run(app_named("teamflow"), effort=EFFORT, settings=settings, only=ONLY[settings.store])


def test_nothing_of_teamflow_reaches_another_tenant_on_any_store(report: Report) -> None:
    assert len(report.cases) >= FEWEST
    assert not report.leaks, "\n".join(report.lines())


def test_every_operation_works_and_is_attacked_on_any_store(report: Report) -> None:
    assert not report.unexercised
    assert not report.gaps
    assert not report.crashes
    assert not report.faults, "\n".join(report.lines())


@pytest.mark.parametrize("layer", NAMES)
def test_with_one_layer_off_nothing_leaks_on_any_store(layer: str, settings: Settings) -> None:
    only = ("T01", "T02", "T03", "T33", "T56")
    app = app_named("01_tasks")
    outcome = measured([layer], lambda: isolation.run(app, effort=0.05, only=only, settings=settings), settings.store)
    assert outcome.cases
    assert not outcome.leaks, "\n".join(map(str, outcome.leaks))


def test_every_store_has_the_same_layers() -> None:
    assert {tuple(layers) for layers in LAYERS.values()} == {NAMES}


@pytest.mark.parametrize("name", SAMPLE)
def test_a_leak_that_is_planted_in_a_store_is_noticed(name: str) -> None:
    (mutant,) = (mutant for mutant in MUTANTS if mutant.name == name)
    fate = attacked(mutant)
    assert fate.outcome == mutants.KILLED, str(fate)
