"""PgBouncer in transaction mode before a PostgreSQL server, for tests. It listens on a socket file only."""

import os
import pwd
import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Self

from psycopg.conninfo import conninfo_to_dict

PROGRAM = shutil.which("pgbouncer", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
PORT = 6432
PATIENCE = 10.0

SETTINGS = """
[databases]
postgres = host={sockets} port=5432 dbname=postgres
[pgbouncer]
listen_addr =
listen_port = {port}
unix_socket_dir = {folder}
auth_type = trust
auth_file = {folder}/users
pool_mode = transaction
default_pool_size = {size}
max_client_conn = 200
query_wait_timeout = 3
logfile = {folder}/log
pidfile = {folder}/pid
"""


class Pooler:
    """A pooler with so many connections to the server for each who signs in, stopped with the block."""

    def __init__(self, server_url: str, *, size: int) -> None:
        """Stand before the server at `server_url`, which listens on a socket file."""
        self._sockets, self._size = conninfo_to_dict(server_url)["host"], size
        self._folder = Path(tempfile.mkdtemp(prefix="freehold-"))

    def __enter__(self) -> Self:
        """Start it. PgBouncer refuses to run as root: then it runs as nobody."""
        text = SETTINGS.format(sockets=self._sockets, folder=self._folder, port=PORT, size=self._size)
        (self._folder / "settings").write_text(text)
        (self._folder / "users").write_text('"postgres" ""\n"freehold" ""\n')
        as_whom: dict[str, int] = {}
        if os.geteuid() == 0:
            nobody = pwd.getpwnam("nobody")
            as_whom = {"user": nobody.pw_uid, "group": nobody.pw_gid}
            os.chown(self._folder, nobody.pw_uid, nobody.pw_gid)
            if self._sockets:
                Path(str(self._sockets)).chmod(0o755)
        command = [str(PROGRAM), str(self._folder / "settings")]
        self._process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **as_whom
        )
        until = time.monotonic() + PATIENCE
        while not (self._folder / f".s.PGSQL.{PORT}").exists():
            if self._process.poll() is not None or time.monotonic() > until:
                raise AssertionError((self._folder / "log").read_text())
            time.sleep(0.01)
        return self

    def __exit__(self, *raised: object) -> None:
        """Stop it."""
        self._process.kill()
        self._process.wait()
        shutil.rmtree(self._folder, ignore_errors=True)

    def url(self, login: str = "freehold") -> str:
        """What one connects with, by this name."""
        return f"postgresql://{login}@/postgres?host={self._folder}&port={PORT}"
