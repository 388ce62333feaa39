"""What a store's file has in it, and what is wrong with that: read past the store, as a repairman would."""

import json
import sqlite3
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from freehold.model.names import PLATFORM
from freehold.runtime.audit import verify
from freehold.runtime.scope import Scope
from freehold.settings import Settings
from freehold.stores.sqlite import Sqlite
from freehold.wiring import complete
from tests.faults.app import app
from tests.faults.program import Said

MODEL = complete(app)
KEYED = {"create", "complete", "delete"}
TABLES = {kind.__name__: table for table, kind in MODEL.entities.items()}
UNNOTED = {"Delivery", "Receipt", "Turn"}
"""What the runtime keeps for itself, and does not note in the audit chain."""

Row = tuple[str, str, int]


class State:
    """Everything in a file."""

    def __init__(self, folder: Path) -> None:
        self.file = Settings(data=str(folder)).database_file
        self.raw = sqlite3.connect(self.file)

    def close(self) -> None:
        """Let go of the file."""
        self.raw.close()

    def all(self, query: str) -> list[tuple[object, ...]]:
        """What a query finds."""
        return self.raw.execute(query).fetchall()

    def entries(self) -> list[tuple[str, dict[str, object]]]:
        """Every entry of every audit chain, with its ground."""
        found = self.all("SELECT tenant, text FROM freehold_audit ORDER BY tenant, number")
        return [(str(tenant), json.loads(str(text))) for tenant, text in found]

    def violations(self, said: list[Said]) -> Iterator[str]:
        """All that is wrong, after these things were said to a client."""
        yield from (f"integrity: {row}" for row in self.all("PRAGMA integrity_check") if row != ("ok",))
        yield from (f"orphan: {row}" for row in self.all("PRAGMA foreign_key_check"))
        yield from self._broken_chains()
        yield from self._half_commands()
        yield from (f"lost: {what} {about}" for what, about in said if not self._is_there(what, about))

    def summary(self) -> dict[str, object]:
        """What must be the same at the end, however often the program was killed on the way there."""
        grounds = dict(self.all("SELECT id, slug FROM freehold_organisation"))
        cases = Counter((grounds[ground], entry["case"]) for ground, entry in self.entries() if ground != PLATFORM)
        tasks = self.all("SELECT tenant, number, done FROM task")
        return {
            "tasks": sorted((str(grounds[ground]), *row) for ground, *row in tasks),
            "notes": Counter(grounds[ground] for (ground,) in self.all("SELECT tenant FROM note")),
            "members": sorted(str(grounds[ground]) for (ground,) in self.all("SELECT tenant FROM freehold_member")),
            "receipts": Counter(grounds[ground] for (ground,) in self.all("SELECT tenant FROM freehold_receipt")),
            "audit": cases,
            "waiting": self.all("SELECT count(*) FROM freehold_delivery"),
        }

    def _broken_chains(self) -> Iterator[str]:
        database = Sqlite(MODEL, self.file)
        for (ground,) in self.all("SELECT DISTINCT tenant FROM freehold_audit"):
            with Scope(str(ground)) as scope:
                yield from (f"chain of {ground}: {broken}" for broken in verify(database, scope))
        database.close()

    def _half_commands(self) -> Iterator[str]:
        noted: set[Row] = set()
        done: Counter[tuple[str, str]] = Counter()
        for ground, entry in self.entries():
            done[ground, str(entry["case"])] += 1
            for verb, kind, id, version in entry["on"]:  # type: ignore[attr-defined]  # a list of lists
                noted = {row for row in noted if row[:2] != (kind, f"{ground} {id}")}
                noted |= {(kind, f"{ground} {id}", version)} if verb != "remove" else set()
        there = {
            (kind, f"{ground} {id}", version)
            for kind, table in TABLES.items()
            if kind not in UNNOTED
            for ground, id, version in self.all(f"SELECT tenant, id, version FROM {table}")
        }
        yield from (f"written and not noted: {row}" for row in there - noted)
        yield from (f"noted and not written: {row}" for row in noted - there)
        receipts = Counter(str(ground) for (ground,) in self.all("SELECT tenant FROM freehold_receipt"))
        waiting = Counter(str(ground) for (ground,) in self.all("SELECT tenant FROM freehold_delivery"))
        for ground in {ground for ground, _ in done} - {PLATFORM}:
            keyed = sum(done[ground, case] for case in KEYED)
            if keyed != receipts[ground]:
                yield f"{keyed} commands with a key, {receipts[ground]} receipts on {ground}"
            if done[ground, "complete"] != done[ground, "note"] + waiting[ground]:
                yield f"{done[ground, 'complete']} events, {waiting[ground]} waiting, {done[ground, 'note']} delivered"

    def _is_there(self, what: str, about: str) -> bool:
        counts = {
            "tenant": "SELECT count(*) FROM freehold_member WHERE tenant = ?",
            "task": 'SELECT count(*) FROM freehold_audit WHERE instr(text, \'["add","Task","\' || ? || \'"\')',
            "completed": "SELECT count(*) FROM task WHERE done AND id = ?",
            "deleted": "SELECT NOT count(*) FROM task WHERE id = ?",
            "bulk": "SELECT count(*) = 2 FROM task WHERE number IN (10, 11) AND ? NOT NULL",
            "delivered": "SELECT count(*) FROM note WHERE ? NOT NULL",
        }
        return bool(self.raw.execute(counts[what], (about,)).fetchone()[0])
