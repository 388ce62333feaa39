"""The environment, read once, into one frozen value. Nothing else reads it."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from freehold.model.finding import Finding, ModelError, Place


@dataclass(frozen=True, slots=True)
class Settings:
    """What can be set from outside: `FREEHOLD_<NAME>` for each field. The defaults suit a laptop."""

    environment: str = "local"
    """Which adapters `app.provide` chooses, by name."""
    data: str = ".freehold"
    """The folder for the database and the keys."""
    store: str = "sqlite"
    """Where entities are kept. One of `freehold.wiring.STORES`."""
    database_url: str = ""
    """The database of the store `postgres`: who serves connects with it."""
    owner_url: str = ""
    """The same database for who may make roles and schemas, to migrate. Without it, `database_url` is used."""
    tier: str = "schema"
    """Where new tenants of the store `postgres` go: `schema`, or `pool`."""
    connections: int = 20
    """How many connections to a database server to have at most."""
    database_seconds: float = 5.0
    """How long a database server may take to answer, in seconds."""
    pooler: bool = False
    """Whether a pooler in transaction mode that knows no prepared statements stands before the database."""
    table: str = "freehold"
    """The table of the store `dynamodb`."""
    table_endpoint: str = ""
    """Where the table is, if not at AWS: an emulator."""
    data_role: str = ""
    """The ARN of the role whose sessions reach one tenant's items each. Without it, only the program keeps to them."""
    platform_role: str = ""
    """The ARN of the role that reaches the platform's items, and several tenants' in one transaction."""
    aws_client: str = "own"
    """What calls AWS: `own`, or `boto3`."""
    canaries: str = ""
    """Ids of tenants that are migrated before all others, separated by commas."""
    issuer: str = "freehold"
    """The `iss` of the access tokens we sign."""
    keys: str = ""
    """The key ring as secret text. Without it, a file in `data` is made and used."""
    issuers: str = "[]"
    """Outside OIDC issuers to believe, as JSON: see `docs/howto/oidc.md`."""
    workers: int = 16
    """Threads that run use cases."""
    queue_depth: int = 20
    """How many calls of one tenant may wait."""
    queue_seconds: float = 0.25
    """How long a call may wait before it is answered 503."""
    body_limit: int = 1_048_576
    """The largest request body, in bytes."""
    cors_origins: str = ""
    """Origins that browsers may call from, separated by commas. There is no wildcard."""
    tenant_limit: str = "60000/minute"
    """How many calls one tenant may make."""
    principal_limit: str = "30000/minute"
    """How many calls one member, key or address may make."""
    drain_seconds: float = 20.0
    """How long calls in flight may take once SIGTERM has come."""
    log_level: str = "info"
    """debug, info, warning or error."""

    @property
    def database_file(self) -> str:
        """Where the embedded store keeps everything."""
        return str(Path(self.data) / "data.db")

    @property
    def outside_issuers(self) -> list[dict[str, object]]:
        """The outside issuers, as written. Raises `ModelError` (FH401) when it is not a JSON list of objects."""
        try:
            read = json.loads(self.issuers)
        except ValueError:
            read = None
        if not isinstance(read, list) or not all(isinstance(one, dict) for one in read):
            raise _wrong("issuers", "it is not a JSON list of objects", "see docs/howto/oidc.md")
        return read


OURS, DESTINATION = "FREEHOLD_", "FREEHOLD_TO_"
"""What the names of settings begin with; and those of the deployment that a tenant is moved to."""


def from_environment(
    environment: Mapping[str, str] | None = None, prefix: str = OURS, usual: Settings | None = None
) -> Settings:
    """Read `FREEHOLD_*`; what it does not say is as in `usual`, by default the defaults.

    Raises `ModelError` (FH401) for a name that does not exist or a value that will not do.
    """
    everything = (environment or os.environ).items()
    given = {key: value for key, value in everything if key.startswith(prefix)}
    if prefix == OURS:
        given = {key: value for key, value in given.items() if not key.startswith(DESTINATION)}
    known = {f"{prefix}{field.name.upper()}": field for field in fields(Settings)}
    values: dict[str, Any] = {}
    for key, text in given.items():
        if key not in known:
            near = get_close_matches(key, known, 1)
            fix = f"write {near[0]}, or unset it" if near else f"unset it; there are: {', '.join(sorted(known))}"
            raise _wrong(key, "there is no such setting", fix)
        values[known[key].name] = _value(key, text, known[key].name, known[key].default)
    return replace(usual or Settings(), **values)


def amazon() -> dict[str, str]:
    """What the environment says of AWS, in AWS's own names: region, endpoints, and where credentials come from."""
    return {key: value for key, value in os.environ.items() if key.startswith("AWS_")}


_READ: Mapping[type, tuple[Callable[[str], object], str]] = {
    str: (str, "text"),
    int: (int, "a whole number"),
    float: (float, "a number"),
    bool: ({"true": True, "false": False}.__getitem__, "true or false"),
}


def _at_least(least: int) -> tuple[Callable[[Any], bool], str]:
    return lambda value: value >= least, f"at least {least}"


def _one_of(*names: str) -> tuple[Callable[[Any], bool], str]:
    return names.__contains__, f"one of {', '.join(names)}"


_SOME_TIME: tuple[Callable[[Any], bool], str] = (lambda value: value > 0, "more than 0 seconds")
_FITS: Mapping[str, tuple[Callable[[Any], bool], str]] = {
    "tier": _one_of("schema", "pool"), "aws_client": _one_of("own", "boto3"),
    "log_level": _one_of("debug", "info", "warning", "error"), "connections": _at_least(1), "workers": _at_least(3),
    "queue_depth": _at_least(1), "body_limit": _at_least(1), "drain_seconds": _at_least(0),
    "database_seconds": _SOME_TIME, "queue_seconds": _SOME_TIME,
}  # fmt: skip
"""What a value must be, besides of its type."""


def _value(key: str, text: str, name: str, default: object) -> object:
    read, kind = _READ[type(default)]
    try:
        value = read(text.lower() if name == "log_level" else text)
    except (ValueError, KeyError):
        raise _wrong(key, f"{text!r} is not {kind}", _unset(default)) from None
    fits, wanted = _FITS.get(name, (None, kind))
    if fits is not None and not fits(value):
        raise _wrong(key, f"{text!r} is not {wanted}", _unset(default))
    return value


def _unset(default: object) -> str:
    return f"set it so, or unset it: then it is {default}"


def _wrong(name: str, message: str, fix: str) -> ModelError:
    return ModelError([Finding("FH401", Place("environment", 0), f"{name}: {message}", fix)])
