"""Connections to a scripted server."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from freehold.aws.failures import Unreachable
from freehold.aws.incoming import Answer
from freehold.aws.transport import Connections, Request
from freehold.runtime.system import SystemClock
from freehold.testing.clock import HandClock
from tests.unit.aws.scripted import Scripted, Step

GET = Request({"x-question": "1"}, b'{"a": 1}')


class Wire:
    """Connections to a scripted server, by the clock on the wall or by one that stands."""

    def __init__(self, url: str, *, clock: HandClock | None = None, **options: object) -> None:
        self.clock = clock or SystemClock()
        self.connections = Connections(url, self.clock, **options)  # type: ignore[arg-type]  # as they are given

    def ask(self, request: Request = GET, *, seconds: float = 20, repeatable: bool = False) -> Answer:
        return self.connections.exchange(request, self.clock.monotonic() + seconds, repeatable=repeatable)

    @property
    def idle(self) -> int:
        return len(self.connections._idle)


@contextmanager
def wire_to(*steps: Step, **options: object) -> Iterator[tuple[Scripted, Wire]]:
    with Scripted(*steps) as server:
        wire = Wire(server.url, **options)  # type: ignore[arg-type]  # as they are given
        try:
            yield server, wire
        finally:
            wire.connections.close()


def lost(ask: Callable[[], Answer]) -> Unreachable:
    with pytest.raises(Unreachable) as caught:
        ask()
    return caught.value
