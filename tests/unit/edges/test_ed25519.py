"""Signatures by libsodium: those of RFC 8032, those that OpenSSL makes, and those that nobody may accept."""

import json
import subprocess
import sys

import jwt
import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from hypothesis import given
from hypothesis import strategies as st
from jwt.algorithms import OKPAlgorithm
from nacl.signing import SigningKey, VerifyKey

from freehold.edges.ed25519 import Ed25519, signatures, signed
from freehold.edges.jose import from_base64url, to_base64url
from freehold.edges.jwks import ALGORITHMS, FixedKeys

ALGORITHM = Ed25519()
SECRET = bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
SEEDS = st.binary(min_size=32, max_size=32)

# RFC 8032, section 7.1: secret, public key, message, signature.
VECTORS = [
    (
        "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
    ),
    (
        "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
    ),
    (
        "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
    ),
]

P = 2**255 - 19


def beside(point: str) -> str:
    """A real key with the point of order two added to it, which is (-x, -y): verifiers disagree about such keys."""
    number = int.from_bytes(bytes.fromhex(point), "little")
    y, sign = number % 2**255, number >> 255
    return (P - y | (1 - sign) << 255).to_bytes(32, "little").hex()


NO_KEYS = {
    "the neutral element": "01" + "00" * 31,
    "of order two": (P - 1).to_bytes(32, "little").hex(),
    "of order four": "00" * 32,
    "of order eight": "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "the neutral element, written as p + 1": (P + 1).to_bytes(32, "little").hex(),
    "of order four, written as p": P.to_bytes(32, "little").hex(),
    "not on the curve": "02" + "00" * 31,
    "all ones": "ff" * 32,
    "outside the main subgroup": beside(VECTORS[0][1]),
}


def jwk(point: bytes) -> dict[str, str]:
    return {"kty": "OKP", "crv": "Ed25519", "x": to_base64url(point)}


@pytest.mark.parametrize(("secret", "public", "message", "signature"), VECTORS)
def test_it_signs_as_the_standard_says(secret: str, public: str, message: str, signature: str) -> None:
    key = ALGORITHM.prepare_key(SigningKey(bytes.fromhex(secret)))
    assert isinstance(key, SigningKey)
    assert bytes(key.verify_key).hex() == public
    assert ALGORITHM.sign(bytes.fromhex(message), key).hex() == signature
    assert ALGORITHM.verify(bytes.fromhex(message), key.verify_key, bytes.fromhex(signature))


@given(seed=SEEDS, message=st.binary(max_size=200))
def test_another_library_makes_the_same_of_a_key(seed: bytes, message: bytes) -> None:
    other, ours = Ed25519PrivateKey.from_private_bytes(seed), SigningKey(seed)
    assert ALGORITHM.sign(message, ours) == other.sign(message)
    public = ALGORITHM.from_jwk(OKPAlgorithm.to_jwk(other.public_key(), as_dict=True))
    assert public == ours.verify_key
    assert ALGORITHM.verify(message, public, other.sign(message))


@given(seed=SEEDS, message=st.binary(max_size=50), place=st.integers(0, 511))
def test_no_bit_of_a_signature_can_be_flipped(seed: bytes, message: bytes, place: int) -> None:
    key = SigningKey(seed)
    flipped = int.from_bytes(ALGORITHM.sign(message, key), "big") ^ 1 << place
    assert not ALGORITHM.verify(message, key.verify_key, flipped.to_bytes(64, "big"))


@pytest.mark.parametrize("size", [0, 1, 32, 63, 65, 128])
def test_a_signature_of_another_size_is_none(size: int) -> None:
    assert not ALGORITHM.verify(b"", SigningKey(SECRET).verify_key, bytes(size))


@pytest.mark.parametrize("point", NO_KEYS.values(), ids=NO_KEYS)
def test_a_point_that_no_secret_leads_to_is_no_key(point: str) -> None:
    with pytest.raises(ValueError, match="not a point"):
        ALGORITHM.from_jwk(jwk(bytes.fromhex(point)))
    with pytest.raises(ValueError, match="without a key that could be used"):
        FixedKeys(json.dumps({"keys": [{**jwk(bytes.fromhex(point)), "kid": "k"}]}))


