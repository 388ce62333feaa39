"""A backend in a process of its own, as in production: with members of two tenants, whose tokens it tells.

`python -m tests.journeys.serving examples.teamflow DATA` prints one line of JSON, and serves until it is told to stop.
"""

from __future__ import annotations

import importlib
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from freehold.cli.operating import migrations
from freehold.edges import logs
from freehold.edges.server import serve
from freehold.model.app import App
from freehold.settings import from_environment
from freehold.testing.caller import Caller
from freehold.testing.clock import HandClock
from freehold.wiring import backend, complete, site

ROOT = Path(__file__).parents[2]
READY = 30


@dataclass(frozen=True)
class Served:
    """A process that serves."""

    process: subprocess.Popen[str]
    log: Path
    port: int
    tokens: dict[str, str]
    """By tenant: of a member with every right."""
    people: dict[str, str]

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.port}"

    def stop(self) -> int:
        """Tell it to stop, and wait. Gives what it ended with."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=READY)

    def logged(self) -> list[dict[str, object]]:
        """What it has logged so far."""
        return [json.loads(line) for line in self.log.read_text().splitlines()]


@contextmanager
def serving(module: str, data: Path, **settings: object) -> Iterator[Served]:
    """Serve the app that a module has, and stop when the block ends."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith("FREEHOLD_")}
    environment |= {f"FREEHOLD_{name.upper()}": str(value) for name, value in settings.items()}
    log = data / "log.jsonl"
    command = [sys.executable, "-m", "tests.journeys.serving", module, str(data)]
    with log.open("w") as out:
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=out, text=True)
    try:
        told = json.loads((process.stdout.readline() if process.stdout else "") or "null")
        assert told, log.read_text()
        served = Served(process, log, **told)
        yield served
        served.stop()
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


def main(module: str, data: str) -> None:
    """Serve, and tell where and who."""
    sys.path.insert(0, str(ROOT / "examples"))
    found = importlib.import_module(module)
    app: App = found.app
    settings = replace(from_environment(), data=data)
    logs.configure(settings.log_level, pretty=False)
    with migrations(settings, complete(app)) as found:
        found.up()
    made = backend(app, settings)
    members = {slug: Caller(made, HandClock(), slug, made.model.roles[-1].name) for slug in ("acme", "globex")}
    made.start()
    listening = socket.create_server(("127.0.0.1", 0), backlog=1024)

    def started() -> None:
        tokens = {slug: member.token() for slug, member in members.items()}
        people = {slug: member.me for slug, member in members.items()}
        told = {"port": listening.getsockname()[1], "tokens": tokens, "people": people}
        print(json.dumps(told), flush=True)  # noqa: T201

    try:
        serve(site(made), [listening], drain_seconds=settings.drain_seconds, started=started)
    finally:
        made.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
