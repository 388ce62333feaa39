"""`python -m tests.unit.lifecycle.mortal VERB DATA FILE NUMBER`: does something to acme, and is killed on the way."""

from __future__ import annotations

import os
import signal
import sys
from dataclasses import replace
from pathlib import Path

from freehold.lifecycle.archive import Archive
from freehold.lifecycle.deployment import Deployment
from freehold.lifecycle.erasing import erase
from freehold.lifecycle.imports import bring_in
from freehold.lifecycle.moving import move, settle
from freehold.lifecycle.restoring import restore
from freehold.settings import DESTINATION, from_environment
from tests.unit.lifecycle.place import NOW, opened

CHANGING = {"put", "link", "empty", "erase", "commit", "ask"}


class Mortal:
    """A port, or a connection, of which all is as it was, but for the last call that changes something: it is never
    answered.
    """

    left = 0
    """How many more calls somebody lives to see, over all ports."""

    def __init__(self, port: object) -> None:
        """Stand before it."""
        self._port = port

    def __getattr__(self, name: str) -> object:
        """What the port has; and the end, where it is time."""
        if name in CHANGING:
            Mortal.left -= 1
            if Mortal.left < 0:
                os.kill(os.getpid(), signal.SIGKILL)
        return getattr(self._port, name)


def mortal(of: Deployment) -> Deployment:
    """The same deployment, for somebody who is killed."""
    return replace(of, estate=Mortal(of.estate), database=Mortal(of.database))  # type: ignore[arg-type]  # see above


def main(verb: str, data: str, file: str, number: str) -> None:
    """Do it, and die at the given change; or live, if there are not so many."""
    with opened(replace(from_environment(), data=data)) as place:
        of = mortal(place.of)
        there = place.platform.by_slug("acme")
        Mortal.left = int(number)
        if verb == "erase":
            assert there is not None
            erase(of, there, grace=NOW)
            return
        if verb in ("schema", "pool"):
            assert there is not None
            place.of.estate._wire = Mortal(place.of.estate._wire)  # type: ignore[attr-defined]  # PostgreSQL's
            settle(place.of, there, verb)
            return
        if verb == "move":
            assert there is not None
            with opened(replace(from_environment(prefix=DESTINATION), data=file)) as other:
                Mortal.left = int(number)
                move(of, there, mortal(other.of), grace=NOW)
            return
        with Archive(Path(file)) as archive:
            if verb == "import":
                bring_in(of, archive)
            else:
                assert there is not None
                restore(of, there, archive, grace=NOW)


if __name__ == "__main__":
    main(*sys.argv[1:])
