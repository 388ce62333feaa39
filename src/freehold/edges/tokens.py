"""The port `Tokens`: access tokens of our own, and those of issuers outside that we were told to believe.

Ours are signed with Ed25519 in the profile of RFC 9068, and carry the tenant in `tid`. What is refused is refused with
one message, whatever was wrong; the reason is in the log, at level debug.

The signature is checked by PyJWT. The rules are here, and stricter than a library can be: measured on the battery of
attacks, it is never a signature that lets a token through, always a claim that nobody looked at.
"""

from __future__ import annotations

import hashlib
import json
import logging
import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from jwt import PyJWTError

from freehold.edges.ed25519 import EDDSA, signatures, signed
from freehold.edges.issuers import ACCESS_TOKEN, EVERY_TENANT, Issuer, is_plain, is_tenant
from freehold.edges.jose import from_base64url, read_object, to_base64url
from freehold.edges.jwks import ALGORITHMS, PublicKey
from freehold.edges.keys import KeyRing, KeySource
from freehold.runtime.failures import Unauthenticated
from freehold.runtime.ports import Clock, Principal, Random

LONGEST_TOKEN = 8192
"""Characters. A longer one is refused before anything else looks at it."""

LEEWAY = 5
"""Seconds that the clock of an issuer may be ahead of ours. None is given at the end of a token's life."""

REMEMBERED = 4096
"""Verified tokens that are kept, since a signature takes about 100 microseconds to check. About 4 MB."""

_LOG = logging.getLogger("freehold.tokens")
_SEGMENTS = 3
_LOCAL = "local"  # what `Principal.issuer` calls us
# What says where the key is, what must be understood, or how the payload is packed: none of it is ever needed.
_REFUSED_PARAMETERS = frozenset({"jku", "jwk", "x5u", "x5c", "crit", "b64", "zip", "enc"})
_SIGNATURES = signatures(ALGORITHMS)


class _Refused(ValueError):
    """A token is not right; the message says why, for the log, and quotes nothing of the token."""


@dataclass(frozen=True, slots=True)
class _Verified:
    """A token that was verified, and what that rests on."""

    principal: Principal
    issuer: Issuer
    key: PublicKey


