"""A route, a store method, a handler or a page without a row in the matrix fails the build."""

import pytest

from freehold import App, Entity, Id, Store
from freehold.runtime.ports import Database
from freehold.settings import Settings
from freehold.testing import isolation
from freehold.testing.isolation import completeness
from freehold.testing.isolation.attacks.outside import PAGES
from freehold.testing.isolation.catalogue import ATTACKS, STORES_OWN, inapplicable, uncovered
from freehold.testing.isolation.matrix import operations
from freehold.wiring import backend, complete, site
from tests.isolation.apps import NAMES, app_named

CATALOGUE = {f"T{number:02}" for number in range(1, 81)}


@pytest.mark.parametrize("name", [*NAMES, "teamflow"])
def test_every_use_case_with_a_route_is_a_row(name: str) -> None:
    model = complete(app_named(name))
    routed = {case.name for case in model.use_cases.values() if case.path}
    assert {operation.name for operation in operations(model)} == routed


def test_every_method_that_reaches_data_has_a_probe() -> None:
    assert not list(completeness.untried())


def test_a_new_store_method_without_a_probe_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Database, "everything", lambda self: None, raising=False)
    assert list(completeness.untried()) == ["Database.everything"]


def test_a_kind_of_entity_that_cannot_be_planted_is_noticed() -> None:
    app = App("odd")
    member, _ = app.roles("member", "owner")

    class Plate(Entity):
        number: int

        def model_post_init(self, _: object) -> None:
            raise ValueError("no plate is good enough")

    @app.query("GET /plates/{id}", allow=member)
    def read_plate(id: Id[Plate], plates: Store[Plate]) -> Plate:
        return plates.get(id)

    report = isolation.run(app, effort=0.05)
    assert [gap.split(":")[0] for gap in report.gaps] == ["plate"]
    assert "give `Field(examples=[...])`, or `samples`" in report.gaps[0]
    assert not report.leaks, "what breaks an attack down is no leak of the next"
    assert not report.ok


def test_every_page_of_the_site_is_asked_for() -> None:
    made = backend(app_named("01_tasks"), Settings(), memory=True)
    try:
        paths = {route.path for route in site(made)._pages.routes}
    finally:
        made.close()
    assert all(any(page.startswith(path) for page in PAGES) for path in paths), paths


@pytest.mark.parametrize("store", ["sqlite", "postgres", "dynamodb"])
def test_every_attack_of_the_catalogue_is_tried_or_said_not_to_be(store: str) -> None:
    tried, untried, left = {attack.id for attack in ATTACKS}, inapplicable(store), uncovered(store)
    assert not CATALOGUE - {*tried, *untried, *left}
    assert not tried & {*untried, *left}
    assert not untried.keys() & left.keys()
    assert {id for id, (of, _) in STORES_OWN.items() if of == store} <= left.keys()
