"""A ground filled with what is in an archive, and held against it afterwards."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice

from freehold.accounts.records import Member
from freehold.lifecycle.archive import AUDIT, Archive, rows_of
from freehold.lifecycle.content import Part, Tally, content, digest, written
from freehold.lifecycle.deployment import BATCH, Deployment, Portions, Progress, tip
from freehold.lifecycle.exporting import entry_of
from freehold.lifecycle.lines import Lines, Unreadable
from freehold.lifecycle.people import Guests
from freehold.model.data import Entity
from freehold.model.finding import Finding, ModelError
from freehold.model.model import table_of
from freehold.runtime.failures import Invalid
from freehold.runtime.ports import Dangling, Taken
from freehold.runtime.scope import Scope
from freehold.stores.estate import Unlinked


def fill(to: Deployment, scope: Scope, archive: Archive, guests: Guests, progress: Progress) -> Mapping[str, Part]:
    """Put all rows and the chain of an archive on an empty ground, and check that they are there.

    Returns what lies there now. Raises `ModelError`: FH321 for a row that cannot be taken, FH323 when what lies there
    is not what was put.
    """
    expected = {}
    for table, lines in written(to).items():
        if rows_of(table) in archive.manifest.parts:
            expected[table] = _put(to, scope, archive, guests, lines, progress)
    _link(to, scope, archive)
    found = content(to, scope, progress)
    if digest(found) != digest(expected) or tip(to.estate, scope) != archive.manifest.chain:
        message = "what lies in the store is not what is in the archive"
        fix = "see that nothing else writes to this store, and do it again"
        raise ModelError([Finding("FH323", archive.place, message, fix)])
    return found


def _put(to: Deployment, scope: Scope, archive: Archive, guests: Guests, lines: Lines, progress: Progress) -> Part:
    """Put one kind. Returns what is expected there: lines in the order of ids, which members may have changed."""
    member, tally, moved = rows_of(table_of(lines.kind)), Tally(), dict[str, bytes]()
    entities, portions = _entities(archive, member, guests, lines), Portions()
    while batch := list(islice(entities, portions.size)):
        try:
            to.estate.put(scope, batch)
        except (Taken, Dangling, Invalid) as error:
            raise _unfit(archive, f"{member}: {type(error).__name__} {error}") from None
        put = {entity.id: lines.write(entity) for entity in batch}
        portions.note(len(put), sum(map(len, put.values())))
        if lines.kind is Member and guests.are_others:
            moved |= put
        else:
            for line in put.values():
                tally.add(line)
        progress(f"putting {lines.kind.__name__}", max(tally.count, len(moved)))
    for id in sorted(moved):
        tally.add(moved[id])
    return tally.part


def _entities(archive: Archive, name: str, guests: Guests, lines: Lines) -> Iterator[Entity]:
    for number, line in enumerate(archive.lines(name), 1):
        try:
            yield lines.read(guests.renamed(line))
        except Unreadable as error:
            raise _unfit(archive, f"{name}, line {number}: {error}") from None
        except ValueError:
            raise archive.refused(f"{name}, line {number} is no JSON") from None


def _link(to: Deployment, scope: Scope, archive: Archive) -> None:
    lines = archive.lines(AUDIT)
    try:
        entries = map(entry_of, lines)
        while batch := list(islice(entries, BATCH)):
            to.estate.link(scope, batch)
    except (Unlinked, ValueError) as error:
        raise archive.refused(f"the audit chain in it does not hold: {error}") from None


def _unfit(archive: Archive, message: str) -> ModelError:
    fix = "import with the version of the app that wrote it, then migrate"
    return ModelError([Finding("FH321", archive.place, f"the store cannot take a row of {message}", fix)])
