"""A tenant as one file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from pydantic_core import from_json, to_json

from freehold.accounts.records import Organisation
from freehold.lifecycle.archive import AUDIT, PEOPLE, Manifest, packing, rows_of
from freehold.lifecycle.content import written
from freehold.lifecycle.deployment import LOOK, Deployment, Progress, Tip, check_whole, entities, unheard
from freehold.lifecycle.lines import Lines, Unreadable
from freehold.lifecycle.people import people_of
from freehold.model.finding import Finding, ModelError, Place
from freehold.runtime.ports import AuditEntry
from freehold.runtime.scope import Scope
from freehold.stores.schema import schema_of


def export(
    of: Deployment, organisation: Organisation, path: Path, *, secrets: bool = False, progress: Progress = unheard
) -> Manifest:
    """Write all that a tenant has, as it is at this moment, while it is in use. Nothing of it changes.

    With `secrets` the password hashes of its people are in the file. Raises `ModelError`: FH320 for what no archive
    can hold, FH322 for a tenant that is not whole; and `OSError` when the file cannot be written.
    """
    check_whole(organisation)
    with Scope(organisation.id) as scope, of.estate.still(scope), packing(path) as packed:
        for table, lines in written(of).items():
            packed.add(rows_of(table), _rows(of, scope, lines, path, progress))
        chain = Chain(of, scope)
        packed.add(AUDIT, chain.lines())
        packed.add(PEOPLE, ([one.model_dump_json().encode() + b"\n"] for one in people_of(of, scope, secrets=secrets)))
        manifest = Manifest(
            app=of.model.name, made_at=of.clock.now(), organisation=organisation, tables=schema_of(of.model).tables,
            parts=packed.parts, chain=chain.tip, secrets=secrets,
        )  # fmt: skip
        packed.finish(manifest)
    return manifest


class Chain:
    """A ground's audit chain as lines; afterwards it is known where it ends."""

    def __init__(self, of: Deployment, scope: Scope) -> None:
        """Nothing is read yet."""
        self._of, self._scope = of, scope
        self.tip = Tip()

    def lines(self) -> Iterator[list[bytes]]:
        """The lines, in batches."""
        while batch := self._of.estate.chain(self._scope, self.tip.number, LOOK):
            self.tip = Tip(batch[-1].number, batch[-1].hash)
            yield [to_json([one.number, one.text, one.before, one.hash]) + b"\n" for one in batch]


def entry_of(line: bytes) -> AuditEntry:
    """The audit entry of a line. Raises `ValueError` for what is none."""
    match from_json(line):
        case [int(number), str(text), str(before), str(hashed)]:
            return AuditEntry(number, text, before, hashed)
        case _:
            raise ValueError("no audit entry")


def _rows(of: Deployment, scope: Scope, lines: Lines, path: Path, progress: Progress) -> Iterator[list[bytes]]:
    count = 0
    for batch in entities(of.estate, scope, lines.kind):
        try:
            yield [lines.write(entity) for entity in batch]
        except Unreadable as error:
            fix = "keep large files elsewhere, and their addresses here"
            raise ModelError([Finding("FH320", Place(str(path), 0), f"no archive can hold it: {error}", fix)]) from None
        count += len(batch)
        progress(f"exporting {lines.kind.__name__}", count)
