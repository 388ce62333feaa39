"""Issuers outside are bound to tenants, and whatever would trust more than was meant is refused at once."""

import pytest

from freehold.edges.issuers import EVERY_TENANT, Issuer, cognito, is_plain, is_tenant
from freehold.edges.jwks import ALGORITHMS, FixedKeys
from freehold.model.names import PLATFORM
from tests.unit.edges.token_kit import GUILD_KEY, A, B, jwk_of, jwks_of

KEYS = FixedKeys(jwks_of(jwk_of(GUILD_KEY, "k")))


def issuer_with(**changes: object) -> Issuer:
    return Issuer(**{"issuer": "https://id.test", "audience": "tasks", "keys": KEYS, "tenant": A, **changes})  # type: ignore[arg-type]  # wrong ones are the point


def test_an_issuer_of_one_tenant_speaks_for_no_other() -> None:
    issuer = issuer_with()
    assert [issuer.speaks_for(tenant) for tenant in (A, B, "", PLATFORM)] == [True, False, False, False]


def test_an_issuer_of_some_tenants_speaks_for_those() -> None:
    issuer = issuer_with(tenant="", tenant_claim="org", tenants=frozenset({A, "acme", PLATFORM}))
    assert [issuer.speaks_for(tenant) for tenant in (A, B, "acme", PLATFORM)] == [True, False, False, False]


def test_an_issuer_of_every_tenant_speaks_for_tenants_only() -> None:
    issuer = issuer_with(tenant="", tenant_claim="org", tenants=EVERY_TENANT)
    named = (A, B, "", "acme", PLATFORM, A.upper())
    assert [issuer.speaks_for(tenant) for tenant in named] == [True, True, False, False, False, False]
    assert repr(EVERY_TENANT) == "EVERY_TENANT"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"issuer": ""}, "not a name"),
        ({"issuer": "local"}, "not a name"),
        ({"issuer": "https://id.test "}, "not a name"),
        ({"audience": ""}, "for somebody"),
        ({"audience": ()}, "for somebody"),
        ({"audience": ("tasks", "")}, "for somebody"),
        ({"tenant": ""}, "either a tenant or a tenant_claim"),
        ({"tenant_claim": "org", "tenants": {A}}, "either a tenant or a tenant_claim"),
        ({"tenant": "acme"}, "not the id of a tenant"),
        ({"tenant": PLATFORM}, "not the id of a tenant"),
        ({"tenant": "", "tenant_claim": "org"}, "needs the tenants"),
        ({"algorithms": ()}, "algorithms are"),
        ({"algorithms": ("HS256",)}, "algorithms are"),
        ({"algorithms": ("RS256", "none")}, "algorithms are"),
        ({"token_types": frozenset({"JWT"})}, "must tell access tokens"),
        ({"token_types": frozenset({"at+jwt", ""})}, "must tell access tokens"),
        ({"longest": 0}, "may live"),
        ({"longest": 86401}, "may live"),
    ],
)
def test_what_would_trust_too_much_is_refused(changes: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        issuer_with(**changes)


def test_an_issuer_may_be_trusted_with_every_algorithm_and_a_day() -> None:
    issuer = issuer_with(algorithms=ALGORITHMS, longest=86400)
    assert (issuer.algorithms, issuer.longest) == (ALGORITHMS, 86400)


def test_a_user_pool_is_believed_about_access_tokens_only() -> None:
    issuer = cognito(region="eu-west-1", pool="eu-west-1_AbC", clients=["web"], keys=KEYS)
    assert issuer.issuer == "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_AbC"
    assert (issuer.exactly, issuer.audience_claim, issuer.algorithms) == (
        {"token_use": "access"},
        "client_id",
        ("RS256",),
    )
    assert issuer.speaks_for(B)


@pytest.mark.parametrize("value", [A, B])
def test_a_uuid_in_canonical_form_names_a_tenant(value: str) -> None:
    assert is_tenant(value)


@pytest.mark.parametrize("value", [None, 1, True, [A], {A: A}, "", " ", A.upper(), f"{A}\n", A[:-1], PLATFORM])
def test_nothing_else_names_a_tenant(value: object) -> None:
    assert not is_tenant(value)


@pytest.mark.parametrize(
    ("value", "plain"),
    [("auth0|7", True), ("a" * 255, True), ("a" * 256, False), ("", False), ("a b", False), (7, False), (None, False)],
)
def test_a_plain_name_is_visible_and_of_some_length(value: object, plain: bool) -> None:
    assert is_plain(value) is plain
