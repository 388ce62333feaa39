"""The keys of issuers outside: which are taken, and what happens while their address does not answer."""

import json
import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

from freehold.edges.jwks import ALGORITHMS, FetchedKeys, FixedKeys
from tests.unit.edges.token_kit import GUILD_KEY, STRANGER, SetClock, acme_key, jwk_of, jwks_of

URL = "https://id.acme.test/jwks.json"
GUILD = jwk_of(GUILD_KEY, "guild-1")
FIRST = jwks_of(GUILD)
SECOND = jwks_of(jwk_of(STRANGER, "guild-2"))


def ec_jwk(curve: ec.EllipticCurve, **more: str) -> dict[str, object]:
    return {**ECAlgorithm.to_jwk(ec.generate_private_key(curve).public_key(), as_dict=True), "kid": "k", **more}


def rsa_jwk(bits: int) -> dict[str, object]:
    return {**RSAAlgorithm.to_jwk(rsa.generate_private_key(65537, bits).public_key(), as_dict=True), "kid": "k"}


@pytest.mark.parametrize(
    ("jwk", "algorithms"),
    [
        (jwk_of(acme_key(), "k"), {"PS256", "RS256"}),
        (jwk_of(acme_key(), "k", alg="RS256", use="sig"), {"RS256"}),
        (ec_jwk(ec.SECP256R1()), {"ES256"}),
        (ec_jwk(ec.SECP384R1(), alg="ES384"), {"ES384"}),
        (jwk_of(GUILD_KEY, "k"), {"EdDSA"}),
    ],
    ids=["rsa", "rsa for one", "p-256", "p-384", "ed25519"],
)
def test_a_key_is_taken_for_the_algorithms_it_is_made_for(jwk: Mapping[str, object], algorithms: set[str]) -> None:
    keys = FixedKeys(jwks_of(jwk))
    assert {name for name in ALGORITHMS if keys.find("k", name)} == algorithms


@pytest.mark.parametrize(
    "jwk",
    [
        {**GUILD, "kid": None},
        {**GUILD, "kid": ""},
        {**GUILD, "kid": 7},
        {**GUILD, "use": "enc"},
        {**GUILD, "key_ops": ["deriveBits"]},
        {**GUILD, "key_ops": "verify"},
        {**GUILD, "alg": "RS256"},
        {**GUILD, "alg": "HS256"},
        {**GUILD, "alg": "none"},
        {**GUILD, "crv": "Ed448"},
        {**GUILD, "kty": "oct"},
        {**GUILD, "kty": ["OKP"]},
        {**GUILD, "x": "AA"},
        {**GUILD, "x": 7},
        pytest.param(jwk_of(acme_key(), "k", alg="HS256"), id="rsa for hs256"),
        pytest.param(ec_jwk(ec.SECP256R1(), alg="ES384"), id="p-256 for es384"),
        pytest.param(ec_jwk(ec.SECP521R1()), id="p-521"),
        pytest.param(ec_jwk(ec.SECP256K1()), id="secp256k1"),
        pytest.param(rsa_jwk(1024), id="short rsa"),
    ],
    ids=repr,
)
def test_a_key_that_is_not_for_this_is_passed_over(jwk: Mapping[str, object]) -> None:
    with pytest.raises(ValueError, match="without a key that could be used"):
        FixedKeys(jwks_of(jwk))
    assert FixedKeys(jwks_of(jwk, jwk_of(STRANGER, "good"))).find("good", "EdDSA") is not None


@pytest.mark.parametrize(
    "jwk",
    [
        {**OKPAlgorithm.to_jwk(GUILD_KEY, as_dict=True), "kid": "k"},
        {**RSAAlgorithm.to_jwk(acme_key(), as_dict=True), "kid": "k"},
        {"kty": "oct", "k": "c2VjcmV0", "kid": "k"},
    ],
    ids=["ed25519", "rsa", "shared"],
)
def test_a_secret_in_a_key_set_is_refused_and_not_quoted(jwk: Mapping[str, object]) -> None:
    with pytest.raises(ValueError, match="public keys only") as refused:
        FixedKeys(jwks_of(GUILD, jwk))
    assert str(jwk.get("d", jwk.get("k"))) not in str(refused.value)


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"keys": {}}', '{"keys": []}', '{"keys": [1, null]}', '{"keys": [], "keys": []}']
)
def test_what_is_no_key_set_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        FixedKeys(text)


def test_two_keys_with_one_id_are_refused() -> None:
    with pytest.raises(ValueError, match="same id"):
        FixedKeys(jwks_of(GUILD, jwk_of(STRANGER, "guild-1")))


def test_keys_can_be_in_a_file(tmp_path: Path) -> None:
    path = tmp_path / "jwks.json"
    path.write_text(FIRST)
    assert FixedKeys.from_file(path).find("guild-1", "EdDSA") is not None


class Address:
    """What is at an address, how often it was asked, and whether it answers."""

    def __init__(self, text: str = FIRST) -> None:
        self.text = text
        self.asked = 0
        self.down: Exception | None = None

    def fetch(self, url: str) -> bytes:
        assert url == URL
        self.asked += 1
        if self.down:
            raise self.down
        return self.text.encode()


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


@pytest.fixture
def address() -> Address:
    return Address()


@pytest.fixture
def keys(address: Address, clock: SetClock) -> FetchedKeys:
    return FetchedKeys(URL, address.fetch, clock, fresh=3600, gap=60, outage=86400)