def test_a_signature_for_all_messages_is_refused() -> None:
    """Under the neutral element as the key, R of order one and S of zero fit every message: OpenSSL says yes."""
    neutral = bytes.fromhex(NO_KEYS["the neutral element"])
    Ed25519PublicKey.from_public_bytes(neutral).verify(neutral + bytes(32), b"anything")
    assert not ALGORITHM.verify(b"anything", VerifyKey(neutral), neutral + bytes(32))


@pytest.mark.parametrize(
    "found",
    [None, "{}", [], {}, jwk(b""), jwk(bytes(31)), jwk(bytes(33)), {**jwk(SECRET), "crv": "X25519"},
     {**jwk(SECRET), "kty": "EC"}, {**jwk(SECRET), "x": 7}, {**jwk(SECRET), "x": jwk(SECRET)["x"] + "="}],
)  # fmt: skip
def test_what_is_no_key_of_this_curve_is_refused(found: object) -> None:
    with pytest.raises(ValueError, match=r".+"):
        ALGORITHM.from_jwk(found)


@pytest.mark.parametrize("key", [SECRET, SECRET.hex(), None, Ed25519PrivateKey.from_private_bytes(SECRET)])
def test_a_text_or_the_key_of_another_library_is_no_key(key: object) -> None:
    with pytest.raises(jwt.InvalidKeyError):
        ALGORITHM.prepare_key(key)


def test_no_other_algorithm_is_known_than_those_that_were_named() -> None:
    assert sorted(signatures(ALGORITHMS).get_algorithms()) == sorted(ALGORITHMS)
    assert signatures().get_algorithms() == ["EdDSA"]


def test_anybody_can_verify_what_was_signed() -> None:
    token = signed(b"{}", SigningKey(SECRET), {"typ": "x", "kid": "k"})
    public = Ed25519PrivateKey.from_private_bytes(SECRET).public_key()
    found = jwt.PyJWS().decode_complete(token, public, ["EdDSA"])
    assert (found["payload"], found["header"]) == (b"{}", {"alg": "EdDSA", "kid": "k", "typ": "x"})
    head, body, signature = token.split(".")
    with pytest.raises(InvalidSignature):
        public.verify(from_base64url(signature), f"{body}.{head}".encode())


WITHOUT = """
import sys
sys.modules["cryptography"] = None
from freehold.edges.issuers import Issuer
from freehold.edges.jwks import ALGORITHMS, INSTALLED, FixedKeys
from freehold.edges.keys import KeyRing
from freehold.edges.outside_issuers import read_issuers
from freehold.edges.sealing import SivSeal
from freehold.edges.tokens import LocalTokens
from freehold.model.finding import ModelError
from freehold.runtime.system import SystemClock, SystemRandom
import json

TENANT, RSA = "0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b", {"kty": "RSA", "n": "AQAB", "e": "AQAB", "kid": "r"}
clock, random, theirs = SystemClock(), SystemRandom(), KeyRing.create(SystemRandom())
ring = KeyRing.create(random)
jwks = {"keys": [{**theirs.signing[0].jwk, "kid": "e"}, RSA]}
entry = {"issuer": "https://id.test", "audience": "app", "jwks": jwks, "tenant": TENANT, "algorithms": ["EdDSA"]}
(issuer,) = read_issuers([entry], clock, lambda url: b"")
tokens = LocalTokens(ring, clock, random, issuer="ours", audience="app", outside=[issuer])
assert tokens.verify(tokens.issue(TENANT, "ada", "s", 60)).subject == "ada"
assert SivSeal(ring, clock).open(SivSeal(ring, clock).seal(b"text", ["a"]), ["a"]) == b"text"
assert (issuer.keys.find("e", "EdDSA") is None, issuer.keys.find("r", "RS256")) == (False, None)
assert INSTALLED == ("EdDSA",) != ALGORITHMS
for more in {"jwks": "https://id.test/keys", "algorithms": []}, {"algorithms": ["EdDSA", "ES256"]}:
    try:
        read_issuers([{**entry, **more}], clock, lambda url: b"")
    except ModelError as error:
        print(error)
"""


def test_without_cryptography_all_goes_on_but_for_issuers_with_other_keys() -> None:
    found = subprocess.run([sys.executable, "-I", "-c", WITHOUT], capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stderr
    for name in ("RS256", "ES256"):
        assert f"FH401 issuers: https://id.test signs with {name}: that needs cryptography" in found.stdout
    assert found.stdout.count('`pip install "freehold[oidc]"`') == 2
