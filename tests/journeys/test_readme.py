"""The README's transcript, typed into a real shell against a real server."""

import re
import socket
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FREEHOLD = Path(sys.executable).with_name("freehold")
STARTED = re.compile(rb"auth/sign-in")


def transcript() -> str:
    """What the README says to type in another terminal, as one script."""
    block = re.findall(r"```console\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)[1]
    lines = re.sub(r"\\\n\s*", "", block).splitlines()  # a backslash goes on in the next line
    typed = [line.removeprefix("$ ") for line in lines if line.startswith("$ ")]
    return "\n".join(typed)


@pytest.fixture(scope="module")
def port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="module", params=["sqlite", "postgres", "dynamodb"])
def server(port: int, request: pytest.FixtureRequest) -> Iterator[int]:
    """TeamFlow as `make dev` starts it, in a folder of its own, on each store."""
    command = [str(FREEHOLD), "dev", str(ROOT / "examples" / "teamflow"), "--demo", "--port", str(port)]
    with (
        tempfile.TemporaryDirectory(prefix="freehold-") as folder,
        subprocess.Popen(
            [*command, "--store", request.param, "--data", folder],
            cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        ) as process,
    ):  # fmt: skip
        assert process.stdout is not None
        seen = b""
        while not STARTED.search(seen):
            line = process.stdout.readline()
            assert line, seen.decode()
            seen += line
        yield port
        process.terminate()
        process.communicate(timeout=20)


def test_the_transcript_can_be_pasted(server: int) -> None:
    script = transcript().replace("127.0.0.1:8000", f"127.0.0.1:{server}")
    ran = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script], capture_output=True, text=True, timeout=60, check=False
    )
    assert ran.returncode == 0, ran.stderr
    answers = ran.stdout.strip()
    assert '"title":"Say hello"' in answers
    assert '"code":"TASK_NOT_FOUND","message":"There is no such task here."' in answers
    assert answers.endswith("}}")


def test_the_docs_page_is_there_without_a_network(server: int) -> None:
    with urllib.request.urlopen(f"http://127.0.0.1:{server}/docs", timeout=10) as page:
        text = page.read().decode()
    assert "<html" in text.lower()
    assert not re.search(r"(src|href)=\"https?://", text)
