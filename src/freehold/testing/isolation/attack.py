"""What an attack is: an id from the catalogue, a title, and a function that carries it out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from freehold.testing.isolation.arena import Arena


@dataclass(frozen=True, slots=True)
class Attack:
    """One entry of the catalogue. `run` notes its cases in the arena's report; one without cases does not apply."""

    id: str
    title: str
    run: Callable[[Arena], None]
    nothing: str = "there is nothing in this app that it could be tried on"
    """Why there may be no case."""
