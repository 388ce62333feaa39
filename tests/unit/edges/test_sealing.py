"""Sealed texts: they open where they belong, and nothing else opens."""

import string

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESSIV
from hypothesis import given
from hypothesis import strategies as st
from nacl.secret import Aead

from freehold.edges.jose import from_base64url, to_base64url
from freehold.edges.keys import KeyRing
from freehold.edges.sealing import LONGEST, SivSeal, _binding
from freehold.runtime.ports import Seal, SealBroken
from tests.unit.edges.token_kit import MINUTE, NOW, SEALING, SIGNING, A, B, SetClock, SystemRandom

RING = KeyRing((SIGNING,), (SEALING,))
BOUND = (A, "person", "tasks_of", "newest first")
MESSAGE = b'{"after": "0190a1b2"}'
SEAL: Seal = SivSeal(RING, SetClock())
SEALED = SEAL.seal(MESSAGE, BOUND)
ALPHABET = string.ascii_letters + string.digits + "-_"
TEXTS = st.lists(st.text(), min_size=1, max_size=5)


def assert_broken(sealed: str) -> None:
    with pytest.raises(SealBroken) as broken:
        SEAL.open(sealed, BOUND)
    assert broken.value.args == ()


@given(message=st.binary(max_size=1000), bound_to=TEXTS)
def test_a_message_comes_back(message: bytes, bound_to: list[str]) -> None:
    assert SEAL.open(SEAL.seal(message, bound_to), bound_to) == message


@given(one=TEXTS, other=TEXTS)
def test_a_text_opens_only_for_what_it_is_bound_to(one: list[str], other: list[str]) -> None:
    sealed = SEAL.seal(MESSAGE, one)
    if one != other:
        with pytest.raises(SealBroken):
            SEAL.open(sealed, other)


@pytest.mark.parametrize(
    "other",
    [
        (B, *BOUND[1:]),
        BOUND[:-1],
        (*BOUND, ""),
        ("", *BOUND),
        (A + BOUND[1], *BOUND[2:]),
        (A, "persontasks_of", "", "newest first"),
        (A, "person", "tasks_ofn", "ewest first"),
        tuple(reversed(BOUND)),
        (A.upper(), *BOUND[1:]),
    ],
)
def test_a_text_bound_to_nearly_the_same_does_not_open(other: tuple[str, ...]) -> None:
    with pytest.raises(SealBroken):
        SEAL.open(SEALED, other)


@pytest.mark.parametrize("bound_to", [(), [], A])
def test_a_seal_bound_to_nothing_is_a_mistake(bound_to: tuple[str, ...] | list[str] | str) -> None:
    with pytest.raises(TypeError, match="list of texts"):
        SEAL.seal(MESSAGE, bound_to)
    with pytest.raises(TypeError, match="list of texts"):
        SEAL.open(SEALED, bound_to)


def test_no_bit_of_a_sealed_text_can_be_flipped() -> None:
    for place, character in enumerate(SEALED):
        for bit in range(8):
            assert_broken(SEALED[:place] + chr(ord(character) ^ 1 << bit) + SEALED[place + 1 :])


def test_no_bit_under_the_text_can_be_flipped() -> None:
    kid, _, body = SEALED.partition(".")
    closed = from_base64url(body)
    for bit in range(len(closed) * 8):
        flipped = int.from_bytes(closed, "big") ^ 1 << bit
        assert_broken(f"{kid}.{to_base64url(flipped.to_bytes(len(closed), 'big'))}")


def test_no_character_of_a_sealed_text_can_be_any_other_of_its_alphabet() -> None:
    for sealed in (SEALED, SEAL.seal(MESSAGE + b"1", BOUND), SEAL.seal(MESSAGE + b"12", BOUND)):
        for place, character in enumerate(sealed):
            for other in (ALPHABET + ".=+/ ").replace(character, ""):
                assert_broken(sealed[:place] + other + sealed[place + 1 :])


def test_no_beginning_of_a_sealed_text_opens() -> None:
    for end in range(len(SEALED)):
        assert_broken(SEALED[:end])


@given(place=st.integers(0, len(SEALED)), more=st.text(min_size=1))
def test_nothing_can_be_put_into_a_sealed_text(place: int, more: str) -> None:
    assert_broken(SEALED[:place] + more + SEALED[place:])


@given(text=st.text())
def test_what_was_never_sealed_does_not_open(text: str) -> None:
    assert_broken(text)
    assert_broken(f"{SEALING.id}.{text}")


