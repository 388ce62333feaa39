"""Who else may sign tokens for us, and on whose ground: the issuers outside that the configuration names.

An issuer is bound to the tenants it may speak for. Without that bond, a customer who brings an identity provider of
its own could write any tenant it likes into a token, and the signature would be right.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Container, Mapping
from dataclasses import dataclass, field

from freehold.edges.jwks import ALGORITHMS, IssuerKeys
from freehold.model.names import MAX, PLATFORM, is_id

ACCESS_TOKEN = "at+jwt"  # noqa: S105  # a media type
"""What the header of an access token says it is (RFC 9068, section 2.1). An ID token says something else."""

LONGEST_LIFE = 86400
"""Seconds: no issuer may be allowed tokens that live longer than a day."""

_VISIBLE = re.compile(r"[\x21-\x7e]{1,255}")


class _EveryTenant:
    """Holds every tenant."""

    def __contains__(self, tenant: object) -> bool:
        return True

    def __repr__(self) -> str:
        return "EVERY_TENANT"


EVERY_TENANT: Container[str] = _EveryTenant()
"""For an issuer that is ours in all but name, such as a user pool that only we write to. Never for a customer's."""


def is_tenant(value: object) -> bool:
    """Whether it names a tenant: a UUID in canonical lower case, and none that stands for something else."""
    return is_id(value) and value not in (PLATFORM, MAX)


def is_plain(value: object) -> bool:
    """Whether it is a text of 1 to 255 visible ASCII characters: what may stand for a person or a session."""
    return type(value) is str and _VISIBLE.fullmatch(value) is not None


@dataclass(frozen=True, kw_only=True)
class Issuer:
    """An issuer of access tokens (OpenID Connect, RFC 9068) and what it is trusted with.

    Either it speaks for one `tenant`, or a `tenant_claim` names the tenant, which must be one of `tenants`. Raises
    `ValueError` when that, or anything else, does not fit.
    """

    issuer: str
    """Its `iss`, letter for letter."""
    audience: str | Collection[str]
    """Our name at that issuer, or our names."""
    keys: IssuerKeys
    tenant: str = ""
    """The one tenant it speaks for."""
    tenant_claim: str = ""
    """The claim that names the tenant, for an issuer that speaks for several."""
    tenants: Container[str] = frozenset()
    """Those it may name. Asked for every token, so it can be an object that looks them up."""
    algorithms: tuple[str, ...] = ("RS256",)
    token_types: frozenset[str] = frozenset({ACCESS_TOKEN, f"application/{ACCESS_TOKEN}"})
    """What `typ` in the header may say; an empty text stands for none."""
    exactly: Mapping[str, str] = field(default_factory=dict)
    """Claims that must have these values, such as `token_use: access`."""
    audience_claim: str = "aud"
    """Where our name is; some write it into `client_id`."""
    shared: bool = False
    """Whether a list of audiences will do, with our name in it. Its other readers could then use the token here."""
    session_claim: str = "sid"
    """The claim that names the session; empty when there is none."""
    longest: int = 3600
    """Seconds a token may live from its `iat` to its `exp`."""

    def __post_init__(self) -> None:
        """Refuse what would trust more than was meant."""
        for wrong, message in _faults(self):
            if wrong:
                raise ValueError(f"issuer {self.issuer!r}: {message}")

    @property
    def audiences(self) -> Collection[str]:
        """Our names at that issuer."""
        return (self.audience,) if isinstance(self.audience, str) else self.audience

    def speaks_for(self, tenant: str) -> bool:
        """Whether it may name this tenant."""
        return is_tenant(tenant) and (tenant == self.tenant if self.tenant else tenant in self.tenants)


def cognito(*, region: str, pool: str, clients: Collection[str], keys: IssuerKeys, tenant_claim: str = "tid") -> Issuer:
    """The Amazon Cognito user pool of this very application, whose people are of every tenant.

    A pre token generation trigger has to write `tenant_claim` into access tokens. They carry no `typ` and no `aud`:
    what tells them from ID tokens is `token_use`, and `client_id` says whom they are for.
    """
    return Issuer(
        issuer=f"https://cognito-idp.{region}.amazonaws.com/{pool}",
        audience=clients,
        keys=keys,
        tenant_claim=tenant_claim,
        tenants=EVERY_TENANT,
        token_types=frozenset({""}),
        exactly={"token_use": "access"},
        audience_claim="client_id",
        session_claim="origin_jti",
    )


def _faults(issuer: Issuer) -> list[tuple[bool, str]]:
    kinds = {kind.removeprefix("application/") for kind in issuer.token_types}
    return [
        (not is_plain(issuer.issuer) or issuer.issuer == "local", "not a name an outside issuer can have"),
        (not issuer.audiences or not all(map(is_plain, issuer.audiences)), "its tokens must be for somebody"),
        (bool(issuer.tenant) == bool(issuer.tenant_claim), "it needs either a tenant or a tenant_claim"),
        (bool(issuer.tenant) and not is_tenant(issuer.tenant), "its tenant is not the id of a tenant"),
        (bool(issuer.tenant_claim) and issuer.tenants == frozenset(), "a tenant_claim needs the tenants it may name"),
        (not issuer.algorithms or not set(issuer.algorithms) <= set(ALGORITHMS), f"algorithms are {ALGORITHMS}"),
        (kinds != {ACCESS_TOKEN} and not issuer.exactly, "without at+jwt, a claim must tell access tokens from others"),
        (not 1 <= issuer.longest <= LONGEST_LIFE, f"tokens may live between 1 and {LONGEST_LIFE} seconds"),
    ]
