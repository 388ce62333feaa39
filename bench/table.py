"""Reports: Markdown for people, JSON for programs, from the same figures."""

import json
import os
import platform
import shutil
import statistics
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from bench.process import ROOT, WORK

RESULTS = ROOT / "bench" / "results"
Item = TypeVar("Item")


@dataclass(slots=True)
class Table:
    """A caption, a head and rows of text, whose first columns are words and whose others are figures."""

    caption: str
    head: Sequence[str]
    rows: list[Sequence[str]] = field(default_factory=list)
    words: int = 1

    def markdown(self) -> str:
        """Return the table as Markdown, with columns that line up."""
        widths = [max(len(row[at]) for row in (self.head, *self.rows)) for at in range(len(self.head))]
        rules = ("-" * (width + 1) + ("-" if at < self.words else ":") for at, width in enumerate(widths))
        lines = [self._line(self.head, widths), f"|{'|'.join(rules)}|"]
        return "\n".join((self.caption, "", *lines, *(self._line(row, widths) for row in self.rows)))

    def _line(self, row: Sequence[str], widths: Sequence[int]) -> str:
        pairs = enumerate(zip(row, widths, strict=True))
        cells = [cell.ljust(width) if at < self.words else cell.rjust(width) for at, (cell, width) in pairs]
        return "| " + " | ".join(cells) + " |"


@dataclass(slots=True)
class Report:
    """What one bench found."""

    name: str
    versions: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    tables: list[Table] = field(default_factory=list)
    data: dict[str, object] = field(default_factory=dict)
    began: float = field(default_factory=time.time)
    load_before: float = field(default_factory=lambda: os.getloadavg()[0])

    def markdown(self) -> str:
        """Return everything, to be read or to be pasted into RESULTS.md."""
        facts = machine() | {"load before and after": f"{self.load_before:.1f}, {os.getloadavg()[0]:.1f}"}
        lines = [f"## bench {self.name}, {time.strftime('%Y-%m-%d', time.gmtime(self.began))}", ""]
        lines += [f"Machine: {', '.join(f'{key} {value}' for key, value in facts.items())}."]
        lines += [f"{key}: {value}." for key, value in self.versions.items()]
        lines += ["", *(f"* {note}" for note in self.notes)] if self.notes else []
        for table in self.tables:
            lines += ["", table.markdown()]
        return "\n".join(lines) + "\n"

    def save(self, path: Path | None) -> Path:
        """Write the figures as JSON, every single run of them."""
        path = path or RESULTS / f"{self.name}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        whole = {"bench": self.name, "began": self.began, "machine": machine(), "versions": self.versions}
        path.write_text(json.dumps(whole | {"notes": self.notes, "data": self.data}, indent=1) + "\n")
        return path


def machine() -> dict[str, str]:
    """Return what the figures depend on besides the code."""
    model = "unknown CPU"
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        lines = [line for line in cpuinfo.read_text().splitlines() if line.startswith("model name")]
        model = lines[0].partition(":")[2].strip() if lines else model
    return {
        "CPU": f"{model} x {os.cpu_count()}",
        "Python": platform.python_version(),
        "Linux": platform.release(),
        "fdatasync": f"{sync_time():.2f} ms",
        "load generator": "wrk" if shutil.which("wrk") else "own",
    }


def sync_time() -> float:
    """Return the median time in ms that one written page takes to the disk."""
    WORK.mkdir(exist_ok=True)
    probe, times = WORK / "sync-probe", []
    with probe.open("wb", buffering=0) as file:
        for _ in range(50):
            file.write(b"x" * 4096)
            begun = time.perf_counter()
            os.fdatasync(file.fileno())
            times.append(time.perf_counter() - begun)
    probe.unlink()
    return statistics.median(times) * 1e3


def spread(values: Sequence[float], digits: int = 2) -> str:
    """Return the median, and the range when there is one: `1.92 (1.80-2.05)`."""
    middle = f"{statistics.median(values):.{digits}f}"
    return middle if len(values) == 1 else f"{middle} ({min(values):.{digits}f}-{max(values):.{digits}f})"


def ratio(of: Sequence[float], to: Sequence[float]) -> str:
    """Return the median and range of the ratios of runs that were made next to one another."""
    return spread([a / b for a, b in zip(of, to, strict=True) if b] or [float("nan")]) + "x"


def interleaved(items: Sequence[Item], rounds: int) -> Iterator[tuple[int, Item]]:
    """Go round the items again and again, each time beginning with the next one, so that noise falls on all alike."""
    for turn in range(rounds):
        first = turn % len(items)
        for item in (*items[first:], *items[:first]):
            yield turn, item
