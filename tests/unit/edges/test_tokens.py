"""Tokens that are good: what they say, how long they count, and how they are remembered."""

import json
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from freehold.edges.issuers import Issuer
from freehold.edges.jwks import FixedKeys
from freehold.edges.keys import KeyFile, KeyRing
from freehold.edges.tokens import LONGEST_TOKEN, REMEMBERED, LocalTokens
from freehold.model.names import PLATFORM
from freehold.runtime.failures import Unauthenticated
from freehold.runtime.ports import Principal, Tokens
from tests.unit.edges.token_kit import (
    ACME,
    ADA,
    AUDIENCE,
    GUILD,
    MINUTE,
    NOW,
    OURS,
    POOL,
    RETIRED,
    RING,
    SIGNING,
    A,
    B,
    SetClock,
    SystemRandom,
    by_acme,
    by_guild,
    by_pool,
    ours,
    tokens_of,
)

IDS = st.uuids().map(str).filter(lambda text: text != PLATFORM)
KEYS = FixedKeys(json.dumps(tokens_of().jwks()))
PLAIN = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=1, max_size=255)


def trusting(issuer: Issuer) -> LocalTokens:
    """Tokens of a deployment with another name, that believes this issuer."""
    keys = KeyRing.create(SystemRandom())
    return LocalTokens(keys, SetClock(), SystemRandom(), issuer="ours", audience="us", outside=[issuer])


def test_a_token_says_who_is_calling_and_on_whose_ground() -> None:
    tokens: Tokens = tokens_of()
    token = tokens.issue(A, ADA, "session-1", 600)
    assert tokens.verify(token) == Principal(A, ADA, "local", "person", "session-1", NOW + 600)


@given(tenant=IDS | st.just(""), subject=PLAIN, session=PLAIN, seconds=st.integers(1, 3600))
def test_whatever_is_issued_is_good(tenant: str, subject: str, session: str, seconds: int) -> None:
    tokens = tokens_of()
    principal = tokens.verify(tokens.issue(tenant, subject, session, seconds))
    assert (principal.tenant, principal.subject, principal.session) == (tenant, subject, session)


def test_a_person_may_have_entered_no_tenant_yet() -> None:
    tokens = tokens_of()
    assert tokens.verify(tokens.issue("", ADA, "s-1", 600)).tenant == ""


@pytest.mark.parametrize(
    ("tenant", "subject", "session", "seconds"),
    [
        ("acme", ADA, "s", 600),
        (A.upper(), ADA, "s", 600),
        (PLATFORM, ADA, "s", 600),
        (A, "", "s", 600),
        (A, "ada lovelace", "s", 600),
        (A, ADA, "", 600),
        (A, ADA, "s", 0),
        (A, ADA, "s", 3601),
    ],
)
def test_what_would_be_refused_is_not_issued(tenant: str, subject: str, session: str, seconds: int) -> None:
    with pytest.raises(ValueError, match="a token"):
        tokens_of().issue(tenant, subject, session, seconds)


def test_two_tokens_for_the_same_person_at_the_same_time_differ() -> None:
    tokens = tokens_of()
    assert tokens.issue(A, ADA, "s", 600) != tokens.issue(A, ADA, "s", 600)


def test_a_token_says_in_its_header_that_it_is_an_access_token() -> None:
    token = tokens_of().issue(A, ADA, "s", 600)
    assert jwt.get_unverified_header(token) == {"alg": "EdDSA", "typ": "at+jwt", "kid": SIGNING.id}


def test_anybody_can_verify_a_token_with_the_published_keys() -> None:
    tokens = tokens_of(clock=SetClock())
    published = jwt.PyJWKSet.from_json(json.dumps(tokens.jwks()))
    token = tokens.issue(A, ADA, "s", 600)
    options = {"verify_exp": False, "verify_iat": False}
    found = jwt.decode(token, published[SIGNING.id], ["EdDSA"], options=options, audience=AUDIENCE, issuer=OURS)  # type: ignore[arg-type]  # the stubs want every option
    assert found["tid"] == A


def test_published_keys_are_public_and_still_count() -> None:
    keys = tokens_of().jwks()["keys"]
    assert isinstance(keys, list)
    assert [key["kid"] for key in keys] == [SIGNING.id]
    assert set(keys[0]) == {"kty", "crv", "x", "kid", "use", "alg"}
    assert RETIRED in RING.signing


def test_a_token_ends_at_its_very_second_even_when_it_is_remembered() -> None:
    clock = SetClock()
    tokens = tokens_of(clock=clock)
    token = tokens.issue(A, ADA, "s", 60)
    clock.move(59.999)
    assert tokens.verify(token).subject == ADA
    clock.move(0.001)
    with pytest.raises(Unauthenticated):
        tokens.verify(token)
    assert not tokens._verified


def test_the_clock_of_another_may_be_five_seconds_ahead() -> None:
    token = ours(iat=NOW + 5, nbf=NOW + 5)
    assert tokens_of().verify(token).tenant == A


def test_a_person_of_an_issuer_outside_is_known_by_that_issuer() -> None:
    tokens = tokens_of()
    found = [tokens.verify(token) for token in (by_acme(), by_guild(), by_pool(client_id="phone"))]
    assert [one.issuer for one in found] == [ACME, GUILD, POOL]
    assert [one.session for one in found] == ["s-1", "", "s-1"]


def test_an_issuer_of_one_tenant_may_name_that_tenant() -> None:
    assert tokens_of().verify(by_acme(tid=A)).tenant == A


