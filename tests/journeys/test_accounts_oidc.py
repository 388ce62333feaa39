"""Tokens of identity providers outside, each bound to the tenants it may speak for; with real RSA keys."""

import json
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from jwt.algorithms import RSAAlgorithm

from freehold import App
from freehold.model.finding import ModelError
from freehold.settings import Settings
from tests.journeys.asgi import Asked, asked

ACME, POOL = "https://id.acme.test", "https://pool.test"

app = App("journey")
guest, owner = app.roles("guest", "owner")


@cache
def key_of(issuer: str) -> RSAPrivateKey:
    """The key that an issuer signs with."""
    return generate_private_key(65537, 2048)


def written(issuer: str, **more: object) -> dict[str, object]:
    """An issuer as the setting has it, with its public key."""
    jwk = {**RSAAlgorithm.to_jwk(key_of(issuer).public_key(), as_dict=True), "kid": "k", "use": "sig"}
    return {"issuer": issuer, "audience": "api", "jwks": {"keys": [jwk]}, "session_claim": "", **more}


class World:
    """Two organisations, one with an identity provider of its own, and one provider that speaks for both by a claim."""

    def __init__(self, data: Path) -> None:
        self.data = data
        with asked(app, data) as first:
            self.tenants = {name: self._found(first, name) for name in ("ada", "eve")}

    def _found(self, door: Asked, name: str) -> str:
        door.sign_up(name)
        return str(door.sign_in(name).data["organisation"])

    def settings(self) -> Settings:
        """Both issuers, bound as they should be."""
        ada = self.tenants["ada"]
        pool = written(POOL, tenant_claim="org", tenants=list(self.tenants.values()))
        return replace(Settings(), issuers=json.dumps([written(ACME, tenant=ada), pool]))


@pytest.fixture
def world(tmp_path: Path) -> World:
    """The two organisations."""
    return World(tmp_path)


@pytest.fixture
def door(world: World) -> Iterator[Asked]:
    """A backend that believes both issuers."""
    with asked(app, world.data, world.settings()) as made:
        yield made


def signed(door: Asked, issuer: str, by: str = "", **claims: object) -> str:
    """An access token of an issuer, for the subject `s-1`, but for these claims."""
    now = int(door.clock.now().timestamp())
    usual: dict[str, object] = {"iss": issuer, "aud": "api", "sub": "s-1", "iat": now, "exp": now + 300}
    left = {name: value for name, value in {**usual, **claims}.items() if value is not None}
    return jwt.encode(left, key_of(by or issuer), "RS256", headers={"kid": "k", "typ": "at+jwt"})


def link(door: Asked, name: str, issuer: str, subject: str = "s-1") -> str:
    """Link the owner of an organisation to an identity. Gives the id."""
    signed_in = door.sign_in(name).data
    body = {"issuer": issuer, "subject": subject}
    done = door.ask("PUT", f"/members/{signed_in['person']}/identity", signed_in["access_token"], body)
    assert done.status == 200
    return str(signed_in["person"])


def test_a_member_who_was_linked_comes_in_with_the_token_of_their_provider(door: Asked) -> None:
    token = signed(door, ACME)
    assert door.ask("GET", "/auth/me", token).status == 401
    ada = link(door, "ada", ACME)
    me = door.ask("GET", "/auth/me", token)
    assert (me.status, me.data["id"], me.data["role"]) == (200, ada, "owner")
    assert door.ask("DELETE", f"/members/{ada}/identity", door.sign_in("ada").data["access_token"]).status == 200
    assert door.ask("GET", "/auth/me", token).status == 401


def test_nobody_is_linked_by_an_address(door: Asked) -> None:
    claims = {"email": "ada@home.test", "email_verified": True, "preferred_username": "ada@home.test"}
    assert door.ask("GET", "/auth/me", signed(door, ACME, **claims)).status == 401


def test_an_identity_is_issuer_and_subject_together(door: Asked, world: World) -> None:
    link(door, "ada", ACME)
    for token in (
        signed(door, ACME, sub="s-2"),
        signed(door, POOL, org=world.tenants["ada"]),
        signed(door, ACME, sub="S-1"),
    ):
        assert door.ask("GET", "/auth/me", token).status == 401


def test_an_issuer_opens_only_the_ground_it_is_bound_to(door: Asked, world: World) -> None:
    link(door, "ada", ACME)
    eves = link(door, "eve", ACME)
    me = door.ask("GET", "/auth/me", signed(door, ACME))
    assert me.status == 200
    assert me.data["id"] != eves
    for claim in ("tid", "org", "tenant"):
        claimed = door.ask("GET", "/auth/me", signed(door, ACME, **{claim: world.tenants["eve"]}))
        assert claimed.status == 401 or claimed.data["id"] != eves


def test_an_issuer_of_several_names_one_of_them_and_nothing_else(door: Asked, world: World) -> None:
    ids = {name: link(door, name, POOL) for name in world.tenants}
    for name, tenant in world.tenants.items():
        assert door.ask("GET", "/auth/me", signed(door, POOL, org=tenant)).data["id"] == ids[name]
    stranger = "01900000-0000-7000-8000-000000000000"
    for org in (None, "", stranger, [world.tenants["ada"]], {"id": world.tenants["ada"]}, world.tenants["ada"].upper()):
        assert door.ask("GET", "/auth/me", signed(door, POOL, org=org)).status == 401


def test_what_another_key_signed_counts_for_nothing(door: Asked, world: World) -> None:
    link(door, "ada", ACME)
    assert door.ask("GET", "/auth/me", signed(door, ACME, by=POOL)).status == 401
    assert door.ask("GET", "/auth/me", signed(door, "https://unknown.test")).status == 401
    assert door.ask("GET", "/auth/me", signed(door, ACME, aud="another")).status == 401


def test_who_comes_from_outside_does_not_leave_the_organisation(door: Asked) -> None:
    link(door, "ada", ACME)
    for method, path, body in [
        ("GET", "/auth/organisations", None),
        ("POST", "/auth/organisations", {"organisation": "more"}),
    ]:
        assert door.ask(method, path, signed(door, ACME), body).status == 401


def test_a_manager_cannot_become_the_owner_through_an_identity(door: Asked) -> None:
    owner = door.sign_in("ada").data
    key = door.ask("POST", "/api-keys", owner["access_token"], {"name": "build", "role": "owner"}).data["token"]
    body = {"issuer": ACME, "subject": "mine"}
    assert door.ask("PUT", f"/members/{owner['person']}/identity", key, body).status == 403


@pytest.mark.parametrize("issuers", ["{}", "[1]", "nonsense", '[{"issuer": "https://x.test"}]'])
def test_a_setting_that_cannot_be_read_stops_the_start(tmp_path: Path, issuers: str) -> None:
    with pytest.raises(ModelError, match="FH401"), asked(app, tmp_path, replace(Settings(), issuers=issuers)):
        pass


def test_an_issuer_with_our_own_name_stops_the_start(tmp_path: Path, world: World) -> None:
    ours = written("freehold", tenant=world.tenants["ada"])
    with (
        pytest.raises(ModelError, match="our own name"),
        asked(app, tmp_path, replace(Settings(), issuers=json.dumps([ours]))),
    ):
        pass