def test_keys_are_fetched_at_the_first_token_and_kept(keys: FetchedKeys, address: Address) -> None:
    assert address.asked == 0
    for _ in range(10):
        assert keys.find("guild-1", "EdDSA") is not None
    assert address.asked == 1


def test_a_new_key_is_fetched_when_a_token_names_it(keys: FetchedKeys, address: Address, clock: SetClock) -> None:
    keys.find("guild-1", "EdDSA")
    address.text = SECOND
    clock.move(60)
    assert keys.find("guild-2", "EdDSA") is not None
    assert keys.find("guild-1", "EdDSA") is None


def test_unknown_keys_make_it_fetch_once_in_a_minute(keys: FetchedKeys, address: Address, clock: SetClock) -> None:
    for n in range(600):
        assert keys.find(f"made-up-{n}", "EdDSA") is None
        clock.move(0.5)
    assert address.asked == 5


def test_a_key_that_was_withdrawn_stops_counting_within_the_hour(
    keys: FetchedKeys, address: Address, clock: SetClock
) -> None:
    keys.find("guild-1", "EdDSA")
    address.text = SECOND
    clock.move(3599)
    assert keys.find("guild-1", "EdDSA") is not None
    clock.move(1)
    assert keys.find("guild-1", "EdDSA") is None


@pytest.mark.parametrize("down", [OSError("no route"), TimeoutError(), KeyError("their bug")], ids=repr)
def test_the_last_keys_count_through_an_outage_but_not_for_ever(
    keys: FetchedKeys, address: Address, clock: SetClock, down: Exception
) -> None:
    keys.find("guild-1", "EdDSA")
    address.down = down
    clock.move(86399)
    assert keys.find("guild-1", "EdDSA") is not None
    clock.move(1)
    assert keys.find("guild-1", "EdDSA") is None
    address.down = None
    clock.move(60)
    assert keys.find("guild-1", "EdDSA") is not None


@pytest.mark.parametrize("text", ["", "<html>", '{"keys": []}', "{}", FIRST.replace("OKP", "oct")])
def test_an_answer_that_is_no_key_set_is_an_outage(
    keys: FetchedKeys, address: Address, clock: SetClock, text: str
) -> None:
    keys.find("guild-1", "EdDSA")
    address.text = text
    clock.move(4000)
    assert keys.find("guild-1", "EdDSA") is not None
    assert address.asked == 2


def test_nothing_counts_before_an_address_has_answered_once(
    keys: FetchedKeys, address: Address, clock: SetClock
) -> None:
    address.down = OSError()
    assert keys.find("guild-1", "EdDSA") is None
    address.down = None
    assert keys.find("guild-1", "EdDSA") is None
    clock.move(60)
    assert keys.find("guild-1", "EdDSA") is not None


def test_many_calls_at_once_fetch_once(clock: SetClock) -> None:
    address = Address()
    keys = FetchedKeys(URL, address.fetch, clock)
    with ThreadPoolExecutor(16) as threads:
        found = list(threads.map(lambda _: keys.find("guild-1", "EdDSA"), range(200)))
    assert None not in found
    assert address.asked == 1


def test_a_slow_address_holds_up_nobody_who_has_a_key(clock: SetClock) -> None:
    slow, go_on = threading.Event(), threading.Event()
    answers = iter([FIRST, SECOND])

    def fetch(_: str) -> bytes:
        answer = next(answers)
        if answer is SECOND:
            slow.set()
            go_on.wait(30)
        return answer.encode()

    keys = FetchedKeys(URL, fetch, clock)
    keys.find("guild-1", "EdDSA")
    clock.move(3600)
    with ThreadPoolExecutor(1) as threads:
        fetching = threads.submit(keys.find, "guild-1", "EdDSA")
        assert slow.wait(30)
        assert keys.find("guild-1", "EdDSA") is not None
        go_on.set()
        assert fetching.result() is None


def test_who_has_no_key_yet_waits_for_the_fetch_of_another(clock: SetClock) -> None:
    slow, go_on = threading.Event(), threading.Event()

    def fetch(_: str) -> bytes:
        slow.set()
        go_on.wait(30)
        return FIRST.encode()

    keys = FetchedKeys(URL, fetch, clock)
    with ThreadPoolExecutor(2) as threads:
        fetching = threads.submit(keys.find, "guild-1", "EdDSA")
        assert slow.wait(30)
        waiting = threads.submit(keys.find, "guild-1", "EdDSA")
        go_on.wait(0.1)  # for the other to come to the lock; when it is late, it finds the key there
        go_on.set()
        assert waiting.result() == fetching.result() is not None


@pytest.mark.parametrize("url", ["http://id.acme.test/jwks", "file:///etc/passwd", "https://", "id.acme.test", ""])
def test_keys_come_over_https_only(url: str, clock: SetClock) -> None:
    with pytest.raises(ValueError, match="https"):
        FetchedKeys(url, Address().fetch, clock)


def test_a_key_is_known_by_what_it_is_and_not_by_its_name() -> None:
    one, other = (FixedKeys(jwks_of(jwk_of(key, "k"))).find("k", "EdDSA") for key in (GUILD_KEY, STRANGER))
    again = FixedKeys(json.dumps({"keys": [{**jwk_of(GUILD_KEY, "k"), "use": "sig"}]})).find("k", "EdDSA")
    assert one == again != other
