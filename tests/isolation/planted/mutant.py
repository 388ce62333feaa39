"""A leak that somebody could write: which lines, and which layers must be off for it to be one."""

from dataclasses import dataclass

from tests.isolation.surgery import Break


@dataclass(frozen=True)
class Mutant:
    """A planted leak. `off` names the layers that would mask it: what another layer catches is no leak."""

    name: str
    breaks: tuple[Break, ...]
    off: tuple[str, ...] = ()
    app: str = "01_tasks"
    attacks: tuple[str, ...] = ()
    """Where to look, to save time. Without: everywhere."""
    excuse: str = ""
    """Why it may survive."""
    store: str = "sqlite"
    """The store that it is planted in."""
    tier: str = "schema"
    """Where its tenants lie, on PostgreSQL."""
