"""Servers that speak DynamoDB, written by others: for development, and to be tested against."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from freehold.model.finding import Finding, ModelError, Place

PATIENCE = 20.0
"""Seconds that a server may take to start, or to stop."""
HOST = "127.0.0.1"
NOTE = "server"
"""The file in the folder that says which process runs on it, and on which port."""


@dataclass(frozen=True, slots=True)
class Emulator:
    """One of them: how it is started, on a port of this machine."""

    name: str
    command: Sequence[str]
    """`{port}` and `{folder}` are filled in."""
    environment: Mapping[str, str] = field(default_factory=dict)


def roto(program: str = "roto-server", *, keeps: bool = True) -> Emulator:
    """roto-aws, a program in a wheel. It flushes every commit; or, for tests, keeps everything in memory."""
    kept = ("--data-dir", "{folder}", "--durable") if keeps else ("--ephemeral",)
    return Emulator("roto", (program, "--host", HOST, "--port", "{port}", *kept))


def ministack(program: str) -> Emulator:
    """MiniStack: indexes, transactions, streams. It forgets everything when it ends."""
    environment = {"BIND_HOST": HOST, "GATEWAY_PORT": "{port}", "SERVICES": "dynamodb,sts"}
    return Emulator("ministack", (program,), environment)


def dynalite(program: str, *, keeps: bool = False) -> Emulator:
    """dynalite: strict about requests, and without transactions. What it `keeps` it does not flush."""
    options = ("--host", HOST, "--port", "{port}", *(("--path", "{folder}/data") if keeps else ()))
    at_once = (part for name in ("create", "delete", "update") for part in (f"--{name}TableMs", "0"))
    return Emulator("dynalite", ("node", program, *options, *at_once))


class DynamoServer:
    """A server on a folder, for as long as a block. It listens on this machine only."""

    def __init__(self, emulator: Emulator, folder: Path) -> None:
        """Choose a port that is free."""
        self._emulator, self.folder = emulator, folder.resolve()
        self._process: subprocess.Popen[bytes] | None = None
        self._port = _free_port()

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://{HOST}:{self._port}"

    @property
    def pid(self) -> int:
        """The server's process, to be killed or frozen by a test."""
        return self._process.pid if self._process else 0

    def __enter__(self) -> Self:
        """Start it and wait until it answers. Raises `ModelError` (FH308) with what it said."""
        self.folder.mkdir(parents=True, exist_ok=True)
        if self._joined():
            return self
        fill = {"port": str(self._port), "folder": str(self.folder)}
        given = [f"{key}={value}" for key, value in self._emulator.environment.items()]
        command = [part.format(**fill) for part in ("env", *given, *self._emulator.command)]
        log = (self.folder / "log").open("wb")
        try:
            self._process = subprocess.Popen(  # noqa: S603  # a server of ours, on a folder of ours
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.folder, start_new_session=True,
            )  # fmt: skip
        except OSError as error:
            raise self._trouble(str(error)) from error
        finally:
            log.close()
        self._wait()
        (self.folder / NOTE).write_text(f"{self.pid} {self._port}")
        return self

    def __exit__(self, *raised: object) -> None:
        """Stop it."""
        process, self._process = self._process, None
        if process is None:
            return
        (self.folder / NOTE).unlink(missing_ok=True)
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def _joined(self) -> bool:
        """Whether somebody else's server runs on the folder: then it is used, and they stop it."""
        try:
            pid, port = map(int, (self.folder / NOTE).read_text().split())
            os.kill(pid, 0)
            with socket.create_connection((HOST, port), timeout=1):
                self._port = port
                return True
        except (OSError, ValueError):
            return False

    def _wait(self) -> None:
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until and self._process is not None and self._process.poll() is None:
            try:
                with socket.create_connection((HOST, self._port), timeout=1):
                    return
            except OSError:
                time.sleep(0.02)
        said = (self.folder / "log").read_text(errors="replace")[-500:]
        self.__exit__()
        raise self._trouble(f"{self._emulator.name} did not start: {said.strip()}")

    def _trouble(self, message: str) -> ModelError:
        fix = '`pip install "freehold[dynamodb]"`, or set FREEHOLD_TABLE_ENDPOINT to one that runs'
        return ModelError([Finding("FH308", Place(str(self.folder), 0), message, fix)])


def found_roto() -> Emulator:
    """roto-aws as it is installed beside this Python, or on the path. Raises `ModelError` (FH308) without it."""
    beside = Path(sys.executable).parent / "roto-server"
    program = str(beside) if beside.exists() else shutil.which("roto-server")
    if program is None:
        fix = '`pip install "freehold[dynamodb]"`, or set FREEHOLD_TABLE_ENDPOINT to a server that runs'
        raise ModelError([Finding("FH308", Place("PATH", 0), "there is no emulator of DynamoDB on this machine", fix)])
    return roto(program)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])
