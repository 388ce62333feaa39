"""Bulks over HTTP: who may send one at all, and what may be in it wherever it goes."""

from collections.abc import Iterator

import pytest

from freehold.accounts.managing import remove_member
from freehold.edges.site import Site
from freehold.testing.caller import Caller
from freehold.wiring import site
from tests.unit.edges import http_kit as kit
from tests.unit.edges.http_kit import Browser

ABSENT = "01994c3a-7b5e-7c1d-9e2f-3a4b5c6d7e8f"
MANY = "/api/v1/items-in-bulk"


@pytest.fixture(scope="module")
def ada() -> Iterator[Caller]:
    with kit.member() as caller:
        yield caller


@pytest.fixture
def made(ada: Caller) -> Site:
    return site(ada.backend)


@pytest.mark.parametrize("items", [[], [{"name": "forged"}]])
def test_a_bulk_of_who_is_nobody_is_refused_as_a_whole(made: Site, ada: Caller, items: list[object]) -> None:
    reply = Browser(made, f"fhk_{ada.tenant}.{ABSENT}.nothing").send("POST", MANY, {"items": items})
    assert (reply.status, reply.code) == (401, "UNAUTHENTICATED")


@pytest.mark.parametrize("items", [[], [{"name": "forged"}]])
def test_a_bulk_vouches_for_no_key(made: Site, ada: Caller, items: list[object]) -> None:
    """Or else whoever makes one up fills the line of the tenant that it names, and uses up its limits."""
    forged = f"fhk_{ada.tenant}.{ABSENT}.nothing"
    Browser(made, forged).send("POST", MANY, {"items": items})
    line = [(b"authorization", f"Bearer {forged}".encode())]
    made.turnstile.queue.hold()
    tries = 3 * made.turnstile.queue.room(ada.tenant)
    assert all(made.turnstile.refusal(b"POST", MANY.encode(), line) is None for _ in range(tries))
    made.turnstile.queue.close()


def test_a_bulk_of_who_was_taken_out_is_refused_as_a_whole(made: Site, ada: Caller) -> None:
    bob = ada.acting_as(kit.owner, "bob")
    token = bob.token()
    assert Browser(made, token).send("POST", MANY, {"items": []}).status == 200
    ada.call(remove_member, id=bob.me)
    assert Browser(made, token).send("POST", MANY, {"items": []}).status == 401


def test_what_not_every_store_keeps_is_refused_wherever_it_stands(made: Site, ada: Caller) -> None:
    items = [{"id": "a\0b", "price": 1}]
    reply = kit.browser(made, ada).send("PATCH", "/api/v1/items", {"items": items})
    assert (reply.status, reply.code) == (422, "INVALID")
