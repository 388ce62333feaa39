"""Run as a program: does the same few things to the store in a folder, and says of each that it is done.

    python -m tests.faults.program FOLDER [careless]

Run again on the same folder, it sends the same keys, as a client would that has had no answer; so it ends in the same
state however often it was killed before. The careless one commits every write by itself: what must be found out.
"""

import json
import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace

from freehold.runtime.failures import Failure
from freehold.runtime.invoke import Call
from freehold.runtime.ports import Changes, Database, Principal
from freehold.runtime.prepared import Sent
from freehold.settings import Settings, from_environment
from freehold.testing import Caller, HandClock
from freehold.wiring import Backend, backend
from tests.faults.app import app, complete, create, delete

PASSWORD = "correct horse battery staple"
Said = tuple[str, str]


class Careless:
    """A store that breaks its promise: what one call writes is not written together."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def __getattr__(self, name: str) -> object:
        return getattr(self._database, name)

    def commit(self, parts: Sequence[Changes]) -> None:
        """Commit each write alone."""
        for part in parts:
            for write in part.writes:
                self._database.commit([replace(part, writes=[write], references=[], entry=None)])
            self._database.commit([replace(part, writes=[])])


def work(folder: str, settings: Settings | None = None, *, careless: bool = False) -> Iterator[Said]:
    """Do it, and give what a client would be told of each thing, once it is true."""
    made = backend(app, replace(settings or from_environment(), data=folder))
    if careless:
        made.runtime.database = Careless(made.database)
    try:
        ada = entered(made, "acme")
        yield "tenant", ada.tenant
        tasks = [ada.call(create, number=number, key=f"create {number}") for number in range(3)]
        yield from (("task", task.id) for task in tasks)
        yield "completed", ada.call(complete, id=tasks[0].id, key="complete").id
        ada.call(delete, id=tasks[1].id, key="delete")
        yield "deleted", tasks[1].id
        several = ada.bulk(create, *({"number": number} for number in (10, 11, 0)), key="bulk")
        if [item["success"] for item in several] != [True, True, False]:  # the last number is taken
            raise Failure("BULK_FAILED", json.dumps(several))
        yield "bulk", ""
        ada.deliver()
        yield "delivered", ""
        bob = entered(made, "globex")
        yield "tenant", bob.tenant
        yield "task", bob.call(create, number=0, key="create").id
    finally:
        made.close()


def entered(made: Backend, tenant: str) -> Caller:
    """An owner of a tenant, which is made unless it is there: the tenant, the person and the member, all or none."""
    who = {"email": f"ada.owner@{tenant}.test", "name": "ada", "password": PASSWORD, "role": "owner"}
    system = Principal(tenant="", subject="", kind="system")
    made.runtime(Call(made.runtime.cases["create_tenant"], Sent({"organisation": tenant, **who}), system, id="test"))
    return Caller(made, HandClock(), tenant, "owner")


if __name__ == "__main__":
    try:
        for said in work(sys.argv[1], careless="careless" in sys.argv):
            os.write(1, json.dumps(said).encode() + b"\n")
    except Failure as failure:
        sys.exit(f"{failure.code}: {failure.message}")
