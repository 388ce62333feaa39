"""`python -m tests.unit.lifecycle.mortal VERB DATA FILE NUMBER`: does something to acme, and is killed on the way."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from freehold.lifecycle.archive import Archive
from freehold.lifecycle.deployment import Deployment
from freehold.lifecycle.erasing import erase
from freehold.lifecycle.importing import bring_in
from freehold.lifecycle.moving import move, settle
from freehold.lifecycle.restoring import restore
from freehold.settings import DESTINATION, from_environment
from freehold.stores.dynamodb import DynamoDb
from freehold.stores.dynamodb.estate import DynamoEstate
from tests.unit.lifecycle.place import NOW, opened
from tests.unit.stores.dynamodb.clients import Watched

CHANGING = {"put", "link", "empty", "erase", "commit", "ask"}
REQUESTS = {"PutItem", "UpdateItem", "DeleteItem", "TransactWriteItems"}
"""Those that change something on DynamoDB."""


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
            Mortal.step()
        return getattr(self._port, name)

    @classmethod
    def step(cls) -> None:
        """Be killed, where it is time."""
        cls.left -= 1
        if cls.left < 0:
            os.kill(os.getpid(), signal.SIGKILL)


def before(operation: str, request: Mapping[str, object]) -> None:
    """Be killed before a request that changes something, where it is time."""
    del request
    if operation in REQUESTS:
        Mortal.step()


def mortal(of: Deployment) -> Deployment:
    """The same deployment, for somebody who is killed: on DynamoDB, between any two requests."""
    if isinstance(of.estate, DynamoEstate) and isinstance(of.database, DynamoDb):
        for asking in (of.estate._table, of.estate._raw, of.database._table):
            asking._client = Watched(asking._client, before)
        return of
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