def test_an_issuer_with_a_tid_of_its_own_states_what_it_is() -> None:
    trusted = Issuer(
        issuer=OURS, audience=AUDIENCE, keys=KEYS, tenant=B, exactly={"tid": A}, algorithms=("EdDSA",), longest=3600
    )
    tokens = trusting(trusted)
    assert tokens.verify(ours()).tenant == B


def test_a_list_of_audiences_will_do_only_where_it_was_said() -> None:
    shared = Issuer(issuer=OURS, audience=AUDIENCE, keys=KEYS, tenant=A, shared=True, algorithms=("EdDSA",))
    tokens = trusting(shared)
    for ours_too in (["userinfo", AUDIENCE], AUDIENCE):
        assert tokens.verify(ours(aud=ours_too)).tenant == A
    with pytest.raises(Unauthenticated):
        tokens.verify(ours(aud=["userinfo", 1, None]))


def test_a_tenant_that_leaves_its_issuer_is_left_at_once() -> None:
    trusted = {A}
    issuer = Issuer(
        issuer=OURS, audience=AUDIENCE, keys=KEYS, tenant_claim="tid", tenants=trusted, algorithms=("EdDSA",)
    )
    tokens = trusting(issuer)
    assert tokens.verify(ours()).tenant == A
    trusted.clear()
    with pytest.raises(Unauthenticated):
        tokens.verify(ours())


def test_our_keys_are_for_one_algorithm() -> None:
    keys = tokens_of()._own.keys
    assert keys.find(SIGNING.id, "EdDSA") is not None
    assert keys.find(SIGNING.id, "RS256") is None


def test_a_token_may_be_as_long_as_a_header_allows() -> None:
    lengths = {len(token): token for token in (ours(more="a" * n) for n in range(5600, 5900))}
    assert tokens_of().verify(lengths[LONGEST_TOKEN]).tenant == A


def test_two_issuers_of_one_name_are_refused() -> None:
    other = Issuer(issuer=OURS, audience=AUDIENCE, keys=KEYS, tenant=A)
    with pytest.raises(ValueError, match="same name"):
        LocalTokens(RING, SetClock(), SystemRandom(), issuer=OURS, audience=AUDIENCE, outside=[other])


def test_a_remembered_token_goes_when_its_key_does(tmp_path: Path) -> None:
    clock = SetClock()
    keys = KeyFile(tmp_path / "keys.json", clock, SystemRandom())
    keys.create()
    tokens = tokens_of(keys, clock)
    token = tokens.issue(A, ADA, "s", 3600)
    tokens.verify(token)
    keys.rotate(keep=10 * MINUTE)
    clock.move(10 * MINUTE - 1)
    assert tokens.verify(token).subject == ADA
    clock.move(1)
    with pytest.raises(Unauthenticated):
        tokens.verify(token)


def test_a_rotation_by_another_process_is_noticed_at_the_next_token(tmp_path: Path) -> None:
    clock = SetClock()
    path = tmp_path / "keys.json"
    here, there = (KeyFile(path, clock, SystemRandom()) for _ in range(2))
    here.create()
    verifier, signer = tokens_of(here, clock), tokens_of(there, clock)
    old = signer.issue(A, ADA, "s", 600)
    verifier.verify(old)
    there.rotate(keep=0)
    assert verifier.verify(signer.issue(A, ADA, "s", 600)).subject == ADA
    with pytest.raises(Unauthenticated):
        verifier.verify(old)


def test_only_so_many_tokens_are_remembered_and_the_last_used_stay() -> None:
    tokens = tokens_of()
    first = tokens.issue(A, ADA, "first", 600)
    tokens.verify(first)
    for n in range(REMEMBERED + 10):
        tokens.verify(tokens.issue(A, ADA, f"s-{n}", 600))
        if n % 1000 == 0:
            tokens.verify(first)
    assert len(tokens._verified) == REMEMBERED
    assert "first" in {one.principal.session for one in tokens._verified.values()}


def test_a_remembered_token_is_not_examined_again() -> None:
    tokens = tokens_of()
    for token in (ours(), ours(tid=""), by_acme()):
        assert tokens.verify(token) is tokens.verify(token)


def test_refused_tokens_are_not_remembered() -> None:
    tokens = tokens_of()
    for n in range(10):
        with pytest.raises(Unauthenticated):
            tokens.verify(ours(aud=f"other-{n}"))
    assert not tokens._verified


def test_threads_that_share_the_memory_get_their_own_answers() -> None:
    tokens = tokens_of()
    good = {tokens.issue(tenant, ADA, f"s-{n}", 600): (tenant, f"s-{n}") for n in range(20) for tenant in (A, B)}
    bad = [ours(aud=f"other-{n}") for n in range(20)]
    start = threading.Barrier(8)

    def ask(turn: int) -> list[object]:
        start.wait()
        wrong: list[object] = []
        for token, expected in list(good.items())[turn:] + list(good.items()):
            found = tokens.verify(token)
            if (found.tenant, found.session) != expected:
                wrong.append((expected, found))
        for token in bad:
            with pytest.raises(Unauthenticated):
                tokens.verify(token)
        return wrong

    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(8) as threads:
            assert [wrong for found in threads.map(ask, range(8)) for wrong in found] == []
    finally:
        sys.setswitchinterval(before)
    assert len(tokens._verified) == len(good)


@pytest.mark.parametrize("token", [None, 7, b"a.b.c", ["a.b.c"]], ids=repr)
def test_what_is_not_even_a_text_is_refused(token: object) -> None:
    with pytest.raises(Unauthenticated):
        tokens_of().verify(token)  # type: ignore[arg-type]  # an edge may hand over anything
