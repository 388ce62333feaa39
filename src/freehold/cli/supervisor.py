"""Keeps a server running while its source changes.

The supervisor owns what has to outlive a version (the listening socket) and has loaded freehold but nothing of the
user's. Each version runs in a process that is forked from it, so starting one costs little more than importing the
app. A new version serves before the old one is told to leave; one that does not come up changes nothing.
"""

from __future__ import annotations

import json
import os
import select
import signal
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

import typer

from freehold.cli.watch import Watch

POLL = 0.2
"""Seconds between two looks at the files."""
PATIENCE = 10.0
"""Seconds a process may take to leave before it is killed."""
CLOSED = -1
SIGNALS = tuple(one for one in signal.Signals if one.name in ("SIGINT", "SIGTERM", "SIGHUP"))


class Report:
    """How a version tells its supervisor what it is made of, and that it serves."""

    def __init__(self, to: int, number: int) -> None:
        """Write to this file descriptor. `number` is which start this is, from 1."""
        self._to = to
        self.number = number

    def files(self, files: Iterable[Path]) -> None:
        """Name the files whose change makes another version."""
        self._send({"files": sorted(map(str, files))})

    def serving(self) -> None:
        """Say that requests are answered."""
        self._send({"serving": True})

    def left(self) -> None:
        """Say that from now on nobody new is answered."""
        self._send({"left": True})

    def _send(self, message: dict[str, object]) -> None:
        with suppress(BrokenPipeError):
            os.write(self._to, (json.dumps(message) + "\n").encode())


Work = Callable[[Report], int]


@dataclass
class _Version:
    pid: int
    pipe: int
    why: list[Path]
    started: float = field(default_factory=time.monotonic)
    code: int | None = None
    unread: bytes = b""
    heir: _Version | None = None
    """The version that has taken over, until that has been told."""


class Supervisor:
    """Runs `work` in a process of its own, and again in another one whenever a file changes."""

    def __init__(self, work: Work, watch: Watch) -> None:
        """Nothing is started yet."""
        self._work, self._watch = work, watch
        self._lifeline, self._held = os.pipe()  # a version reads the one; the other closes when the supervisor dies
        self._serving: _Version | None = None
        self._coming: _Version | None = None
        self._leaving: list[_Version] = []
        self._count = 0

    def run(self) -> int:
        """Run until told to stop, or until there is no version left. Returns the exit code."""
        for number in SIGNALS:
            signal.signal(number, _stop)
        try:
            self._start([])
            while True:
                self._listen()
                code = self._reap()
                if code is not None:
                    return code
                if self._coming is None and (changed := self._watch.changed()):
                    self._start(changed)
        except _Stopped:
            return 0
        finally:
            self._end_all()

    def _start(self, why: list[Path]) -> None:
        self._count += 1
        reading, writing = os.pipe()
        with _undisturbed():
            pid = os.fork()
            if pid == 0:
                self._become_version(reading, Report(writing, self._count))
            os.close(writing)
            self._coming = _Version(pid, reading, why)

    def _become_version(self, reading: int, report: Report) -> None:
        """The rest of a version's life. Never returns: what is the supervisor's to tidy up is not ours."""
        code = 1
        try:
            os.close(reading)
            os.close(self._held)
            for number in SIGNALS:
                signal.signal(number, signal.SIG_DFL)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)
            threading.Thread(target=_leave_with, args=(self._lifeline,), daemon=True).start()
            code = self._work(report)
        except BaseException:  # noqa: BLE001  # whatever it is, it ends here, and is shown
            import traceback

            traceback.print_exc()
        finally:
            os._exit(code)

    def _listen(self) -> None:
        """Wait a moment for what the versions have to say."""
        open_pipes = {version.pipe: version for version in self._versions() if version.pipe != CLOSED}
        ready, _, _ = select.select(list(open_pipes), [], [], POLL)
        for pipe in ready:
            self._hear(open_pipes[pipe])

    def _hear(self, version: _Version) -> None:
        said = os.read(version.pipe, 65536)
        if not said:
            os.close(version.pipe)
            version.pipe = CLOSED
        *lines, version.unread = (version.unread + said).split(b"\n")
        for line in lines:
            message = json.loads(line)
            self._watch.add(map(Path, message.get("files", ())))
            if message.get("serving"):
                self._succeed(version)
            if message.get("left"):
                self._tell(version)

    def _succeed(self, version: _Version) -> None:
        """The new version serves: the old one may go."""
        if version is not self._coming:
            return
        old, self._serving, self._coming = self._serving, version, None
        if old is not None:
            old.heir = version
            os.kill(old.pid, signal.SIGINT)  # finish what is in flight and go, without waiting to be noticed
            self._leaving.append(old)

    @staticmethod
    def _tell(old: _Version) -> None:
        """Say, once, that nobody new is answered by an old version any more."""
        if old.heir is not None:
            names, seconds = ", ".join(path.name for path in old.heir.why), time.monotonic() - old.heir.started
            typer.echo(f"{typer.style('reloaded', fg='green')}  {names} in {seconds:.2f} s")
            old.heir = None

    def _reap(self) -> int | None:
        """Notice versions that have ended. Returns an exit code when none is left that could serve."""
        for version in list(self._versions()):
            self._wait(version)
        self._leaving = [version for version in self._leaving if version.code is None]
        if self._serving is not None and self._serving.code is not None:
            return self._serving.code or 1
        if self._coming is not None and self._coming.code is not None:
            code, self._coming = self._coming.code, None
            if self._serving is None:
                return code
            typer.echo(f"{typer.style('not reloaded', fg='yellow')}  the last version that worked goes on", err=True)
        return None

    def _wait(self, version: _Version, options: int = os.WNOHANG) -> None:
        """Notice whether a version has ended, and hear what it has said before."""
        if version.code is not None:
            return
        pid, status = os.waitpid(version.pid, options)
        if not pid:
            return
        version.code = os.waitstatus_to_exitcode(status)
        while version.pipe != CLOSED and select.select([version.pipe], [], [], 0)[0]:
            self._hear(version)
        if version.pipe != CLOSED:  # what it has started may hold the other end
            os.close(version.pipe)
            version.pipe = CLOSED
        self._tell(version)

    def _versions(self) -> Iterator[_Version]:
        yield from (one for one in (self._serving, self._coming, *self._leaving) if one is not None)

    def _end_all(self) -> None:
        """Let every version leave, and kill what does not."""
        versions = [version for version in self._versions() if version.code is None]
        for number in SIGNALS:
            signal.signal(number, signal.SIG_IGN)
        for version in versions:
            with suppress(ProcessLookupError):
                os.kill(version.pid, signal.SIGTERM)
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until and any(version.code is None for version in versions):
            time.sleep(0.02)
            for version in versions:
                self._wait(version)
        for version in versions:
            if version.code is None:
                os.kill(version.pid, signal.SIGKILL)
                self._wait(version, 0)


class _Stopped(BaseException):
    """A signal told the supervisor to stop."""


def _stop(_number: int, _frame: FrameType | None) -> None:
    raise _Stopped


@contextmanager
def _undisturbed() -> Iterator[None]:
    """No signal is handled between a fork and its being noted."""
    signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)


def _leave_with(lifeline: int) -> None:
    """Wait until the supervisor is gone, however that came, and go too."""
    os.read(lifeline, 1)
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(PATIENCE)
    os._exit(1)
