"""One file with all that a tenant has: a ZIP of JSON Lines, and a manifest that says what must be in them."""

from __future__ import annotations

import os
import re
import tempfile
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Literal, Self
from zipfile import ZIP_DEFLATED, BadZipFile, ZipFile

from pydantic import BaseModel

from freehold.accounts.records import Organisation
from freehold.edges.jose import read_object
from freehold.lifecycle.content import Part, Tally
from freehold.lifecycle.deployment import Progress, Tip, unheard
from freehold.lifecycle.lines import LONGEST
from freehold.model.finding import Finding, ModelError, Place
from freehold.stores.schema import Table

FORMAT: Literal[1] = 1
MANIFEST = "manifest.json"
AUDIT, PEOPLE = "audit.jsonl", "people.jsonl"
LARGEST_MANIFEST = 16 * 1024 * 1024
TELL_EVERY = 5000

RATIO, UNSUSPECTED = 250, 64 * 1024 * 1024
"""A file that unpacks to more than so many times its size, and to more than so many bytes, is a bomb."""

_NAME = re.compile(r"(audit|people|rows/[a-z][a-z0-9_]*)\.jsonl")
_BROKEN = (BadZipFile, EOFError, NotImplementedError, OSError, OverflowError, RuntimeError, ValueError, zlib.error)
"""What Python's readers of ZIP, JSON and models raise for what is none."""


class Manifest(BaseModel, frozen=True, extra="forbid"):
    """What is in an archive."""

    format: Literal[1] = FORMAT
    app: str
    made_at: datetime
    organisation: Organisation
    tables: dict[str, Table]
    """The schema that the rows have."""
    parts: dict[str, Part]
    """Each member of the file: its lines and their hash."""
    chain: Tip
    """Where the audit chain ends."""
    secrets: bool = False
    """Whether the password hashes of people are in it. Those of API keys and invitations always are."""

    def rows(self) -> dict[str, Part]:
        """The members that hold rows, by table."""
        return {name[5:-6]: part for name, part in self.parts.items() if name.startswith("rows/")}


def rows_of(table: str) -> str:
    """Which member holds the rows of a table."""
    return f"rows/{table}.jsonl"


class Packing:
    """An archive that is being written."""

    def __init__(self, packed: ZipFile) -> None:
        """Nothing is in it yet."""
        self._zip = packed
        self.parts: dict[str, Part] = {}

    def add(self, name: str, batches: Iterable[list[bytes]]) -> None:
        """Write one member, batch by batch."""
        tally = Tally()
        with self._zip.open(name, "w", force_zip64=True) as member:
            for batch in batches:
                for line in batch:
                    tally.add(line)
                member.write(b"".join(batch))
        self.parts[name] = tally.part

    def finish(self, manifest: Manifest) -> None:
        """Write the manifest."""
        self._zip.writestr(MANIFEST, manifest.model_dump_json(indent=1))


@contextmanager
def packing(path: Path) -> Iterator[Packing]:
    """Write an archive. It has its name once it is whole and on the disk; only its owner may read it."""
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".part", dir=path.parent)  # made with mode 0600
    try:
        with os.fdopen(handle, "wb") as file:
            with ZipFile(file, "w", ZIP_DEFLATED) as packed:
                yield Packing(packed)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    if os.name == "posix":
        folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


class Archive:
    """An archive that is being read. Nothing in it is believed before it was checked, and nothing is unpacked to disk.

    Raises `ModelError` (FH320) for whatever is not exactly what `packing` writes.
    """

    def __init__(self, path: Path) -> None:
        """Read the manifest."""
        self.place = Place(str(path), 0)
        with self._believed():
            self._file = path.open("rb")
        try:
            with self._believed():
                self._zip = ZipFile(self._file)
                self._check_members(path.stat().st_size)
                self.manifest = Manifest.model_validate(self._manifest())
                self._check_parts()
        except ModelError:
            self._file.close()
            raise

    def __enter__(self) -> Self:
        """Use it for a block."""
        return self

    def __exit__(self, *raised: object) -> None:
        """Let go of the file."""
        self._file.close()

    def check(self, progress: Progress = unheard) -> None:
        """Read it all, and compare every hash."""
        count = 0
        for name in self.manifest.parts:
            for _ in self.lines(name):
                count += 1
                if count % TELL_EVERY == 0:
                    progress("reading the archive", count)

    def lines(self, name: str) -> Iterator[bytes]:
        """The lines of a member, and at their end whether they were what the manifest says."""
        tally = Tally()
        for line in self._read(name):
            tally.add(line)
            yield line
        if tally.part != self.manifest.parts[name]:
            raise self.refused(f"{name} is not what the manifest says: it was altered")

    def refused(self, message: str) -> ModelError:
        """What is told of an archive that will not do."""
        fix = "take the file as `freehold tenant export` wrote it; if that is gone, export again"
        return ModelError([Finding("FH320", self.place, message, fix)])

    def _read(self, name: str) -> Iterator[bytes]:
        with self._believed():
            member = self._zip.open(name)
        with member:
            while True:
                with self._believed():
                    line = member.readline(LONGEST + 1)
                if not line:
                    return
                if len(line) > LONGEST or not line.endswith(b"\n"):
                    raise self.refused(f"{name} has a line that is too long, or has no end")
                yield line

    def _manifest(self) -> dict[str, object]:
        if self._zip.getinfo(MANIFEST).file_size > LARGEST_MANIFEST:
            raise self.refused(f"{MANIFEST} is too large")
        return read_object(self._zip.read(MANIFEST))

    def _check_members(self, size: int) -> None:
        members = self._zip.infolist()
        (name, count), *_ = Counter(member.filename for member in members).most_common(1) or [(MANIFEST, 0)]
        if count != 1:
            raise self.refused(f"{name} is in it {count} times")
        if MANIFEST not in self._zip.NameToInfo:
            raise self.refused(f"there is no {MANIFEST} in it")
        if sum(member.file_size for member in members) > max(UNSUSPECTED, size * RATIO):
            raise self.refused("it would unpack to far more than it can hold")

    def _check_parts(self) -> None:
        sizes = {member.filename: member.file_size for member in self._zip.infolist() if member.filename != MANIFEST}
        if sizes != {name: part.bytes for name, part in self.manifest.parts.items()}:
            raise self.refused("what is in it is not what the manifest says")
        if any(_NAME.fullmatch(name) is None for name in sizes) or not {AUDIT, PEOPLE} <= sizes.keys():
            raise self.refused("something is in it that no tenant has, or is missing")

    @contextmanager
    def _believed(self) -> Iterator[None]:
        try:
            yield
        except _BROKEN as error:
            said = str(error).partition("\n")[0][:200]
            raise self.refused(f"it cannot be read: {said or type(error).__name__}") from None
