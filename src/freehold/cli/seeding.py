"""Runs an app's seeds in a tenant: as its owner, through every step of a call, and each of them once."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic_core import from_json

from freehold.runtime.audit import BATCH
from freehold.runtime.invoke import Call
from freehold.runtime.ports import Principal
from freehold.runtime.prepared import Sent
from freehold.runtime.scope import Scope
from freehold.wiring import Backend


def seed(made: Backend, tenant: str, owner: str, *, again: bool = False) -> list[str]:
    """Run the seeds that have not been run in this tenant; with `again`, all of them. Returns their names."""
    names = [case.name for case in made.model.seeds]
    done = set() if again else _done(made, tenant, set(names))
    todo = [name for name in names if name not in done]
    principal = Principal(tenant=tenant, subject=owner, session="seed")
    for name in todo:
        made.runtime(Call(made.runtime.cases[name], Sent({}), principal, id="seed"))
    if todo:
        made.courier.wake()
    return todo


def _done(made: Backend, tenant: str, wanted: set[str]) -> set[str]:
    """Which of these have been done here. The audit chain knows: its entry was committed with what the seed wrote."""
    done: set[str] = set()
    for case in _cases(made, tenant) if wanted else ():
        done |= wanted & {case}
        if done == wanted:
            break
    return done


def _cases(made: Backend, tenant: str) -> Iterator[str]:
    """The use cases that were done in a tenant, oldest first."""
    with Scope(tenant) as scope:
        number = 0
        while batch := made.database.audit(scope, number, BATCH):
            for entry in batch:
                told = from_json(entry.text)
                if told["outcome"] == "done":
                    yield str(told["case"])
            number = batch[-1].number
