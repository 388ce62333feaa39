"""What the suite has tried, what leaked, and what it could not try."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

WIDE = 68
PROVE = "give `Field(examples=[...])` to its inputs, or `samples`; or name it as unproven"
SHOWN = 40
"""So many entries of a list are told; of the rest, how many there are."""


class Sort(StrEnum):
    """In which way something leaked."""

    DATA = "data"
    """Something of B's reached A: a text, a number or an id."""
    STATE = "state"
    """Something on B's ground changed."""
    ORACLE = "oracle"
    """A can tell what exists on B's ground from what does not."""
    DOOR = "door"
    """Somebody was let in who should not be, though nothing of B's was seen."""
    BINDING = "binding"
    """Somebody entered a tenant of their own that their token does not name. Nobody else's was reached."""
    CONTRACT = "contract"
    """A layer did not refuse what it must refuse; nothing came of it."""


@dataclass(frozen=True, slots=True)
class Case:
    """One thing that was tried."""

    attack: str
    operation: str
    actor: str
    variant: str = ""

    def __str__(self) -> str:
        """As it is shown."""
        return f"{self.attack} {self.operation} as {self.actor}" + (f" ({self.variant})" if self.variant else "")


@dataclass(frozen=True, slots=True)
class Leak:
    """A case in which a tenant reached what is not its own, and how to do it again."""

    case: Case
    sort: Sort
    what: str
    again: str = ""

    def __str__(self) -> str:
        """As it is shown."""
        return f"{self.case}: {self.sort}: {self.what}" + (f"\n    {self.again}" if self.again else "")


@dataclass(frozen=True, slots=True)
class Fault:
    """A request that was answered with an internal error. No leak, and yet a bug."""

    case: Case
    what: str
    again: str


@dataclass
class Report:
    """The outcome of a run."""

    app: str
    seed: int
    titles: Mapping[str, str] = field(default_factory=dict)
    """What each attack is, by its id."""
    cases: list[Case] = field(default_factory=list)
    leaks: list[Leak] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    exercised: set[str] = field(default_factory=set)
    """Operations that did succeed for their own tenant."""
    unexercised: dict[str, str] = field(default_factory=dict)
    """Operations that never did, and the last answer."""
    unproven: frozenset[str] = frozenset()
    """Those that need not, since somebody has said so."""
    empty: list[str] = field(default_factory=list)
    """Lists that were never seen with anything in them."""
    gaps: list[str] = field(default_factory=list)
    """Routes, store methods and handlers that nothing was tried on."""
    inapplicable: dict[str, str] = field(default_factory=dict)
    """Attacks that do not apply here, and why."""
    uncovered: dict[str, str] = field(default_factory=dict)
    """Attacks that could apply and are not tried, and why."""
    crashes: dict[str, str] = field(default_factory=dict)
    """Attacks that could not be carried out to the end, and what went wrong."""
    spent: dict[str, float] = field(default_factory=dict)
    """Seconds that each attack took."""
    requests: int = 0
    seconds: float = 0.0

    @property
    def ok(self) -> bool:
        """Whether nothing leaked, nothing was left out, and everything did succeed for its own tenant.

        What refuses everybody leaks nothing, and that shows nothing.
        """
        shown = self.unexercised.keys() <= self.unproven
        return shown and not self.leaks and not self.gaps and not self.crashes

    def by_attack(self) -> dict[str, int]:
        """How many cases of each attack."""
        return dict(sorted(Counter(case.attack for case in self.cases).items()))

    def by_operation(self) -> dict[str, int]:
        """How many cases on each operation."""
        return dict(sorted(Counter(case.operation for case in self.cases).items()))

    def lines(self) -> Iterator[str]:
        """The report as text."""
        leaks = Counter(leak.case.attack for leak in self.leaks)
        yield self._summary()
        yield ""
        for attack, count in self.by_attack().items():
            marks = f"  {leaks[attack]} LEAKS" if leaks[attack] else ""
            yield f"  {attack:<6}{self.titles.get(attack, '')[:WIDE]:<{WIDE + 2}}{count:>6}{marks}"
        yield from self._listed("leaks", [str(leak) for leak in self.leaks])
        yield from self._listed(
            "internal errors", [f"{fault.case}: {fault.what}\n    {fault.again}" for fault in self.faults]
        )
        yield from self._listed("left out", self.gaps)
        yield from self._listed("broke down", _pairs(self.crashes))
        yield from self._listed("never succeeded for its own tenant, which shows nothing", _pairs(self.unexercised))
        if not self.unexercised.keys() <= self.unproven:
            yield f"  {PROVE}"
        yield from self._listed("a list that was always empty, which shows little", self.empty)
        yield from self._listed("does not apply here", _pairs(self.inapplicable))
        yield from self._listed("not covered", _pairs(self.uncovered))

    def as_json(self) -> dict[str, object]:
        """The report for machines."""
        return {
            "app": self.app,
            "seed": self.seed,
            "ok": self.ok,
            "cases": len(self.cases),
            "requests": self.requests,
            "seconds": round(self.seconds, 2),
            "by_attack": self.by_attack(),
            "spent": {attack: round(seconds, 2) for attack, seconds in self.spent.items()},
            "by_operation": self.by_operation(),
            "leaks": [_leak(leak) for leak in self.leaks],
            "faults": [{"case": str(fault.case), "what": fault.what, "again": fault.again} for fault in self.faults],
            "exercised": sorted(self.exercised),
            "unexercised": self.unexercised,
            "empty": self.empty,
            "gaps": self.gaps,
            "crashes": self.crashes,
            "inapplicable": self.inapplicable,
            "uncovered": self.uncovered,
        }

    def _summary(self) -> str:
        word = "leak" if len(self.leaks) == 1 else "leaks"
        done, everything = len(self.exercised), len(self.exercised) + len(self.unexercised)
        return (
            f"{self.app}: {len(self.cases):,} cases, {self.requests:,} requests, {len(self.leaks)} {word}, "
            f"{done} of {everything} operations succeeded for their own tenant, "
            f"{self.seconds:.1f} s, seed {self.seed}"
        )

    def _listed(self, title: str, entries: list[str]) -> Iterator[str]:
        if entries:
            yield ""
            yield f"{title}:"
            yield from (f"  {entry}" for entry in entries[:SHOWN])
            if len(entries) > SHOWN:
                yield f"  and {len(entries) - SHOWN} more"


def _pairs(found: Mapping[str, str]) -> list[str]:
    return [f"{name:<6}{why}" if len(name) < 6 else f"{name}: {why}" for name, why in found.items()]  # noqa: PLR2004  # the width of a column


def _leak(leak: Leak) -> dict[str, str]:
    case = leak.case
    return {
        "attack": case.attack, "operation": case.operation, "actor": case.actor, "variant": case.variant,
        "sort": leak.sort.value, "what": leak.what, "again": leak.again,
    }  # fmt: skip