class LocalTokens:
    """Signs tokens with a ring of keys; verifies those, and the tokens of configured issuers outside."""

    def __init__(
        self,
        keys: KeySource,
        clock: Clock,
        random: Random,
        *,
        issuer: str,
        audience: str,
        outside: Sequence[Issuer] = (),
        longest: int = 3600,
    ) -> None:
        """`issuer` and `audience` are written into our tokens; `longest` is the most seconds one of them may live.

        `outside` are the other issuers to believe. Raises `ValueError` when two issuers have one name.
        """
        own = Issuer(
            issuer=issuer,
            audience=audience,
            keys=_RingKeys(keys, clock),
            tenant_claim="tid",
            tenants=EVERY_TENANT,
            algorithms=(EDDSA,),
            token_types=frozenset({ACCESS_TOKEN}),
            longest=longest,
        )
        self._issuers = {one.issuer: one for one in (own, *outside)}
        if len(self._issuers) != 1 + len(outside):
            raise ValueError("two issuers have the same name")
        self._own = own
        self._audience = audience
        self._keys = keys
        self._clock = clock
        self._random = random
        self._verified: OrderedDict[bytes, _Verified] = OrderedDict()
        self._lock = threading.Lock()

    def issue(self, tenant: str, subject: str, session: str, seconds: int) -> str:
        """Sign a token for `subject` on the ground of `tenant`, good for `seconds`.

        An empty `tenant` is for a person who has not entered one yet. Raises `ValueError` for what `verify` would
        refuse: that is a mistake in code.
        """
        if not (tenant == "" or is_tenant(tenant)) or not is_plain(subject) or not is_plain(session):
            raise ValueError("a token names a tenant or none, a subject and a session, in plain ASCII")
        if not 1 <= seconds <= self._own.longest:
            raise ValueError(f"a token lives between 1 and {self._own.longest} seconds")
        now = self._clock.now().timestamp()
        key = self._keys.ring().signing_key(now)
        claims: dict[str, str | int] = {
            "iss": self._own.issuer,
            "aud": self._audience,
            "sub": subject,
            "tid": tenant,
            "sid": session,
            "iat": int(now),
            "exp": int(now) + seconds,
            "jti": to_base64url(self._random.bytes(16)),
        }
        text = json.dumps(claims, separators=(",", ":")).encode()
        return signed(text, key.private, {"typ": ACCESS_TOKEN, "kid": key.id})

    def verify(self, token: str) -> Principal:
        """Who is calling. Raises `Unauthenticated`, always the same, for whatever is not exactly right."""
        try:
            return self._verify(token)
        except _Refused as refused:
            _LOG.debug("a token was refused: %s", refused)
        except (ValueError, PyJWTError) as refused:
            _LOG.debug("a token was refused: %s", type(refused).__name__)
        raise Unauthenticated  # outside of the handlers, so that the reason does not travel with it

    def jwks(self) -> Mapping[str, object]:
        """Our public keys that count now or soon, as a JSON Web Key Set (RFC 7517)."""
        now = self._clock.now().timestamp()
        keys = [key for key in self._keys.ring().signing if key.counts(now)]
        return {"keys": [{**key.jwk, "kid": key.id, "use": "sig", "alg": EDDSA} for key in keys]}

    def _verify(self, token: str) -> Principal:
        if not isinstance(token, str) or len(token) > LONGEST_TOKEN:
            raise _Refused("not a text of a size that tokens have")
        digest = hashlib.sha256(token.encode("ascii")).digest()  # what is not ASCII is a ValueError, and refused
        now = self._clock.now().timestamp()
        with self._lock:
            known = self._verified.get(digest)
        if known is None or not _still_counts(known, now):
            self._forget(digest)
            known = self._examine(token, now)
        self._remember(digest, known)
        return known.principal

    def _examine(self, token: str, now: float) -> _Verified:
        header, claims = _read(token)
        issuer = self._issuers.get(_text(claims, "iss"))
        if issuer is None:
            raise _Refused("of an issuer that is not known")
        key = _key(header, issuer)
        _SIGNATURES.decode_complete(token, key.key, algorithms=[key.algorithm])
        _check_purpose(claims, issuer)
        expires = _check_times(claims, issuer, now)
        principal = Principal(
            tenant=_tenant(claims, issuer, may_be_none=issuer is self._own),
            subject=_plain(claims, "sub"),
            issuer=_LOCAL if issuer is self._own else issuer.issuer,
            session=_plain(claims, issuer.session_claim) if issuer.session_claim else "",
            expires=float(expires),
        )
        return _Verified(principal, issuer, key)

    def _remember(self, digest: bytes, verified: _Verified) -> None:
        with self._lock:
            self._verified[digest] = verified
            self._verified.move_to_end(digest)
            if len(self._verified) > REMEMBERED:
                self._verified.popitem(last=False)

    def _forget(self, digest: bytes) -> None:
        with self._lock:
            self._verified.pop(digest, None)


class _RingKeys:
    """Our own ring, looked at as the keys of an issuer."""

    def __init__(self, keys: KeySource, clock: Clock) -> None:
        self._keys = keys
        self._clock = clock
        self._seen: tuple[KeyRing, Mapping[str, PublicKey]] | None = None

    def find(self, kid: str, algorithm: str) -> PublicKey | None:
        ring = self._keys.ring(kid)
        if (seen := self._seen) is None or seen[0] is not ring:
            keys = (PublicKey(key.id, EDDSA, key.id, key.public) for key in ring.signing)
            self._seen = seen = ring, {key.id: key for key in keys}
        known = algorithm == EDDSA and ring.verifying(kid, self._clock.now().timestamp()) is not None
        return seen[1].get(kid) if known else None


