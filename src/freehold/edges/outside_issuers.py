"""The issuers outside, as the setting `FREEHOLD_ISSUERS` names them."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Literal
from urllib.error import HTTPError
from urllib.request import (
    HTTPDefaultErrorHandler,
    HTTPErrorProcessor,
    HTTPHandler,
    HTTPSHandler,
    OpenerDirector,
    ProxyHandler,
    Request,
)

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from freehold.edges.issuers import EVERY_TENANT, Issuer
from freehold.edges.jwks import ALGORITHMS, INSTALLED, Fetch, FetchedKeys, FixedKeys, IssuerKeys
from freehold.model.finding import Finding, ModelError, Place
from freehold.runtime.ports import Clock

LARGEST = 1 << 20
"""Bytes. The key set of an issuer is a few thousand."""
PATIENCE = 5.0
"""Seconds that a key set may take to come."""
FIX = "see docs/howto/oidc.md"
EXTRA = '`pip install "freehold[oidc]"`, or `"algorithms": ["EdDSA"]` if that is how the issuer signs'


class IssuerSetting(BaseModel):
    """One issuer in the setting. The fields are those of `Issuer`, but for `jwks`."""

    model_config = ConfigDict(extra="forbid", strict=True)

    issuer: str
    audience: str | list[str]
    jwks: str | dict[str, object]
    """The key set itself, the path of a file with it, or the https address where the issuer keeps it."""
    tenant: str = ""
    tenant_claim: str = ""
    tenants: Literal["*"] | list[str] = Field(default_factory=list)
    """Those it may name: their ids, or `*` for all, when nobody but ourselves can write its claims."""
    algorithms: list[str] = Field(default_factory=list)
    token_types: list[str] = Field(default_factory=list)
    exactly: dict[str, str] = Field(default_factory=dict)
    audience_claim: str = "aud"
    shared: bool = False
    session_claim: str = "sid"
    longest: int = 3600

    def issuer_with(self, keys: IssuerKeys) -> Issuer:
        """The issuer this describes. Raises `ValueError` when it trusts more than can have been meant."""
        given = {name: getattr(self, name) for name in self.model_fields_set - {"jwks"}}
        if "tenants" in given:
            given["tenants"] = EVERY_TENANT if self.tenants == "*" else frozenset(self.tenants)
        if "algorithms" in given:
            given["algorithms"] = tuple(self.algorithms)
        if "token_types" in given:
            given["token_types"] = frozenset(self.token_types)
        return Issuer(keys=keys, **given)

    def lacking(self) -> list[str]:
        """Its algorithms that cannot be checked here until the extra `oidc` is installed."""
        return [name for name in self.algorithms or Issuer.algorithms if name in ALGORITHMS and name not in INSTALLED]

    def keys(self, clock: Clock, fetch: Fetch) -> IssuerKeys:
        """Where its keys come from. Raises `ValueError` or `OSError`. An address is first asked for the first token."""
        if isinstance(self.jwks, dict):
            return FixedKeys(json.dumps(self.jwks))
        return FetchedKeys(self.jwks, fetch, clock) if "://" in self.jwks else FixedKeys.from_file(Path(self.jwks))


def read_issuers(written: Iterable[Mapping[str, object]], clock: Clock, fetch: Fetch) -> tuple[Issuer, ...]:
    """Read all of them. Raises `ModelError` (FH401) with everything that is wrong."""
    issuers: list[Issuer] = []
    found: list[Finding] = []
    for number, one in enumerate(written, 1):
        place = Place("FREEHOLD_ISSUERS", number)
        try:
            read = IssuerSetting.model_validate(one)
            if lacking := read.lacking():
                message = f"issuers: {read.issuer} signs with {', '.join(lacking)}: that needs cryptography"
                found.append(Finding("FH401", place, message, EXTRA))
            else:
                issuers.append(read.issuer_with(read.keys(clock, fetch)))
        except ValidationError as error:
            for problem in error.errors(include_url=False, include_input=False):
                where = ".".join(map(str, problem["loc"]))
                found.append(Finding("FH401", place, f"issuers: `{where}`: {problem['msg']}", FIX))
        except (ValueError, OSError) as error:
            found.append(Finding("FH401", place, f"issuers: {error}", FIX))
    if len({one.issuer for one in issuers}) != len(issuers):
        found.append(Finding("FH401", Place("FREEHOLD_ISSUERS", 0), "issuers: two have the same `issuer`", FIX))
    if found:
        raise ModelError(found)
    return tuple(issuers)


def fetched(url: str) -> bytes:
    """What is at an https address. Raises `OSError` when it is slow, large, elsewhere, or not there."""
    ends = time.monotonic() + PATIENCE
    request = Request(url, headers={"Accept": "application/json"})  # noqa: S310  # `FetchedKeys` takes https only
    body = b""
    try:
        with _opener().open(request, timeout=PATIENCE) as answer:
            while chunk := answer.read1(1 << 16):
                body += chunk
                if len(body) > LARGEST or time.monotonic() > ends:
                    raise OSError("too large, or too slow")
    except HTTPError as refused:
        refused.close()
        raise OSError(f"answered with {refused.code}") from None
    return body


def _opener() -> OpenerDirector:
    """An opener that takes a redirect for an error: the address in the setting is the trusted one (ASVS V15.3.2)."""
    opener = OpenerDirector()
    for handler in (ProxyHandler(), HTTPHandler(), HTTPSHandler(), HTTPErrorProcessor(), HTTPDefaultErrorHandler()):
        opener.add_handler(handler)
    return opener
