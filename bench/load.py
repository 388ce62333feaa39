"""Load from another process: wrk where it is installed, else the bench's own generator, which also does open loops."""

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NamedTuple

from bench.process import LOAD_CORE, ROOT, WORK, CannotRun, environment, pin
from bench.stacks import Settings

SCRIPT = ROOT / "bench" / "tasks.lua"
MOST_CONNECTIONS = 8_000


@dataclass(frozen=True, slots=True)
class Measured:
    """What a load saw. Latencies are milliseconds of good answers; `ok` are 2xx answers within the deadline."""

    seconds: float
    sent: int
    ok: int
    refused: int
    late: int
    broken: int
    p50: float
    p95: float
    p99: float
    lag: float = 0.0

    @property
    def per_second(self) -> float:
        """Good answers a second."""
        return self.ok / self.seconds

    @property
    def success(self) -> float:
        """The share of requests that got a good answer."""
        return self.ok / self.sent if self.sent else 0.0

    def data(self) -> dict[str, float]:
        """Return everything as plain data."""
        return asdict(self) | {"per_second": self.per_second, "success": self.success}


class Call(NamedTuple):
    """What has become of one call. Times are of the system's monotonic clock, in seconds, in whichever process."""

    meant: float
    """When it was to be sent."""
    ended: float
    status: int
    """0 when there was no answer."""


@contextmanager
def written(requests: Sequence[bytes]) -> Iterator[Path]:
    """Keep rendered requests in a file for as long as they are needed."""
    WORK.mkdir(exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=WORK, suffix=".requests") as file:
        file.write(b"\0".join(requests))
        file.flush()
        yield Path(file.name)


def percentile(values: Sequence[float], share: float) -> float:
    """Return the value that a share of the sorted values does not exceed; 0 when there are none."""
    return values[min(len(values) - 1, int(len(values) * share))] if values else 0.0


def closed(port: int, requests: Sequence[bytes], connections: int, seconds: float, settings: Settings) -> Measured:
    """Keep a number of connections busy for some seconds."""
    with written(requests) as file:
        if shutil.which("wrk"):
            return with_wrk(port, file, connections, seconds, settings)
        return finish(begin(port, file, None, seconds, settings, connections=connections, deadline=10.0))


def with_wrk(port: int, file: Path, connections: int, seconds: float, settings: Settings) -> Measured:
    """Let wrk do it, with one thread."""
    command = ["wrk", "-t1", f"-c{connections}", f"-d{max(1, round(seconds))}s", "--timeout", "10s", "-s", str(SCRIPT)]
    child = subprocess.Popen(
        [*command, f"http://127.0.0.1:{port}", "--", str(file)], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    pin(child.pid, settings.core(LOAD_CORE))
    out, err = child.communicate(timeout=seconds + 30)
    if child.returncode:
        raise CannotRun(f"wrk: {err.decode().strip()}")
    said = json.loads(out.decode().strip().splitlines()[-1])
    sent = said["requests"] + said["broken"]
    ok = said["requests"] - said["refused"]
    times = {name: said[name] for name in ("p50", "p95", "p99")}
    return Measured(said["seconds"], sent, ok, said["refused"], 0, said["broken"], **times)


def begin(
    port: int,
    file: Path,
    rate: float | None,
    seconds: float,
    settings: Settings,
    *,
    connections: int = MOST_CONNECTIONS,
    deadline: float = 1.0,
) -> subprocess.Popen[str]:
    """Start a generator and return it. `rate` is requests a second on average; None is a closed loop."""
    plan = {"port": port, "requests": str(file), "rate": rate, "seconds": seconds}
    plan |= {"connections": connections, "deadline": deadline}
    child = subprocess.Popen(
        [sys.executable, "-m", "bench.generator"],
        cwd=ROOT,
        env=environment({}),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    pin(child.pid, settings.core(LOAD_CORE))
    assert child.stdin
    child.stdin.write(json.dumps(plan))
    child.stdin.close()
    child.stdin = None
    return child


def calls_of(child: subprocess.Popen[str]) -> list[Call]:
    """Wait for a generator, and return what has become of each call."""
    return [Call(*one) for one in told(child)["calls"]]


def told(child: subprocess.Popen[str]) -> dict[str, Any]:
    """Wait for a generator, and return what it says."""
    out, err = child.communicate(timeout=180)
    if child.returncode:
        raise CannotRun(f"The load generator failed: {err.strip()[-800:]}")
    said: dict[str, Any] = json.loads(out)
    return said


def finish(child: subprocess.Popen[str]) -> Measured:
    """Wait for a generator, and return what it saw."""
    seen = told(child)
    times, lags = sorted(seen["latencies"]), sorted(seen["lags"])
    refused = sum(count for status, count in seen["statuses"].items() if not status.startswith("2"))
    return Measured(
        seconds=seen["seconds"],
        sent=seen["sent"],
        ok=len(times),
        refused=refused,
        late=seen["late"],
        broken=seen["broken"],
        p50=percentile(times, 0.50),
        p95=percentile(times, 0.95),
        p99=percentile(times, 0.99),
        lag=percentile(lags, 0.99),
    )
