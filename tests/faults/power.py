"""Cuts the power under a busy store, again and again, and looks for what was acknowledged and is not there.

    python -m tests.faults.power [CUTS]        needs to mount a file: Linux, as root

The store is on a file system in a file. While the writer is stopped, that file is copied as it is: what the kernel has
not been made to write is not in it, as if the power had gone. The copy is mounted, which replays the journal of the
file system, and looked at as after a restart. (The page cache is the loop device's: it is told to write through.)
"""

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from freehold.model.finding import ModelError
from tests.faults.program import Said
from tests.faults.state import State
from tests.faults.sweep import ROOT, prepared

SIZE = 256 * 1024 * 1024
FEWEST, PATIENCE = 60, 30.0
"""Acknowledged writes between two cuts, and how many seconds they may take."""


@dataclass(frozen=True)
class Cut:
    """What a cut left behind: how many writes had been acknowledged, and all that is wrong."""

    acknowledged: int
    violations: list[str]


@contextmanager
def mounted(image: Path, at: Path) -> Iterator[Path]:
    """The file system in a file, for a block."""
    at.mkdir(exist_ok=True)
    subprocess.run(["mount", "-o", "loop", str(image), str(at)], check=True, capture_output=True)
    try:
        yield at
    finally:
        subprocess.run(["umount", str(at)], check=True, capture_output=True)


def made(image: Path) -> None:
    """An empty file system in a file."""
    with image.open("wb") as file:
        file.truncate(SIZE)
    subprocess.run(["mkfs.ext4", "-q", "-F", str(image)], check=True, capture_output=True)


def cuts(count: int, within: Path, how: str = "") -> Iterator[Cut]:
    """Write, cut, look; so many times, in one long run of the writer. `how` may be "loose"."""
    image = within / "disk"
    made(image)
    with mounted(image, within / "mounted") as disk:
        folder = prepared(disk / "store")
        command = [sys.executable, "-m", "tests.faults.load", str(folder), "0", how]
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as writer:
            said: list[Said] = []
            reading = threading.Thread(target=_read, args=(writer, said), daemon=True)
            reading.start()
            try:
                for number in range(count):
                    yield _cut(writer, said, image, within / f"cut{number}")
            finally:
                writer.send_signal(signal.SIGCONT)
                writer.kill()
                reading.join()  # before what it reads from is closed with the block


def _cut(writer: subprocess.Popen[str], said: list[Said], image: Path, at: Path) -> Cut:
    enough = len(said) + FEWEST
    until = time.monotonic() + PATIENCE
    while len(said) < enough and writer.poll() is None and time.monotonic() < until:
        time.sleep(0.01)
    known = list(said)  # what a client had been told before the power went
    writer.send_signal(signal.SIGSTOP)
    copy = at.with_suffix(".img")
    subprocess.run(["cp", "--sparse=always", str(image), str(copy)], check=True)
    try:
        with mounted(copy, at) as disk:
            return Cut(len(known), list(_wrong(disk / "store", known)))
    finally:
        copy.unlink()
        writer.send_signal(signal.SIGCONT)


def _wrong(folder: Path, known: list[Said]) -> Iterator[str]:
    try:
        state = State(folder)
        try:
            yield from state.violations(known)
        finally:
            state.close()
    except (sqlite3.Error, ModelError) as error:
        yield f"unreadable: {error}"


def _read(writer: subprocess.Popen[str], said: list[Said]) -> None:
    assert writer.stdout is not None
    said.extend(tuple(json.loads(line)) for line in writer.stdout if line.endswith("\n"))


def can_mount() -> bool:
    """Whether a file can be mounted here."""
    if os.geteuid() != 0 or shutil.which("mkfs.ext4") is None:
        return False
    with tempfile.TemporaryDirectory(prefix="freehold-power-") as name:
        try:
            made(Path(name) / "disk")
            with mounted(Path(name) / "disk", Path(name) / "mounted"):
                return True
        except (OSError, subprocess.CalledProcessError):
            return False


def main(arguments: Sequence[str]) -> int:
    """Cut so many times, and print what was found."""
    with tempfile.TemporaryDirectory(prefix="freehold-power-") as name:
        found = list(cuts(int(arguments[0]) if arguments else 50, Path(name)))
    wrong = [violation for cut in found for violation in cut.violations]
    last = found[-1].acknowledged if found else 0
    figures = f"{len(found)} power cuts, {last} writes acknowledged before the last, {len(wrong)} violations"
    sys.stdout.write("\n".join([*wrong[:20], figures, ""]))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
