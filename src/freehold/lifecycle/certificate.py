"""A signed statement that a tenant was erased: a detached JWS (RFC 7515, appendix F) over JSON that anybody reads."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from nacl.exceptions import CryptoError
from nacl.signing import VerifyKey

from freehold.edges.ed25519 import EDDSA, Ed25519
from freehold.edges.jose import from_base64url, read_object, thumbprint, to_base64url
from freehold.edges.keys import KeyRing
from freehold.lifecycle.erasing import Erasure
from freehold.model.finding import Finding, ModelError, Place

TYPE = "freehold-erasure"
"""Its own type, so that no certificate is ever taken for a token."""

LARGEST = 1 << 20
_MEMBERS = {"certificate", "signature"}


def signed(erasure: Erasure, ring: KeyRing, now: float) -> str:
    """The certificate as text. `now` is in seconds since 1970, and says which key signs."""
    key = ring.signing_key(now)
    head = to_base64url(json.dumps({"alg": EDDSA, "kid": key.id, "typ": TYPE}, separators=(",", ":")).encode())
    held = erasure.model_dump(mode="json")
    signature = key.private.sign(_signed_text(head, held)).signature
    made = {"certificate": held, "signature": f"{head}..{to_base64url(signature)}"}
    return json.dumps(made, indent=1, ensure_ascii=False) + "\n"


def verified(path: Path, jwks: Mapping[str, object]) -> Erasure:
    """What a certificate says, if one of these keys has signed it: a JSON Web Key Set (RFC 7517).

    Raises `ModelError` (FH324) for a certificate that does not hold, and for a key set that is none.
    """
    try:
        with path.open("rb") as file:
            found = read_object(file.read(LARGEST))
        return _verified(found, dict(_keys(jwks)))
    except CryptoError:
        raise _refused(path, "it was altered, or signed by somebody else") from None
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise _refused(path, f"it is no certificate: {str(error).partition(chr(10))[0][:200]}") from None


def jwks_of(ring: KeyRing) -> dict[str, object]:
    """The public keys of a ring, those that sign no more among them."""
    return {"keys": [{**key.jwk, "kid": key.id} for key in ring.signing]}


def _verified(found: Mapping[str, Any], keys: Mapping[str, VerifyKey]) -> Erasure:
    if found.keys() != _MEMBERS:
        raise ValueError("it has other members")
    head, nothing, signature = str(found["signature"]).split(".")
    header = read_object(from_base64url(head))
    if nothing or header.get("alg") != EDDSA or header.get("typ") != TYPE or header.keys() != {"alg", "kid", "typ"}:
        raise ValueError("its signature is of another kind")
    key = keys.get(str(header["kid"]))
    if key is None:
        raise ValueError(f"none of these keys is {header['kid']}, which signed it")
    key.verify(_signed_text(head, found["certificate"]), from_base64url(signature))
    return Erasure.model_validate_json(json.dumps(found["certificate"]))


def _signed_text(head: str, held: object) -> bytes:
    text = json.dumps(held, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return f"{head}.{to_base64url(text.encode())}".encode("ascii")


def _keys(jwks: Mapping[str, Any]) -> Iterable[tuple[str, VerifyKey]]:
    for key in jwks["keys"]:
        if key.get("kty") == "OKP" and key.get("crv") == "Ed25519":
            bare = {name: str(key[name]) for name in ("crv", "kty", "x")}
            yield thumbprint(bare), Ed25519.from_jwk(bare)


def _refused(path: Path, message: str) -> ModelError:
    fix = "take the file as it was written, and the keys of the deployment that wrote it: `--jwks FILE`"
    return ModelError([Finding("FH324", Place(str(path), 0), message, fix)])
