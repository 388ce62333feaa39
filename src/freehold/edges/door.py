"""Fills the accounts' port `Door`: Argon2 behind a lockout, signed tokens, fresh secrets, and a clock."""

from __future__ import annotations

from datetime import datetime, timedelta

from freehold.edges.jose import to_base64url
from freehold.runtime.lockout import Lockout
from freehold.runtime.ports import Clock, Passwords, Random, Tokens


class LocalDoor:
    """Lets people in with a password of ours."""

    def __init__(self, passwords: Passwords, tokens: Tokens, clock: Clock, random: Random) -> None:
        """Put together what is needed."""
        self._passwords, self._tokens, self._clock, self._random = passwords, tokens, clock, random
        self._lockout = Lockout(clock)

    def hash(self, password: str) -> str:
        """See `Door.hash`."""
        return self._passwords.hash(password)

    def check(self, email: str, address: str, password: str, hashed: str | None, organisation: str = "") -> bool:
        """See `Door.check`. Account and address are counted whatever the organisation; then its own failures are."""

        def verify() -> bool:
            return self._passwords.verify(password, hashed)

        def verify_there() -> bool:
            return self._lockout.attempt(email, address, verify, tenant=organisation)

        return self._lockout.attempt(email, address, verify_there if organisation else verify)

    def renewed(self, password: str, hashed: str) -> str | None:
        """See `Door.renewed`."""
        return self._passwords.hash(password) if self._passwords.is_weak(hashed) else None

    def access(self, organisation: str, person: str, session: str, seconds: int) -> str:
        """See `Door.access`."""
        return self._tokens.issue(organisation, person, session, seconds)

    def secret(self) -> str:
        """See `Door.secret`."""
        return to_base64url(self._random.bytes(32))

    def ends(self, lifetime: timedelta) -> datetime:
        """See `Door.ends`."""
        return self._clock.now() + lifetime

    def is_over(self, end: datetime) -> bool:
        """See `Door.is_over`."""
        return end <= self._clock.now()