@pytest.mark.parametrize("tail", ["=", "==", "A", "AAAA", "\n", " ", ".", "%3D"])
def test_a_text_with_something_behind_does_not_open(tail: str) -> None:
    assert_broken(SEALED + tail)


def test_a_sealed_text_can_stand_in_an_address_as_it_is() -> None:
    assert set(SEALED) <= set(f"{ALPHABET}.")


def test_a_sealed_text_shows_nothing_of_its_message() -> None:
    assert MESSAGE[:6] not in from_base64url(SEALED.partition(".")[2])
    assert SEAL.seal(MESSAGE, (B, *BOUND[1:])) != SEALED


def test_the_same_page_has_the_same_cursor() -> None:
    assert SEAL.seal(MESSAGE, BOUND) == SEALED


def test_a_text_opens_for_as_long_as_its_key_counts() -> None:
    clock = SetClock()
    after = SivSeal(RING.rotated(SystemRandom(), NOW, keep=10 * MINUTE), clock)
    assert after.open(SEALED, BOUND) == MESSAGE
    assert not after.seal(MESSAGE, BOUND).startswith(SEALING.id)
    clock.move(10 * MINUTE)
    with pytest.raises(SealBroken):
        after.open(SEALED, BOUND)


def test_the_id_of_the_key_cannot_be_another_of_the_ring() -> None:
    ring = RING.rotated(SystemRandom(), NOW, keep=10 * MINUTE)
    body = SEALED.partition(".")[2]
    with pytest.raises(SealBroken):
        SivSeal(ring, SetClock()).open(f"{ring.sealing[1].id}.{body}", BOUND)


def test_a_text_of_another_deployment_does_not_open() -> None:
    other = SivSeal(KeyRing.create(SystemRandom()), SetClock())
    with pytest.raises(SealBroken):
        SEAL.open(other.seal(MESSAGE, BOUND), BOUND)


def test_a_text_that_is_too_long_is_not_sealed_and_not_opened() -> None:
    longest = 3026  # bytes: with nonce, tag and key id, 4095 characters; one byte more would make 4097
    sealed = SEAL.seal(bytes(longest), BOUND)
    assert len(sealed) == LONGEST - 1
    assert SEAL.open(sealed, BOUND) == bytes(longest)
    with pytest.raises(ValueError, match="at most"):
        SEAL.seal(bytes(longest + 1), BOUND)
    assert_broken("A" * 1_000_000)
    assert_broken(f"{SEALING.id}.{'A' * 1_000_000}")


def test_a_nonce_is_the_one_that_its_message_has() -> None:
    """Whoever holds the key that encrypts, and not the one that makes nonces, can seal nothing."""
    binding = _binding(SEALING.id, BOUND)
    closed = Aead(SEALING.secret[32:]).encrypt(MESSAGE, binding, b"n" * 24)
    assert Aead(SEALING.secret[32:]).decrypt(closed, binding) == MESSAGE
    assert_broken(f"{SEALING.id}.{to_base64url(closed)}")


def test_what_an_earlier_version_sealed_does_not_open() -> None:
    parts = [part.encode() for part in ("freehold seal 1", SEALING.id, *BOUND)]
    binding = b"".join(len(part).to_bytes(8, "big") + part for part in parts)
    closed = AESSIV(SEALING.secret).encrypt(b"\x01" + MESSAGE, [binding])
    assert_broken(f"{SEALING.id}.{to_base64url(closed)}")


def test_what_is_bound_and_what_is_sealed_cannot_change_places() -> None:
    """The end of one and the beginning of the other are one text, and two nonces."""
    long, short = ["a", "b"], ["a"]
    tail = _binding(SEALING.id, long)[len(_binding(SEALING.id, short)) :]
    nonces = {from_base64url(SEAL.seal(*each).partition(".")[2])[:24] for each in ((b"", long), (tail, short))}
    assert len(nonces) == 2


def test_no_two_messages_share_a_nonce() -> None:
    sealed = [SEAL.seal(bytes([n]), BOUND) for n in range(256)] + [SEAL.seal(b"", [str(n)]) for n in range(256)]
    assert len({from_base64url(text.partition(".")[2])[:24] for text in sealed}) == len(sealed)


def test_half_a_character_in_what_it_is_bound_to_is_no_trouble() -> None:
    sealed = SEAL.seal(MESSAGE, ["\ud800"])
    assert SEAL.open(sealed, ["\ud800"]) == MESSAGE
    with pytest.raises(SealBroken):
        SEAL.open(sealed, ["\ufffd"])
