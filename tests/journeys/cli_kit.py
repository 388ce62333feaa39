"""The command line as somebody uses it: real processes in a folder of their own, each of which ends with its test."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

FREEHOLD = Path(sys.executable).with_name("freehold")
PATIENCE = 60
PASSWORD = "correct horse battery"
EXAMPLE = Path(__file__).parents[2] / "examples" / "01_tasks.py"

T = TypeVar("T")


def until(look: Callable[[], T | None], what: str) -> T:
    """What `look` finds, once it finds something."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        found = look()
        if found:
            return found
        time.sleep(0.02)
    raise AssertionError(f"waited for {what}")


@dataclass(frozen=True)
class Answer:
    """What a server said."""

    status: int
    body: dict[str, object]

    @property
    def data(self) -> object:
        """What was asked for."""
        return self.body["data"]


@dataclass(frozen=True)
class Running:
    """A server that `freehold` runs."""

    process: subprocess.Popen[bytes]
    output: Path

    @property
    def url(self) -> str:
        """Where it answers, as it says itself."""
        return until(lambda: re.search(r"http://127\.0\.0\.1:\d+", self.said()), f"an address:\n{self.said()}")[0]

    def said(self) -> str:
        """All it has printed so far."""
        return self.output.read_text()

    def wait_for(self, text: str) -> None:
        """Wait until it has printed this."""
        until(lambda: text in self.said() or None, f"{text!r} in:\n{self.said()}")

    def ask(self, method: str, path: str, token: str = "", body: object = None) -> Answer:
        """Ask for something below /api/v1, or for another page by its whole path."""
        headers = {"content-type": "application/json", **({"authorization": f"Bearer {token}"} if token else {})}
        whole = path if path.startswith(("/health", "/openapi")) else f"/api/v1{path}"
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + whole, data, headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE) as response:
                return Answer(response.status, json.load(response))
        except urllib.error.HTTPError as error:
            return Answer(error.code, json.load(error))

    def sign_in(self, email: str) -> dict[str, str]:
        """Who signs in, with the token to use."""
        answer = self.ask("POST", "/auth/sign-in", body={"email": email, "password": PASSWORD})
        assert answer.status == 200, answer
        assert isinstance(answer.data, dict)
        return {"token": answer.data["access_token"], "id": answer.data["person"]}

    def children(self) -> list[int]:
        """The processes it has started."""
        pid = self.process.pid
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]

    def stop(self, number: signal.Signals = signal.SIGINT) -> int:
        """Tell it to end, and wait."""
        self.process.send_signal(number)
        return self.process.wait(timeout=PATIENCE)


@dataclass(frozen=True)
class Shell:
    """Somebody in a folder."""

    folder: Path

    def environment(self, **settings: str) -> dict[str, str]:
        """Theirs, without settings of ours."""
        kept = {key: value for key, value in os.environ.items() if not key.startswith(("FREEHOLD_", "COLUMNS"))}
        return {**kept, **settings, "NO_COLOR": "1"}

    def run(self, *arguments: str, code: int = 0, given: str = "", **settings: str) -> str:
        """Run `freehold` to its end, which must have this code. Gives all it has printed."""
        done = subprocess.run(
            [FREEHOLD, *arguments], cwd=self.folder, env=self.environment(**settings), input=given, timeout=PATIENCE,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == code, f"{done.returncode} instead of {code}:\n{done.stdout}"
        return done.stdout

    def json(self, *arguments: str, code: int = 0, **settings: str) -> object:
        """The same, for what it prints as JSON."""
        return json.loads(self.run(*arguments, "--json", code=code, **settings))

    @contextmanager
    def running(self, *arguments: str, **settings: str) -> Iterator[Running]:
        """A server, on a port that is free."""
        output = self.folder.parent / f"{self.folder.name}.{time.monotonic_ns()}.out"
        with output.open("wb") as out:
            process = subprocess.Popen(
                [FREEHOLD, *arguments, "--port", "0"], cwd=self.folder, env=self.environment(**settings),
                stdout=out, stderr=subprocess.STDOUT,
            )  # fmt: skip
        try:
            yield Running(process, output)
        finally:
            if process.poll() is None:
                process.terminate()
                try:
                    process.wait(timeout=PATIENCE)
                finally:
                    process.kill()

    def edit(self, old: str, new: str, file: str = "app.py") -> None:
        """Save a file in which something has become something else."""
        path = self.folder / file
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new))


def with_example(folder: Path) -> Shell:
    """A folder with the first example in it, as app.py."""
    folder.mkdir(exist_ok=True)
    shutil.copy(EXAMPLE, folder / "app.py")
    return Shell(folder)


def is_alive(pid: int) -> bool:
    """Whether there is such a process, and it is not only waiting to be noticed as ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
