"""bench lifecycle, in part: a tenant is moved while it is asked, and a neighbour beside it. Every call is counted."""

import shutil
import subprocess
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench import load, ours
from bench.ground import raw
from bench.load import Call
from bench.process import ROOT, SERVER_CORE, CannotRun, free_port, serving
from bench.stacks import Settings
from bench.table import Table

if TYPE_CHECKING:
    from bench.lifecycle import Walk

RATE = 25.0
"""Writes a second of each tenant, and as many reads."""
BEFORE, AFTER = 2.0, 3.0
"""Seconds that are asked before a move, and after it."""
MOST_SECONDS, DEADLINE = 900.0, 30.0
NEAR = 1_000
"""Tasks of the neighbour."""
MOST_TO_DYNAMODB = 10_000
"""Tasks of the tenant that moves there, at most: roto takes minutes for 100,000."""
NAMES = {"postgres": "PostgreSQL", "dynamodb": "DynamoDB"}
FAILED = 500
"""The first status after which a write may have been done or not."""


@dataclass(frozen=True, slots=True)
class Asking:
    """What a tenant is asked with: a token, projects to create tasks in, and tasks to look at."""

    token: str
    projects: Sequence[str]
    tasks: Sequence[str]

    def requests(self, kind: str) -> list[bytes]:
        """The requests of a kind, `writes` or `reads`."""
        if kind == "reads":
            return [raw("GET", f"/tasks/{one}", self.token) for one in self.tasks]
        bodies = [{"title": f"While it moved, {number}"} for number in range(1000)]
        paths = [f"/projects/{one}/tasks" for one in self.projects]
        return [raw("POST", paths[at % len(paths)], self.token, body) for at, body in enumerate(bodies)]


KINDS = ("writes", "reads")
Calls = dict[tuple[str, str], list[Call]]
"""By tenant and kind."""


@dataclass(slots=True)
class Move:
    """A move, what its verb said, and what has become of each call of the tenant and of a neighbour."""

    name: str
    moved: str
    tasks: int
    """That the tenant had before."""
    said: Mapping[str, object]
    calls: Calls
    there: Calls = field(default_factory=dict)
    """Those of the tenant at its destination, if that is another store: refused until it is let in there."""

    def created(self, slug: str) -> tuple[int, int]:
        """How many creates were acknowledged, and of how many nobody knows."""
        calls = [*self.calls.get((slug, "writes"), ()), *self.there.get((slug, "writes"), ())]
        return sum(_is_good(one) for one in calls), sum(one.status == 0 or one.status >= FAILED for one in calls)

    def rows(self) -> Iterator[tuple[str, str, list[Call], float]]:
        """Who, what kind, the calls, and for how many seconds none of them was answered."""
        let_in = min((one.ended for calls in self.there.values() for one in calls if _is_good(one)), default=None)
        for (slug, kind), calls in self.calls.items():
            if slug != self.moved or let_in is None:
                yield "moved" if slug == self.moved else "neighbour", kind, calls, silence(calls)
                continue
            here = [one for one in calls if one.meant < let_in]
            there = [one for one in self.there[slug, kind] if one.meant >= let_in or _is_good(one)]
            yield "moved", kind, here, silence([*here, *there])
            yield "moved, once there", kind, there, silence(there)


def silence(calls: Sequence[Call]) -> float:
    """The longest time without a good answer, in seconds, from the first call on."""
    ends = [min(one.meant for one in calls), *sorted(one.ended for one in calls if _is_good(one))]
    return max((after - before for before, after in pairwise(ends)), default=float("inf"))


def _is_good(call: Call) -> bool:
    return 200 <= call.status < 300  # noqa: PLR2004


class Load:
    """A steady load on some tenants of a server; each kind comes from a process of its own."""

    def __init__(self, port: int, tenants: Mapping[str, Asking], settings: Settings) -> None:
        """Begin."""
        self._files = ExitStack()
        self._running: dict[tuple[str, str], subprocess.Popen[str]] = {}
        for slug, asking in tenants.items():
            for kind in KINDS:
                file = self._files.enter_context(load.written(asking.requests(kind)))
                child = load.begin(port, file, RATE, MOST_SECONDS, settings, deadline=DEADLINE)
                self._running[slug, kind] = child

    def end(self, *slugs: str) -> Calls:
        """End the load on some tenants, and return what has become of it."""
        keys = [key for key in self._running if key[0] in slugs]
        for key in keys:
            self._running[key].terminate()
        return {key: load.calls_of(self._running.pop(key)) for key in keys}

    def close(self) -> None:
        """End what is left of it, and do away with its files."""
        for child in self._running.values():
            child.kill()
            child.communicate()
        self._files.close()


@contextmanager
def loaded(port: int, tenants: Mapping[str, Asking], settings: Settings) -> Iterator[Load]:
    """Tenants are asked during a block, and for a while before it."""
    with closing(Load(port, tenants, settings)) as running:
        time.sleep(BEFORE)
        yield running


@contextmanager
def served(folder: Path, settings: Mapping[str, str], chosen: Settings) -> Iterator[int]:
    """A `freehold serve` of TeamFlow, and its port."""
    port = free_port()
    extra = {f"FREEHOLD_{name}": value for name, value in {**settings, "LOG_LEVEL": "warning"}.items()}
    extra |= ours.UNCONTROLLED  # what is refused is refused because of the move, and not since the machine is busy
    command = [ours.cli(), "serve", str(ROOT / "examples" / "teamflow"), "--port", str(port), "--data", str(folder)]
    with serving(command, port, extra, chosen.core(SERVER_CORE)):
        yield port


