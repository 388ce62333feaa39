"""Bearer tokens for the peers: made once when the data is, and verified with PyJWT on every request."""

import json
import os
import time
from dataclasses import dataclass
from pathlib import Path

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_public_key,
)

ISSUER = "https://issuer.test"
AUDIENCE = "tasks"
ALGORITHM = os.environ.get("BENCH_JWT", "HS256")
KEYS = "keys.json"


@dataclass(frozen=True, slots=True)
class Principal:
    """Who is asking, as the verified token says."""

    user: int
    tenant: int
    role: str

    is_authenticated = True  # what Django REST framework asks of a user


class Verifier:
    """Checks signature, algorithm, issuer, audience and expiry of a token. The key is read and parsed once."""

    def __init__(self, folder: Path) -> None:
        text = json.loads((folder / KEYS).read_text())["verify"]
        self._key = text if ALGORITHM == "HS256" else load_pem_public_key(text.encode())

    def principal(self, token: str) -> Principal:
        """Return who the token speaks for, or raise `jwt.InvalidTokenError`."""
        claims = jwt.decode(
            token,
            self._key,
            algorithms=[ALGORITHM],
            audience=AUDIENCE,
            issuer=ISSUER,
            options={"require": ["exp", "sub", "tenant", "role"]},
        )
        return Principal(user=int(claims["sub"]), tenant=claims["tenant"], role=claims["role"])


def make_keys(folder: Path) -> str:
    """Write the key that verifies, and return the one that signs."""
    if ALGORITHM == "HS256":
        secret = os.urandom(32).hex()
        (folder / KEYS).write_text(json.dumps({"verify": secret}))
        return secret
    private = Ed25519PrivateKey.generate()
    public = private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    (folder / KEYS).write_text(json.dumps({"verify": public.decode()}))
    return private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def mint(key: str, *, tenant: int, user: int) -> str:
    """Make a member's token that is good for a day."""
    now = int(time.time())
    claims = {"sub": str(user), "tenant": tenant, "role": "member"}
    stamps = {"iss": ISSUER, "aud": AUDIENCE, "iat": now, "exp": now + 86_400}
    return jwt.encode(claims | stamps, key, algorithm=ALGORITHM)
