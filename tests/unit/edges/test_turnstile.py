"""Who is let in at one turn of the loop: as many of each tenant as its line has room for, whoever else comes."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from freehold.edges.turnstile import Turnstile
from freehold.testing.caller import Caller
from freehold.wiring import site
from tests.unit.edges import http_kit as kit

ITEMS = b"/api/v1/items"


@pytest.fixture(scope="module")
def ada() -> Iterator[Caller]:
    with kit.member() as caller:
        yield caller


@pytest.fixture
def turnstile(ada: Caller) -> Iterator[Turnstile]:
    """With nobody in the queue, and nobody served."""
    made = site(ada.backend).turnstile
    made.queue.hold()
    yield made
    made.queue.close()


def comes(turnstile: Turnstile, token: str) -> bool:
    """Whether a call with this token is let in."""
    return turnstile.refusal(b"GET", ITEMS, [(b"authorization", f"Bearer {token}".encode())]) is None


def test_of_those_who_come_at_once_as_many_are_let_in_as_may_line_up(turnstile: Turnstile, ada: Caller) -> None:
    room = turnstile.queue.room(ada.principal.tenant)
    assert room
    assert [comes(turnstile, ada.token()) for _ in range(room + 5)] == [True] * room + [False] * 5


def test_a_tenant_counts_as_one_whatever_its_callers_show(turnstile: Turnstile, ada: Caller) -> None:
    """Each token is another text."""
    tokens = [ada.token() for _ in range(3)]
    assert len(set(tokens)) == 3
    room = turnstile.queue.room(ada.principal.tenant)
    assert sum(comes(turnstile, tokens[number % 3]) for number in range(3 * room)) == room


def test_beside_too_many_of_one_tenant_everybody_else_is_let_in(turnstile: Turnstile, ada: Caller) -> None:
    room = turnstile.queue.room(ada.principal.tenant)
    flood, quiet = ada.token(), ada.of("globex").token()
    let_in = [(comes(turnstile, flood), comes(turnstile, quiet)) for _ in range(room)]
    assert let_in == [(True, True)] * room
    assert (comes(turnstile, flood), comes(turnstile, quiet)) == (False, False)


def test_who_has_lined_up_is_not_counted_twice(turnstile: Turnstile, ada: Caller) -> None:
    queue, tenant, token = turnstile.queue, ada.principal.tenant, ada.token()
    room = queue.room(tenant)
    assert all(comes(turnstile, token) for _ in range(room - 1))
    turnstile.next_turn()
    for _ in range(room - 1):
        queue.submit(tenant, lambda: None, lambda *_: None)
    assert [comes(turnstile, token) for _ in range(3)] == [True, False, False]


def test_who_shows_what_nobody_gave_out_is_let_in_to_be_told_so(turnstile: Turnstile, ada: Caller) -> None:
    room = turnstile.queue.room(ada.principal.tenant)
    assert all(comes(turnstile, "nonsense") for _ in range(3 * room))
    assert comes(turnstile, ada.token())
