"""The stacks that are compared over HTTP: how each is filled, served, named and read."""

import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from bench import ours, process, venvs
from bench.ground import Ground
from bench.process import WORK, CannotRun, Server

Control = Literal["default", "on", "off"]
"""Whether a server protects itself from overload: as it comes, on, or off."""

IN_FLIGHT = 40  # what FastAPI's thread pool has; more requests than that wait
LIMIT = 100  # what uvicorn is told to take at once where it is to protect itself: an eighth of a second of work
GUNICORN_THREADS = 4  # 8 and 40 threads, and waitress with 4, 8 and 40, were tried: they answer fewer, and later


@dataclass(frozen=True, slots=True)
class Settings:
    """What the person at the command line chose."""

    quick: bool = False
    jwt: str = "HS256"
    pinned: bool = True
    only: tuple[str, ...] = ()

    def core(self, core: int) -> int | None:
        """Return the core to use, or None to leave it to the system."""
        return core if self.pinned else None


@dataclass(frozen=True, slots=True)
class Stack:
    """One side of the comparison. `command` takes folder, port and overload control."""

    name: str
    setup: str
    fill: Callable[[Path, dict[str, str]], Ground]
    command: Callable[[Path, int, Control], list[str]]
    versions: Callable[[], dict[str, str]]

    @contextmanager
    def serve(self, folder: Path, settings: Settings, *, control: Control = "default") -> Iterator[Server]:
        """Serve what is in `folder` for as long as the context lasts."""
        port = process.free_port()
        extra = {"BENCH_DATA": str(folder), "BENCH_JWT": settings.jwt}
        command = self.command(folder, port, control)
        with process.serving(command, port, extra, settings.core(process.SERVER_CORE)) as server:
            yield server

    def prepare(self, bench: str, settings: Settings) -> tuple[Path, Ground]:
        """Return a new folder with a filled store, and its ground."""
        folder = WORK / bench / self.name.split()[0].lower()
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        return folder, self.fill(folder, {"BENCH_DATA": str(folder), "BENCH_JWT": settings.jwt})


def data_of(body: dict[str, Any]) -> Any:
    """Return what an answer is about: inside freehold's envelope, a page of a peer, or the body itself."""
    for key in ("data", "items", "results"):
        if key in body:
            return body[key]
    return body


def peer_fill(venv: str, module: str) -> Callable[[Path, dict[str, str]], Ground]:
    """Fill by running a peer's own module."""
    return lambda _, extra: Ground.of(process.output([str(venvs.python_of(venv)), "-m", module], extra))


def fastapi_command(_: Path, port: int, control: Control) -> list[str]:
    """Serve with uvicorn, one worker. Its overload control is its limit on concurrent connections."""
    command = [str(venvs.python_of("fastapi")), "-m", "uvicorn", "bench.peers.fastapi_sqlmodel:app"]
    command += ["--host", "127.0.0.1", "--port", str(port), "--no-access-log", "--log-level", "warning"]
    command += ["--loop", "uvloop", "--http", "httptools", "--timeout-keep-alive", "75"]
    return [*command, "--limit-concurrency", str(LIMIT)] if control == "on" else command


def drf_command(_: Path, port: int, control: Control) -> list[str]:
    """Serve with gunicorn, one worker with threads."""
    if control == "on":
        raise CannotRun("gunicorn has no overload control")
    command = [str(venvs.python_of("drf")), "-m", "gunicorn", "bench.peers.drf:application"]
    command += ["--bind", f"127.0.0.1:{port}", "--workers", "1", "--worker-class", "gthread"]
    return [*command, "--threads", str(GUNICORN_THREADS), "--keep-alive", "75", "--log-level", "error"]


def own_versions() -> dict[str, str]:
    """Return freehold's version and those of what it is served with."""
    ours.cli()
    return venvs.versions(sys.executable, ["freehold", "pydantic", "starlette", "uvicorn"])


FREEHOLD = Stack(
    name="freehold",
    setup="`freehold serve`, 1 process",
    fill=lambda folder, _: ours.seed(folder),
    command=lambda folder, port, control: ours.serve(folder, port, control=control != "off"),
    versions=own_versions,
)
FASTAPI = Stack(
    name="FastAPI + SQLModel",
    setup=f"uvicorn (uvloop, httptools), 1 worker, {IN_FLIGHT} threads",
    fill=peer_fill("fastapi", "bench.peers.fastapi_sqlmodel"),
    command=fastapi_command,
    versions=lambda: venvs.versions(
        venvs.python_of("fastapi"), ["fastapi", "sqlmodel", "sqlalchemy", "pydantic", "starlette", "uvicorn", "pyjwt"]
    ),
)
DRF = Stack(
    name="Django REST framework",
    setup=f"gunicorn gthread, 1 worker, {GUNICORN_THREADS} threads",
    fill=peer_fill("drf", "bench.peers.drf"),
    command=drf_command,
    versions=lambda: venvs.versions(venvs.python_of("drf"), ["django", "djangorestframework", "gunicorn", "pyjwt"]),
)
STACKS = (FREEHOLD, FASTAPI, DRF)
