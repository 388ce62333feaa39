"""The keys a deployment signs and seals with: made, kept, read and replaced.

A ring holds Ed25519 keys (RFC 8032) for access tokens, and pairs of keys for sealed texts. The newest one in force
signs; the ones before it go on verifying for a stated time. It lives in a file that only its owner reads (`KeyFile`),
or in a text that a secret store hands to the process (`KeyRing.parse`).
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import stat
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Protocol

import nacl.signing

from freehold.edges.jose import from_base64url, read_object, thumbprint, to_base64url
from freehold.runtime.ports import Clock, Random

SIGNING_BYTES = 32
"""The seed of an Ed25519 key (RFC 8032, section 5.1.5)."""

SEALING_BYTES = 64
"""Two keys of 32 bytes: the first makes nonces, the second encrypts (`sealing`)."""

LOOK = 1.0
"""Seconds for which a look at the file of keys is good."""

_FORMAT = 1
_WIDEST = 1 << 20  # no ring comes near; whatever is larger is not a ring


class KeysUnusable(Exception):
    """The keys cannot be read, trusted or replaced. The message says why, and never quotes a secret."""


@dataclass(frozen=True)
class Key:
    """One secret, and when it counts."""

    secret: bytes = field(repr=False)
    since: int = 0
    """Seconds since 1970 from which it signs or seals."""
    until: int | None = None
    """Seconds since 1970 from which nothing it made counts any more; None while it has no successor."""

    def counts(self, now: float) -> bool:
        """Whether what it made still counts at `now` (seconds since 1970)."""
        return self.until is None or now < self.until


@dataclass(frozen=True)
class SigningKey(Key):
    """An Ed25519 key for access tokens. Its id is its thumbprint, so an id cannot come to mean another key."""

    @cached_property
    def private(self) -> nacl.signing.SigningKey:
        """The half that signs."""
        return nacl.signing.SigningKey(self.secret)

    @cached_property
    def public(self) -> nacl.signing.VerifyKey:
        """The half that everybody may know."""
        return self.private.verify_key

    @cached_property
    def jwk(self) -> Mapping[str, str]:
        """The public half as a JSON Web Key (RFC 8037, section 2), without an id."""
        return {"crv": "Ed25519", "kty": "OKP", "x": to_base64url(bytes(self.public))}

    @cached_property
    def id(self) -> str:
        """Its `kid`: the thumbprint of the public half (RFC 7638)."""
        return thumbprint(self.jwk)


@dataclass(frozen=True)
class SealingKey(Key):
    """A pair of keys for sealed texts."""

    @cached_property
    def id(self) -> str:
        """Six characters that tell it from the others in its ring, and tell nothing of the secret."""
        return to_base64url(hashlib.sha256(b"freehold sealing key" + self.secret).digest()[:4])


class KeySource(Protocol):
    """Where the present ring comes from."""

    def ring(self, kid: str = "") -> KeyRing:
        """The ring as it is, or was a moment ago if it had the key `kid` then. Raises `KeysUnusable` without one."""
        ...


@dataclass(frozen=True)
class KeyRing:
    """All keys of a deployment, the oldest first. A value: rotating gives another ring."""

    signing: tuple[SigningKey, ...]
    sealing: tuple[SealingKey, ...]

    @classmethod
    def create(cls, random: Random) -> KeyRing:
        """A first ring, with one key of each kind."""
        return cls((SigningKey(random.bytes(SIGNING_BYTES)),), (SealingKey(random.bytes(SEALING_BYTES)),))

    @classmethod
    def parse(cls, text: str) -> KeyRing:
        """Read what `secret_text` wrote. Raises `KeysUnusable` for anything else."""
        try:
            found = read_object(text.encode("utf-8"))
            if found.pop("format", None) != _FORMAT or set(found) != {"signing", "sealing"}:
                raise ValueError("not a key ring of this version")  # noqa: TRY301  # told like every other fault in it
            signing = tuple(SigningKey(*parts) for parts in _read_keys(found["signing"], SIGNING_BYTES))
            sealing = tuple(SealingKey(*parts) for parts in _read_keys(found["sealing"], SEALING_BYTES))
        except ValueError:
            # Without the cause: a parser's message may quote the text it stumbled over.
            raise KeysUnusable("This is not the text of a key ring.") from None
        return cls(signing, sealing)

    def secret_text(self) -> str:
        """The ring as JSON, secrets included, for a file or a secret store."""
        kinds: dict[str, tuple[Key, ...]] = {"signing": self.signing, "sealing": self.sealing}
        rows = {name: [_write_key(key) for key in keys] for name, keys in kinds.items()}
        return json.dumps({"format": _FORMAT, **rows}, indent=1) + "\n"

    def ring(self, kid: str = "") -> KeyRing:  # noqa: ARG002  # it has what it has
        """Itself: a ring is a source of keys that never change."""
        return self

    def has(self, kid: str) -> bool:
        """Whether a key of this id is in it."""
        return any(key.id == kid for key in (*self.signing, *self.sealing))

    def rotated(self, random: Random, now: float, *, keep: int, lead: int = 0) -> KeyRing:
        """Another ring, with a new key of each kind, and without those whose time is over.

        `now` is in seconds since 1970. The new keys sign from `lead` seconds later, which is the time every process
        has to learn of them; what the present ones made counts for `keep` seconds more.
        """
        if keep < 0 or lead < 0:
            raise ValueError("keep and lead are seconds from now on: not negative")
        since = int(now) + lead
        until = since + keep
        signing = [replace(key, until=_earlier(key.until, until)) for key in self.signing if key.counts(now)]
        sealing = [replace(key, until=_earlier(key.until, until)) for key in self.sealing if key.counts(now)]
        return KeyRing(
            (*signing, SigningKey(random.bytes(SIGNING_BYTES), since)),
            (*sealing, SealingKey(random.bytes(SEALING_BYTES), since)),
        )

    def signing_key(self, now: float) -> SigningKey:
        """The key that signs at `now` (seconds since 1970)."""
        return self.signing[_in_force(self.signing, now)]

    def sealing_key(self, now: float) -> SealingKey:
        """The key that seals at `now` (seconds since 1970)."""
        return self.sealing[_in_force(self.sealing, now)]

    def verifying(self, kid: str, now: float) -> SigningKey | None:
        """The key of this id, if what it signed counts at `now`. One not yet in force counts: clocks differ."""
        return next((key for key in self.signing if key.id == kid and key.counts(now)), None)

    def opening(self, kid: str, now: float) -> SealingKey | None:
        """The key of this id, if what it sealed counts at `now`."""
        return next((key for key in self.sealing if key.id == kid and key.counts(now)), None)


class KeyFile:
    """A ring in a file with mode 0600, replaced in one step, and read again as soon as it was replaced."""

    def __init__(self, path: Path, clock: Clock, random: Random) -> None:
        """Nothing is read or written yet."""
        self._path = path
        self._clock = clock
        self._random = random
        self._read: tuple[tuple[int, ...], KeyRing] | None = None
        self._looks_at = 0.0

    def create(self) -> KeyRing:
        """Make the file unless there is one, and give the ring that is in it.

        Of several processes that start at once, one makes it and all read the same. Raises `KeysUnusable` where it
        cannot be made.
        """
        try:
            self._make()
        except OSError as error:
            raise KeysUnusable(
                f"{self._path} cannot be made: {error.strerror}. Another folder is chosen by FREEHOLD_DATA or --data."
            ) from None
        return self.ring()

    def _make(self) -> None:
        if not self._path.exists():
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(prefix=self._path.name, dir=self._path.parent)  # made with mode 0600
            try:
                _fill(handle, KeyRing.create(self._random))
                with contextlib.suppress(FileExistsError):  # somebody was faster, and theirs is as good
                    os.link(name, self._path)
                _keep_name(self._path)
            finally:
                Path(name).unlink()

    def rotate(self, *, keep: int, lead: int = 0) -> KeyRing:
        """Replace the ring by `KeyRing.rotated` of it: `keep` and `lead` are in seconds.

        Raises `KeysUnusable` while somebody else rotates. After a kill in the middle the old ring still stands.
        """
        beside = self._path.with_name(f"{self._path.name}.new")
        try:
            handle = os.open(beside, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        except FileExistsError:
            raise KeysUnusable(
                f"The keys are being rotated by somebody else; if nobody is at it, delete {beside}."
            ) from None
        try:
            _fill(handle, self._look().rotated(self._random, self._clock.now().timestamp(), keep=keep, lead=lead))
            beside.replace(self._path)
        except BaseException:
            beside.unlink(missing_ok=True)
            raise
        _keep_name(self._path)
        return self._look()

    def ring(self, kid: str = "") -> KeyRing:
        """The ring in the file, read again a second after it was replaced, or for a key `kid` that it lacks.

        To look at a file lets go of the interpreter's lock, which is dear where every call asks for the ring. Raises
        `KeysUnusable`.
        """
        now = self._clock.monotonic()
        if self._read is None or now >= self._looks_at or (kid and not self._read[1].has(kid)):
            self._looks_at = now + LOOK
            return self._look()
        return self._read[1]

    def _look(self) -> KeyRing:
        try:
            stamp = _stamp(self._path.stat())
            if self._read is None or self._read[0] != stamp:
                self._read = self._load()
        except OSError as error:
            raise KeysUnusable(f"The keys in {self._path} cannot be read: {error.strerror}.") from None
        return self._read[1]

    def _load(self) -> tuple[tuple[int, ...], KeyRing]:
        with self._path.open("rb") as file:
            status = os.fstat(file.fileno())
            # A group may read: that is how container platforms hand a mounted secret to a process.
            if os.name == "posix" and status.st_mode & (stat.S_IWGRP | stat.S_IRWXO):
                raise KeysUnusable(f"Others can read or change the keys in {self._path}: run chmod 600 on it.")
            text = file.read(_WIDEST)
        try:
            return _stamp(status), KeyRing.parse(text.decode("utf-8"))
        except (KeysUnusable, UnicodeDecodeError):
            raise KeysUnusable(f"The file {self._path} holds no key ring.") from None


def _in_force(keys: tuple[Key, ...], now: float) -> int:
    """The place of the newest key in force; of the oldest when the clock is behind them all."""
    return max((place for place, key in enumerate(keys) if key.since <= now), default=0)


def _earlier(until: int | None, other: int) -> int:
    return other if until is None else min(until, other)


def _write_key(key: Key) -> dict[str, str | int | None]:
    return {"secret": to_base64url(key.secret), "since": key.since, "until": key.until}


def _read_keys(found: object, size: int) -> list[tuple[bytes, int, int | None]]:
    if not isinstance(found, list) or not found:
        raise ValueError("no keys")
    return [_read_key(row, size) for row in found]


def _read_key(row: object, size: int) -> tuple[bytes, int, int | None]:
    if not isinstance(row, dict) or set(row) != {"secret", "since", "until"}:
        raise ValueError("not a key")
    secret, since, until = row["secret"], row["since"], row["until"]
    if not isinstance(secret, str) or type(since) is not int or not (until is None or type(until) is int):
        raise ValueError("not a key")
    raw = from_base64url(secret)
    if len(raw) != size:
        raise ValueError("a key of another size")
    return raw, since, until


def _fill(handle: int, ring: KeyRing) -> None:
    """Write the ring and wait until the disk has it: a name must never point at half a ring."""
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(ring.secret_text())
        file.flush()
        os.fsync(file.fileno())


def _keep_name(path: Path) -> None:
    """Wait until the disk has the name, too."""
    if os.name == "posix":
        folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def _stamp(status: os.stat_result) -> tuple[int, ...]:
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns
