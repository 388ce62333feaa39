"""The ring of keys: in a text, in a file, and through rotations."""

import json
import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from freehold.edges.jose import to_base64url
from freehold.edges.keys import LOOK, KeyFile, KeyRing, KeysUnusable
from tests.unit.edges.token_kit import MINUTE, NOW, RING, SEALING, SIGNING, SetClock, SystemRandom

HOUR = 60 * MINUTE


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "keys.json"


def key_file(path: Path, clock: SetClock) -> KeyFile:
    return KeyFile(path, clock, SystemRandom())


def test_a_ring_comes_back_from_its_text() -> None:
    assert KeyRing.parse(RING.secret_text()) == RING


def test_two_rings_have_no_key_in_common() -> None:
    one, other = (KeyRing.create(SystemRandom()) for _ in range(2))
    assert one.signing[0].secret != other.signing[0].secret
    assert one.sealing[0].secret != other.sealing[0].secret


def test_a_ring_keeps_its_secrets_out_of_logs() -> None:
    assert repr(b"\x01" * 8)[2:-1] not in repr(RING)
    assert to_base64url(SIGNING.secret) not in repr(RING)


def test_the_id_of_a_key_is_its_thumbprint() -> None:
    """The key of RFC 8037, appendix A.1."""
    secret = bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
    assert KeyRing.parse(text_with(secret=to_base64url(secret))).signing[0].id == (
        "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"
    )


def text_with(**changes: object) -> str:
    """The text of a ring whose signing key is changed."""
    found = json.loads(KeyRing((SIGNING,), (SEALING,)).secret_text())
    found["signing"][0].update(changes)
    return json.dumps(found)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}",
        "[]",
        '{"format": 2, "signing": [], "sealing": []}',
        '{"format": 1, "signing": [], "sealing": []}',
        RING.secret_text().replace('"sealing"', '"more": 1, "sealing"'),
        text_with(secret=to_base64url(b"short")),
        text_with(secret=to_base64url(b"\x01" * 32) + "="),
        text_with(secret=None),
        text_with(since=True),
        text_with(since="0"),
        text_with(until=1.5),
        text_with(more=1),
        '{"format": 1, "signing": 7, "sealing": 7}',
        '{"format": 1, "signing": ["a"], "sealing": ["b"]}',
        '{"format": 1, "signing": [7], "sealing": [7]}',
        '{"format": 1, "signing": [["secret", "since", "until"]], "sealing": []}',
    ],
)
def test_what_is_no_ring_is_refused_without_quoting_it(text: str) -> None:
    with pytest.raises(KeysUnusable) as refused:
        KeyRing.parse(text)
    assert str(refused.value) == "This is not the text of a key ring."
    assert refused.value.__suppress_context__


def test_after_a_rotation_the_new_key_signs_and_the_old_one_verifies_for_a_while() -> None:
    ring = KeyRing((SIGNING,), (SEALING,)).rotated(SystemRandom(), NOW, keep=HOUR)
    assert ring.signing_key(NOW) == ring.signing[1] != SIGNING
    assert ring.sealing_key(NOW) == ring.sealing[1] != SEALING
    for now, counts in ((NOW + HOUR - 1, True), (NOW + HOUR, False)):
        assert (ring.verifying(SIGNING.id, now) is not None) is counts
        assert (ring.opening(SEALING.id, now) is not None) is counts


def test_a_new_key_is_known_before_it_signs() -> None:
    ring = KeyRing((SIGNING,), (SEALING,)).rotated(SystemRandom(), NOW, keep=HOUR, lead=MINUTE)
    assert ring.signing_key(NOW + MINUTE - 1).id == SIGNING.id
    assert ring.signing_key(NOW + MINUTE) == ring.signing[1]
    assert ring.verifying(ring.signing[1].id, NOW) is not None
    assert ring.verifying(SIGNING.id, NOW + MINUTE + HOUR - 1) is not None
    assert ring.verifying(SIGNING.id, NOW + MINUTE + HOUR) is None


def test_rotating_again_does_not_prolong_a_key() -> None:
    once = KeyRing((SIGNING,), (SEALING,)).rotated(SystemRandom(), NOW, keep=MINUTE)
    twice = once.rotated(SystemRandom(), NOW + 1, keep=HOUR)
    assert twice.verifying(SIGNING.id, NOW + MINUTE) is None
    assert [key.until for key in twice.signing] == [NOW + MINUTE, NOW + 1 + HOUR, None]


def test_keys_whose_time_is_over_leave_the_ring_at_the_next_rotation() -> None:
    ring = KeyRing((SIGNING,), (SEALING,))
    for turn in range(5):
        ring = ring.rotated(SystemRandom(), NOW + turn * HOUR, keep=HOUR)
    assert len(ring.signing) == len(ring.sealing) == 2


def test_a_key_that_got_out_can_be_made_to_stop_counting_now() -> None:
    ring = KeyRing((SIGNING,), (SEALING,)).rotated(SystemRandom(), NOW + 0.5, keep=0)
    assert ring.verifying(SIGNING.id, NOW + 0.5) is None
    assert ring.signing_key(NOW + 0.5) == ring.signing[1]


