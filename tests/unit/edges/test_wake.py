"""Who delivers events is woken for what was emitted, and not for every command."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from freehold import App, Emit, Entity, Event, Store
from freehold.edges.http import Api
from freehold.edges.identity import Identity
from freehold.edges.site import Site
from freehold.runtime.admission import FairQueue
from freehold.runtime.system import SystemRandom
from freehold.testing.caller import Caller, caller
from tests.unit.edges.http_kit import Browser, browser

app = App("wake")
clerk, owner = app.roles("clerk", "owner")


class Note(Entity):
    """Something to keep."""

    text: str


class Noted(Event):
    """A note was kept."""

    text: str


class Unheard(Event):
    """What nobody follows."""

    text: str


@app.command("POST /silent", allow=clerk)
def keep_silently(text: str, notes: Store[Note]) -> Note:
    """Keep a note."""
    return notes.add(Note(text=text))


@app.command("POST /loud", allow=clerk)
def keep_loudly(text: str, notes: Store[Note], emit: Emit[Noted]) -> Note:
    """Keep a note, and tell."""
    emit(Noted(text=text))
    return notes.add(Note(text=text))


@app.command("POST /unheard", allow=clerk)
def keep_unheard(text: str, notes: Store[Note], emit: Emit[Unheard]) -> Note:
    """Keep a note, and tell nobody in particular."""
    emit(Unheard(text=text))
    return notes.add(Note(text=text))


@app.on(Noted)
def follow(event: Noted, notes: Store[Note]) -> None:
    """Keep that it was kept."""
    notes.add(Note(text=f"followed {event.text}"))


class Door:
    """The app's edge, and how often somebody was woken."""

    def __init__(self, ada: Caller) -> None:
        made, self.woken = ada.backend, 0
        self.queue = FairQueue(3, clock=made.clock)
        api = Api(made.runtime, Identity(made.tokens), self.queue, SystemRandom(), wake=self.wake)
        self.browser: Browser = browser(Site(api, made.tokens, lambda: b"{}"), ada)

    def wake(self) -> None:
        """Count."""
        self.woken += 1


@pytest.fixture(scope="module")
def ada() -> Iterator[Caller]:
    with caller(app, owner) as made:
        yield made


@pytest.fixture
def door(ada: Caller) -> Iterator[Door]:
    made = Door(ada)
    yield made
    made.queue.close()


@pytest.mark.parametrize(("path", "woken"), [("silent", 0), ("unheard", 0), ("loud", 1)])
def test_whoever_delivers_is_woken_when_there_is_something_to_deliver(door: Door, path: str, woken: int) -> None:
    assert door.browser.send("POST", f"/api/v1/{path}", {"text": "hello"}).status == 201
    assert door.woken == woken


def test_an_answer_that_is_given_again_wakes_nobody(door: Door) -> None:
    for _ in range(3):
        reply = door.browser.send("POST", "/api/v1/loud", {"text": "once"}, idempotency_key="the-same")
        assert reply.status == 201
    assert door.woken == 1
