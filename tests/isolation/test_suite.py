"""The suite over TeamFlow and every example: nothing leaks, nothing is left out, and everything works for its owner."""

from typing import Protocol

import pytest

from freehold import App, Entity, Page, Paging, Store, lookup
from freehold.testing import isolation
from freehold.testing.isolation import Report
from freehold.testing.isolation.report import Case
from tests.isolation import picky, rental
from tests.isolation.apps import NAMES, app_named

FEWEST = 3000


@pytest.fixture(scope="module")
def teamflow() -> Report:
    return isolation.run(app_named("teamflow"))


def test_thousands_of_attacks_on_teamflow_reach_nothing_of_another_tenant(teamflow: Report) -> None:
    assert len(teamflow.cases) >= FEWEST
    assert not teamflow.leaks, "\n".join(teamflow.lines())


def test_every_operation_of_teamflow_works_for_its_own_tenant_and_is_attacked(teamflow: Report) -> None:
    assert not teamflow.unexercised
    assert not teamflow.gaps
    assert not teamflow.crashes


def test_no_attack_on_teamflow_ends_in_an_internal_error(teamflow: Report) -> None:
    assert not teamflow.faults, "\n".join(teamflow.lines())


@pytest.mark.parametrize("name", NAMES)
def test_every_example_keeps_its_tenants_apart(name: str) -> None:
    report = isolation.check(app_named(name), effort=0.2)
    assert not report.faults, "\n".join(report.lines())


def test_what_a_real_app_does_rightly_is_no_leak() -> None:
    report = isolation.check(rental.app)
    assert not report.faults, "\n".join(report.lines())


def tried(seed: int = 0, effort: float = 0.1) -> list[Case]:
    """The cases of some attacks that take a sample."""
    return isolation.run(app_named("01_tasks"), effort=effort, seed=seed, only=("T08", "T12", "T18")).cases


def test_one_seed_tries_the_same_cases_and_another_seed_tries_others() -> None:
    first, again, other = (tried(seed=seed) for seed in (7, 7, 8))
    assert first == again
    assert first != other


def test_more_effort_tries_more_cases() -> None:
    few, many = (tried(effort=effort) for effort in (0.1, 0.6))
    assert len(many) > len(few)


def test_one_line_is_a_test_of_an_apps_own() -> None:
    test = isolation.suite(app_named("01_tasks"), effort=0.1)
    assert test.__name__.startswith("test_")
    test()


def test_what_refuses_everybody_shows_nothing_and_fails() -> None:
    report = isolation.run(picky.app, effort=0.01, samples={"code": picky.CODES})
    assert not report.ok
    said = "NOT_TWO_NIGHTS: Two nights, please, and with a code."
    assert report.unexercised == {"book": f"422 {said}", "book_in_bulk": f"200 {said}"}
    with pytest.raises(AssertionError, match=r"stay: nothing matches .*; give `Field"):
        isolation.check(picky.app, effort=0.01)


def test_values_that_go_together_prove_an_operation_and_its_bulk() -> None:
    report = isolation.check(picky.app, effort=0.01, samples={"code": picky.CODES, "book": [{"first": 1, "last": 3}]})
    assert {"book", "book_in_bulk"} <= report.exercised


def test_what_somebody_has_named_need_not_succeed() -> None:
    report = isolation.check(picky.app, effort=0.01, samples={"code": picky.CODES}, unproven=("book", "book_in_bulk"))
    assert report.unexercised.keys() == {"book", "book_in_bulk"}


def test_a_list_that_is_always_empty_is_told() -> None:
    report = isolation.run(picky.app, only=("OWN",), samples={"code": picky.CODES})
    assert report.empty == ["uncoded"]
    assert "always empty, which shows little:\n  uncoded" in "\n".join(report.lines())


def test_only_what_exists_can_be_unproven() -> None:
    with pytest.raises(ValueError, match="there is no operation bok"):
        isolation.run(picky.app, unproven=["bok"])


def test_what_somebody_of_both_tenants_writes_in_one_is_not_taken_for_the_others() -> None:
    app = App("pad")
    member, _ = app.roles("member", "owner")

    class Line(Entity):
        text: str

    class Lines(Store[Line], Protocol):
        @lookup()
        def all(self, page: Paging) -> Page[Line]: ...

    @app.command("POST /lines", allow=member)
    def write(text: str, lines: Lines) -> Line:
        return lines.add(Line(text=text))

    @app.query("GET /lines", allow=member)
    def read(page: Paging, lines: Lines) -> Page[Line]:
        return lines.all(page)

    report = isolation.run(app, effort=4, only=("T18", "T19"))
    assert Case("T18", "write", "member of both", "cookie") in report.cases
    assert not report.leaks, "\n".join(report.lines())