def test_a_clock_that_is_behind_all_keys_still_finds_one() -> None:
    ring = KeyRing((SIGNING,), (SEALING,)).rotated(SystemRandom(), NOW, keep=HOUR)
    later = KeyRing(ring.signing[1:], ring.sealing[1:])
    assert later.signing_key(NOW - HOUR) == ring.signing[1]


@pytest.mark.parametrize(("keep", "lead"), [(-1, 0), (0, -1)])
def test_times_before_now_are_refused(keep: int, lead: int) -> None:
    with pytest.raises(ValueError, match="not negative"):
        RING.rotated(SystemRandom(), NOW, keep=keep, lead=lead)


def test_the_file_is_for_its_owner_only(path: Path, clock: SetClock) -> None:
    before = os.umask(0)
    try:
        key_file(path, clock).create()
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        key_file(path, clock).rotate(keep=HOUR)
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert [found.name for found in path.parent.iterdir()] == [path.name]


def test_keys_that_exist_are_left_alone(path: Path, clock: SetClock) -> None:
    ring = key_file(path, clock).create()
    assert key_file(path, clock).create() == ring


def test_processes_that_start_at_once_get_the_same_keys(path: Path, clock: SetClock) -> None:
    with ThreadPoolExecutor(16) as threads:
        rings = list(threads.map(lambda _: key_file(path, clock).create(), range(64)))
    assert all(ring == rings[0] for ring in rings)
    assert [found.name for found in path.parent.iterdir()] == [path.name]


def test_the_file_is_looked_at_once_a_second_and_read_again_when_it_is_another(path: Path, clock: SetClock) -> None:
    keys = key_file(path, clock)
    ring = keys.create()
    rotated = key_file(path, clock).rotate(keep=HOUR)
    assert keys.ring() is ring
    clock.move(LOOK)
    assert keys.ring() == rotated != ring
    assert keys.ring() is keys.ring()


def test_a_key_that_is_not_known_is_looked_for_at_once(path: Path, clock: SetClock) -> None:
    keys = key_file(path, clock)
    ring = keys.create()
    rotated = key_file(path, clock).rotate(keep=HOUR)
    assert keys.ring(ring.signing[0].id) is ring
    assert keys.ring(rotated.signing[-1].id) == rotated


def test_who_rotates_loses_no_key_of_who_has_just_done_so(path: Path, clock: SetClock) -> None:
    keys = key_file(path, clock)
    keys.create()
    other = key_file(path, clock).rotate(keep=HOUR)
    assert {key.id for key in other.signing} < {key.id for key in keys.rotate(keep=HOUR).signing}


def test_a_second_rotation_at_the_same_time_is_refused(path: Path, clock: SetClock) -> None:
    keys = key_file(path, clock)
    ring = keys.create()
    beside = path.with_name("keys.json.new")
    beside.touch()
    with pytest.raises(KeysUnusable, match=r"keys\.json\.new"):
        keys.rotate(keep=HOUR)
    assert keys.ring() == ring
    beside.unlink()
    assert len(keys.rotate(keep=HOUR).signing) == 2


def test_a_rotation_that_fails_leaves_the_old_keys_and_nothing_else(path: Path, clock: SetClock) -> None:
    keys = key_file(path, clock)
    ring = keys.create()
    with pytest.raises(ValueError, match="not negative"):
        keys.rotate(keep=-1)
    assert keys.ring() == ring
    assert [found.name for found in path.parent.iterdir()] == [path.name]


def test_no_reader_ever_sees_half_a_file(path: Path, clock: SetClock) -> None:
    key_file(path, clock).create()

    def read(_: int) -> int:
        return len(key_file(path, clock).ring().signing)

    with ThreadPoolExecutor(4) as threads:
        seen = threads.map(read, range(400))
        for _ in range(20):
            key_file(path, clock).rotate(keep=HOUR)
        assert min(seen) >= 1


@pytest.mark.parametrize("mode", [0o604, 0o602, 0o620, 0o644, 0o666])
def test_keys_that_others_can_read_or_change_are_refused(path: Path, clock: SetClock, mode: int) -> None:
    key_file(path, clock).create()
    path.chmod(mode)
    with pytest.raises(KeysUnusable, match="chmod 600"):
        key_file(path, clock).ring()


@pytest.mark.parametrize("mode", [0o400, 0o440, 0o640])
def test_keys_mounted_for_a_group_to_read_are_accepted(path: Path, clock: SetClock, mode: int) -> None:
    ring = key_file(path, clock).create()
    path.chmod(mode)
    assert key_file(path, clock).ring() == ring


@pytest.mark.parametrize("content", [b"", b"{}", b"\xff\xfe", b'{"format": 1, "signing": "hush"}'])
def test_a_file_without_keys_is_refused_without_quoting_it(path: Path, clock: SetClock, content: bytes) -> None:
    path.parent.mkdir()
    path.write_bytes(content)
    path.chmod(0o600)
    with pytest.raises(KeysUnusable) as refused:
        key_file(path, clock).ring()
    assert str(refused.value) == f"The file {path} holds no key ring."


def test_a_file_that_is_not_there_is_told_by_its_name(path: Path, clock: SetClock) -> None:
    with pytest.raises(KeysUnusable, match="No such file"):
        key_file(path, clock).ring()
