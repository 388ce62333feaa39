"""Processes of the bench: started on a core of their own, measured, and ended by their id."""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
WORK = ROOT / "bench" / ".work"
SERVER_CORE, LOAD_CORE = 0, 1
TICKS = os.sysconf("SC_CLK_TCK")
PATIENCE = 20.0
ANYTHING = b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"


class CannotRun(Exception):
    """A part of the bench is not there, or does not work. The message says which, and why."""


@dataclass(frozen=True, slots=True)
class Server:
    """A server that answers on a port of this machine. Its process leads a group of its own."""

    process: subprocess.Popen[bytes]
    port: int
    log: Path

    def cpu_seconds(self) -> float:
        """Return the CPU time, user and system, that the server and its workers have used."""
        stats = [one for one in map(stat, Path("/proc").glob("[0-9]*")) if one and int(one[2]) == self.process.pid]
        return sum(int(one[11]) + int(one[12]) for one in stats) / TICKS

    def pids(self) -> list[int]:
        """Return the ids of the server's processes."""
        found = [(entry, stat(entry)) for entry in Path("/proc").glob("[0-9]*")]
        return [int(entry.name) for entry, fields in found if fields and int(fields[2]) == self.process.pid]

    def stop(self, how: signal.Signals = signal.SIGTERM) -> None:
        """End the group of processes that this server leads, and wait for it."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, how)
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()


def stat(entry: Path) -> list[str]:
    """Return what follows the command's name in /proc/<pid>/stat: state, parent, group; nothing once it is gone."""
    with suppress(OSError):
        return (entry / "stat").read_text().rpartition(")")[2].split()
    return []


def pin(pid: int, core: int | None) -> None:
    """Keep a process, and what it will start, on one core. Where that cannot be said, it is left where it is."""
    if core is not None and hasattr(os, "sched_setaffinity") and core in os.sched_getaffinity(0):
        os.sched_setaffinity(pid, {core})


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def environment(extra: Mapping[str, str]) -> dict[str, str]:
    """Return what a child process is told: this environment, this checkout as import path, and `extra`."""
    return {**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'src'}", "PYTHONDONTWRITEBYTECODE": "", **extra}


def output(command: Sequence[str], extra: Mapping[str, str] | None = None) -> str:
    """Run a command to its end and return what it printed; raise `CannotRun` with its last words when it fails."""
    done = subprocess.run(
        command, cwd=ROOT, env=environment(extra or {}), capture_output=True, text=True, check=False, timeout=900
    )
    if done.returncode:
        raise CannotRun(f"{' '.join(command[:4])} ...: {done.stderr.strip()[-1500:]}")
    return done.stdout


@contextmanager
def serving(command: Sequence[str], port: int, extra: Mapping[str, str], core: int | None) -> Iterator[Server]:
    """Start a server, wait until it answers, and end it afterwards."""
    WORK.mkdir(exist_ok=True)
    log = WORK / f"server-{port}.log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            command, cwd=ROOT, env=environment(extra), stdout=out, stderr=out, start_new_session=True
        )
    server = Server(process, port, log)
    try:
        pin(process.pid, core)
        wait_until_it_answers(server)
        yield server
    finally:
        server.stop()
        if process.returncode in {0, -signal.SIGTERM, -signal.SIGKILL, 143}:
            log.unlink(missing_ok=True)


def wait_until_it_answers(server: Server) -> None:
    """Return once a request gets an answer, whatever it is; raise `CannotRun` when that takes too long, or it ends.

    That it takes connections is not enough: freehold listens before it reads the app, and lets whoever comes wait.
    """
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end and server.process.poll() is None:
        with suppress(OSError), socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE) as connection:
            connection.sendall(ANYTHING)
            if connection.recv(1):
                return
        time.sleep(0.02)
    raise CannotRun(f"The server did not start: {server.log.read_text(errors='replace').strip()[-1500:]}")
