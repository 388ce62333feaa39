"""Signature Version 4: what AWS knows a caller by.

AWS, "Create a signed AWS API request" (IAM User Guide): a canonical form of the request is hashed, and signed with a
key that is derived from the secret for one day, region and service. Here for requests without a query string.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from datetime import UTC, datetime

from freehold.aws.credentials import Credentials

_MOST = 1024  # derived keys that are kept; one is made again in a few microseconds


class Signer:
    """Signs requests to one service in one region. Keeps derived keys, and no time: it is told when it is."""

    def __init__(self, service: str, region: str) -> None:
        """For `service` as its credential scope names it: `dynamodb`, `sqs`, `events`, `states`, `sts`."""
        self._service, self._region = service, region
        self._keys: dict[tuple[str, str], bytes] = {}

    def sign(self, headers: Mapping[str, str], body: bytes, credentials: Credentials, at: datetime) -> dict[str, str]:
        """The headers to send with a POST: those given, which are all signed, and what the signature adds.

        Names are in lower case, and `host` is one of them; values hold no run of spaces. `at` is any time with a zone.
        """
        moment = at.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
        day = moment[:8]
        sent = {**headers, "x-amz-date": moment}
        if credentials.token:
            sent["x-amz-security-token"] = credentials.token
        names = sorted(sent)
        lines = "".join([f"{name}:{sent[name].strip()}\n" for name in names])
        signed = ";".join(names)
        canonical = f"POST\n/\n\n{lines}\n{signed}\n{hashlib.sha256(body).hexdigest()}"
        scope = f"{day}/{self._region}/{self._service}/aws4_request"
        text = f"AWS4-HMAC-SHA256\n{moment}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
        signature = hmac.digest(self._key(credentials.secret_key, day), text.encode(), "sha256").hex()
        sent["authorization"] = (
            f"AWS4-HMAC-SHA256 Credential={credentials.access_key}/{scope}, SignedHeaders={signed}, "
            f"Signature={signature}"
        )
        return sent

    def _key(self, secret: str, day: str) -> bytes:
        """The key for one day. Two threads may derive the same one: neither is wrong."""
        key = self._keys.get((secret, day))
        if key is None:
            key = f"AWS4{secret}".encode()
            for part in (day, self._region, self._service, "aws4_request"):
                key = hmac.digest(key, part.encode(), "sha256")
            if len(self._keys) >= _MOST:
                self._keys.clear()
            self._keys[secret, day] = key
        return key