def _still_counts(verified: _Verified, now: float) -> bool:
    """Whether a remembered token would be accepted again: its time, its key, and what its issuer may say."""
    principal, key = verified.principal, verified.key
    return (
        now < principal.expires
        and verified.issuer.keys.find(key.id, key.algorithm) == key
        and (principal.tenant == "" or verified.issuer.speaks_for(principal.tenant))
    )


def _read(token: str) -> tuple[dict[str, object], dict[str, object]]:
    """The header and the claims, of which nothing is known yet but that they can be read in one way only."""
    segments = token.split(".")
    if len(segments) != _SEGMENTS:
        raise _Refused("not three segments")
    header, claims, _ = (from_base64url(segment) for segment in segments)
    return read_object(header), read_object(claims)


def _key(header: Mapping[str, object], issuer: Issuer) -> PublicKey:
    """The key that must have signed: the issuer's own of that id, by an algorithm the issuer is allowed."""
    if not _REFUSED_PARAMETERS.isdisjoint(header):
        raise _Refused("a header with something that is never needed")
    if (_text(header, "typ") if "typ" in header else "") not in issuer.token_types:
        raise _Refused("not an access token")
    algorithm = _text(header, "alg")
    key = issuer.keys.find(_text(header, "kid"), algorithm) if algorithm in issuer.algorithms else None
    if key is None:
        raise _Refused("signed with a key or an algorithm that is not the issuer's")
    return key


def _check_purpose(claims: Mapping[str, object], issuer: Issuer) -> None:
    """It is for us, and for what access tokens are for."""
    named = claims.get(issuer.audience_claim)
    audiences = named if issuer.shared and isinstance(named, list) else [named]
    if not any(isinstance(one, str) and one in issuer.audiences for one in audiences):
        raise _Refused("for another audience")
    if any(claims.get(name) != value for name, value in issuer.exactly.items()):
        raise _Refused("for another purpose")


def _check_times(claims: Mapping[str, object], issuer: Issuer, now: float) -> int:
    """When it ends, in seconds since 1970. It has begun, is not over, and is not good for longer than allowed."""
    issued, expires = _seconds(claims, "iat"), _seconds(claims, "exp")
    begins = _seconds(claims, "nbf") if "nbf" in claims else issued
    if max(issued, begins) > now + LEEWAY:
        raise _Refused("not good yet")
    if expires <= now:
        raise _Refused("expired")
    if not 0 < expires - issued <= issuer.longest:
        raise _Refused("good for longer than the issuer is allowed")
    return expires


def _tenant(claims: Mapping[str, object], issuer: Issuer, *, may_be_none: bool) -> str:
    """The tenant it is bound to: never the first of several, never a default, never one that is not the issuer's."""
    if issuer.tenant:
        # It need not say so; but what says otherwise was made for somebody else. (Some issuers have a `tid` of their
        # own, which `exactly` then states.)
        if claims.get("tid", issuer.tenant) != issuer.tenant and "tid" not in issuer.exactly:
            raise _Refused("for a tenant that the issuer does not speak for")
        return issuer.tenant
    named = _text(claims, issuer.tenant_claim)
    if not (issuer.speaks_for(named) or (may_be_none and named == "")):
        raise _Refused("for a tenant that the issuer does not speak for")
    return named


def _text(found: Mapping[str, object], name: str) -> str:
    value = found.get(name)
    if not isinstance(value, str):
        raise _Refused(f"no {name}, or one that is not a text")
    return value


def _plain(claims: Mapping[str, object], name: str) -> str:
    value = _text(claims, name)
    if not is_plain(value):
        raise _Refused(f"a {name} that is blank, long, or not plain ASCII")
    return value


def _seconds(claims: Mapping[str, object], name: str) -> int:
    value = claims.get(name)
    if type(value) is not int:  # True is an int, and 1e99 is a number
        raise _Refused(f"no {name}, or one that is not a whole number of seconds since 1970")
    return value
