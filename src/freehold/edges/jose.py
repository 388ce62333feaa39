"""Base64url with one spelling and JSON with one meaning: what tokens, key sets and sealed texts are written in.

Libraries are lenient here, and leniency is what attacks on tokens live on: two spellings of one signature, two values
under one name. These readers refuse whatever a careful writer would not have written.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Mapping

_BASE64URL = re.compile(r"[A-Za-z0-9_-]*")


def to_base64url(data: bytes) -> str:
    """Write bytes as base64url without padding (RFC 7515, section 2)."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def from_base64url(text: str) -> bytes:
    """The bytes of base64url text, if it is what `to_base64url` would write.

    Padding, the standard alphabet, blanks, and stray bits behind the last byte (RFC 4648, section 3.5) raise
    `ValueError`, so that no two texts stand for the same bytes.
    """
    if _BASE64URL.fullmatch(text) is None:
        raise ValueError("not base64url")
    data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    if to_base64url(data) != text:
        raise ValueError("not canonical base64url")
    return data


def read_object(data: bytes) -> dict[str, object]:
    """Read a JSON object (RFC 8259) that means the same to every reader.

    Raises `ValueError` for anything but an object in UTF-8, a name that occurs twice at any depth, the constants NaN
    and Infinity, and nesting too deep to read.
    """
    try:
        found: object = json.loads(data.decode("utf-8"), object_pairs_hook=_unique, parse_constant=_no_constant)
    except RecursionError:
        raise ValueError("nested too deep") from None
    if not isinstance(found, dict):
        raise ValueError("not a JSON object")  # noqa: TRY004  # the text is wrong, not the caller's type
    return found


def thumbprint(jwk: Mapping[str, str]) -> str:
    """The SHA-256 thumbprint of a public key (RFC 7638), for `jwk` holding the members that section 3.2 asks for."""
    members = json.dumps(dict(jwk), sort_keys=True, separators=(",", ":"))
    return to_base64url(hashlib.sha256(members.encode("utf-8")).digest())


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name occurs twice")
    return found


def _no_constant(name: str) -> object:
    raise ValueError(f"{name} is not JSON")