def every(own: Any, walk: "Walk", size: int, settings: Settings) -> list[Move]:
    """Move a tenant from SQLite into the pool of PostgreSQL, and there to a schema of its own; one more to DynamoDB."""
    pool = {**walk.postgres, "TIER": "pool"}
    moves = list(over_postgres(own, walk, size, pool, settings))
    with own.table(walk.folder / "roto") as table:
        few = min(size, MOST_TO_DYNAMODB)
        return [*moves, to_store(own, walk, f"dynamo-{few}", few, table, settings)[0]]


def over_postgres(own: Any, walk: "Walk", size: int, pool: Mapping[str, str], settings: Settings) -> Iterator[Move]:
    """Move a tenant from SQLite into the pool, and from there to a schema of its own."""
    slug, near = f"moved-{size}", f"near-{size}"
    move, asking = to_store(own, walk, slug, size, pool, settings)
    yield move
    to = walk.folder / slug
    asks = own.asking(to, pool, {near: NEAR}) | {slug: asking}
    counts = {name: own.tasks_of(to, pool, name) for name in asks}
    with served(to, pool, settings) as port, loaded(port, asks, settings) as asked:
        said = walk.verb("", "move", slug, "--tier", "schema", "--data", str(to), **walk.on())
        time.sleep(AFTER)
        move = Move("pool to schema, PostgreSQL", slug, size, said, asked.end(*asks))
    check(move, {name: (count, own.tasks_of(to, pool, name)) for name, count in counts.items()})
    yield move


def to_store(
    own: Any, walk: "Walk", slug: str, size: int, beyond: Mapping[str, str], settings: Settings
) -> tuple[Move, Asking]:
    """Move a tenant from a SQLite store of its own and a neighbour's to another one, asked in both.

    Returns the move, and what the tenant is asked with; the folder of the other is named by the tenant.
    """
    source, to = walk.folder / f"{slug} before", walk.folder / slug
    to.mkdir(parents=True)
    here = own.asking(source, {}, {slug: size, "near": NEAR})
    shutil.copy(source / "keys.json", to)  # a token is good for both
    leads = {f"FREEHOLD_TO_{name}": value for name, value in beyond.items()}
    with (
        served(source, {}, settings) as first,
        served(to, beyond, settings) as second,
        loaded(first, here, settings) as asked,
        loaded(second, {slug: here[slug]}, settings) as there,
    ):
        said = walk.verb("", "move", slug, "--to-store", beyond["STORE"], "--data", str(source), **leads)
        time.sleep(AFTER)
        move = Move(f"SQLite to {NAMES[beyond['STORE']]}", slug, size, said, asked.end(*here), there.end(slug))
    check(move, {slug: (size, own.tasks_of(to, beyond, slug)), "near": (NEAR, own.tasks_of(source, {}, "near"))})
    return move, here[slug]


def check(move: Move, tasks: Mapping[str, tuple[int, int]]) -> None:
    """Hold how many tasks there were and are against what was acknowledged. Raises `CannotRun`.

    So it does when a neighbour was refused anything.
    """
    for slug, (before, now) in tasks.items():
        created, unknown = move.created(slug)
        least = before + created
        if not least <= now <= least + unknown:
            raise CannotRun(f"{slug} has {now:,} tasks, and {least:,} were acknowledged, {unknown:,} not answered")
    for who, kind, calls, _ in move.rows():
        bad = Counter(one.status for one in calls if not _is_good(one))
        if bad and who != "moved":
            raise CannotRun(f"{move.name}: {kind} of the {who} ended so: {dict(bad)}")


def table(moves: Sequence[Move]) -> Table:
    """What has become of the calls."""
    head = ("move", "tasks", "who", "calls", "asked", "answered", "refused", "no answer", "none for ms", "slowest ms")
    caption = f"**A move while it is asked**: {RATE:.0f} writes and {RATE:.0f} reads a second of each tenant"
    made = Table(caption, head, words=4)
    for move in moves:
        for who, kind, calls, silent in move.rows():
            good = [one.ended - one.meant for one in calls if _is_good(one)]
            bad = Counter(one.status for one in calls if one.status and not _is_good(one))
            refused = ", ".join(f"{count} ({status})" for status, count in sorted(bad.items())) or "0"
            figures = [len(calls), len(good), refused, sum(not one.status for one in calls)]
            times = [f"{seconds * 1000:.0f}" for seconds in (silent, max(good, default=0.0))]
            made.rows.append([move.name, f"{move.tasks:,}", who, kind, *map(str, figures), *times])
    return made


def notes(moves: Sequence[Move]) -> list[str]:
    """What the verbs said, and what that means."""
    told = [
        f"{move.tasks:,} tasks, {move.name}, asked: pause {move.said['pause_ms']} ms"
        + (f", {move.said['waiting']} connections waited" if "waiting" in move.said else "")
        for move in moves
    ]
    return [
        *told,
        "none for: the longest time in which no call of the kind had a good answer, in either store",
        "a tenant that goes to another store is asked in both: counted is what was to be sent there once it was let in",
        "every create that was acknowledged was counted where the tenant has arrived, or the bench would have ended",
    ]


def data(moves: Sequence[Move]) -> dict[str, object]:
    """Everything but the single calls."""
    whole = table(moves)
    said = {f"{move.tasks} {move.name}": dict(move.said) for move in moves}
    return {"said": said, "rows": [dict(zip(whole.head, row, strict=True)) for row in whole.rows]}
