"""The port `Passwords`: Argon2id (RFC 9106) in a pool of few workers, so that a storm of logins cannot eat the memory.

The parameters are OWASP's floor of 19 MiB, two passes, one lane. Every hash takes those 19 MiB while it runs, and fifty
at once took 835 MB; here as many run as there are workers, some wait, and the rest are told to come back.
"""

from __future__ import annotations

import os
import threading
import unicodedata
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from argon2 import PasswordHasher, Type, extract_parameters
from argon2.exceptions import VerificationError, VerifyMismatchError

from freehold.edges.jose import to_base64url
from freehold.runtime.failures import Invalid, Overloaded

LONGEST = 1024
"""Characters in the longest password. None is ever cut short (OWASP ASVS 5.0, V6.2.9)."""

MEMORY = 19 * 1024
"""KiB a hash takes while it is made."""

PASSES = 2
LANES = 1

_RETRY_AFTER = 1.0  # seconds; about what a full queue takes to empty
_SALT_BYTES = 16
_HASH_BYTES = 32
_MOST_MEMORY = 64 * 1024  # KiB; what hashes brought from elsewhere may ask of a worker: argon2-cffi's own default
_MOST_PASSES = 10
_MOST_LANES = 4

_Result = TypeVar("_Result")


class Argon2Passwords:
    """Hashes and checks passwords, a few at a time."""

    def __init__(self, *, workers: int = 4, waiting: int = 64) -> None:
        """At most `workers` hashes run at once, never more than there are processors, and `waiting` more may wait.

        No thread is started before the first password.
        """
        if workers < 1 or waiting < 0:
            raise ValueError("at least one worker, and no fewer than none waiting")
        self.workers = min(workers, _processors())
        self._hasher = PasswordHasher(PASSES, MEMORY, LANES, _HASH_BYTES, _SALT_BYTES, type=Type.ID)
        # Threads of our own: memory that is freed stays with the thread it was freed in, and callers have many threads.
        self._pool = ThreadPoolExecutor(self.workers, thread_name_prefix="passwords")
        self._room = threading.BoundedSemaphore(self.workers + waiting)
        # A hash of nothing: it costs what a real one costs to check, and no password gives these bytes.
        self._nobody = (
            f"$argon2id$v=19$m={MEMORY},t={PASSES},p={LANES}"
            f"${_phc(os.urandom(_SALT_BYTES))}${_phc(os.urandom(_HASH_BYTES))}"
        )

    def hash(self, password: str) -> str:
        """The salted hash to keep, as a PHC string.

        Raises `Invalid` for more than `LONGEST` characters, and `Overloaded` when too many are waiting.
        """
        if len(password) > LONGEST:
            raise Invalid("PASSWORD_TOO_LONG", f"A password has at most {LONGEST} characters.")
        return self._run(lambda: self._hasher.hash(_bytes(password)))

    def verify(self, password: str, hashed: str | None) -> bool:
        """Whether the password is the one `hashed` was made of.

        None, for an account that does not exist, and a text that is no hash of ours cost the same work as a wrong
        password. Raises `Overloaded` when too many are waiting.
        """
        if len(password) > LONGEST:
            return False  # whoever it is for: this tells nothing about an account
        known = hashed if hashed is not None and _is_ours(hashed) else None
        matches = self._run(lambda: self._matches(_bytes(password), known or self._nobody))
        return matches and known is not None

    def is_weak(self, hashed: str) -> bool:
        """Whether the hash was made with other parameters than today's, and should be made again at the next login."""
        return not _is_ours(hashed) or self._hasher.check_needs_rehash(hashed)

    def close(self) -> None:
        """Let the workers finish, and end them. Nothing can be hashed afterwards."""
        self._pool.shutdown()

    def _matches(self, password: bytes, hashed: str) -> bool:
        try:
            return self._hasher.verify(hashed, password)
        except VerifyMismatchError:
            return False
        except VerificationError:
            # A hash that was damaged where it is kept is found out at once: do the work it was to cost.
            return hashed != self._nobody and self._matches(password, self._nobody)

    def _run(self, work: Callable[[], _Result]) -> _Result:
        """Do it in the pool, or refuse at once. The place in the queue is kept until the work is really over."""
        if not self._room.acquire(blocking=False):
            raise Overloaded(retry_after=_RETRY_AFTER)
        try:
            running = self._pool.submit(work)
        except RuntimeError:
            self._room.release()
            raise
        running.add_done_callback(lambda _: self._room.release())
        return running.result()


def _bytes(password: str) -> bytes:
    """The bytes that are hashed: an accented letter is the same however a keyboard composes it (NFC, as RFC 8265)."""
    return unicodedata.normalize("NFC", password).encode("utf-8", "surrogatepass")


def _is_ours(hashed: str) -> bool:
    """Whether it is an Argon2id hash that asks no more than a worker gives."""
    try:
        found = extract_parameters(hashed)
    except ValueError:
        return False
    return (
        hashed.isascii()
        and found.type is Type.ID
        and found.memory_cost <= _MOST_MEMORY
        and found.time_cost <= _MOST_PASSES
        and found.parallelism <= _MOST_LANES
    )


def _phc(data: bytes) -> str:
    """Bytes as PHC strings write them: standard base64, without padding."""
    return to_base64url(data).replace("-", "+").replace("_", "/")


def _processors() -> int:
    """How many processors this process may use, where the system tells."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
