"""Fills the accounts' port `Door`: Argon2 behind a lockout, signed tokens, fresh secrets."""

from __future__ import annotations

import base64

from freehold.runtime.lockout import Lockout
from freehold.runtime.ports import Passwords, Random, Tokens

ACCESS_SECONDS = 600


class LocalDoor:
    """Lets people in with a password of ours."""

    def __init__(self, passwords: Passwords, tokens: Tokens, lockout: Lockout, random: Random) -> None:
        """Put together what is needed."""
        self._passwords, self._tokens, self._lockout, self._random = passwords, tokens, lockout, random

    def hash(self, password: str) -> str:
        """See `Door.hash`."""
        return self._passwords.hash(password)

    def check(self, email: str, address: str, password: str, hashed: str | None) -> bool:
        """See `Door.check`."""
        return self._lockout.attempt(email, address, lambda: self._passwords.verify(password, hashed))

    def access(self, organisation: str, person: str, session: str) -> str:
        """See `Door.access`."""
        return self._tokens.issue(organisation, person, session, ACCESS_SECONDS)

    def secret(self) -> str:
        """See `Door.secret`."""
        return base64.urlsafe_b64encode(self._random.bytes(32)).rstrip(b"=").decode()
