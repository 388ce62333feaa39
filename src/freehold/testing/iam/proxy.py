"""A proxy that asks IAM, between any DynamoDB client and an emulator that does not."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from types import TracebackType
from typing import Self

from freehold.testing.iam.dynamodb import Ask, Call
from freehold.testing.iam.principal import Principal
from freehold.testing.iam.proxy_http import Answer, ProxyServer, answer, upstream_of
from freehold.testing.iam.refusal import Unsupported
from freehold.testing.iam.signed import Headers, Signed, read_operation, read_request
from freehold.testing.iam.tables import Place, TableKeys

_SHAPES = "com.amazon.coral.service#"


class Outcome(StrEnum):
    """What became of a request."""

    ALLOWED = "allowed"
    """It was sent on."""
    DENIED = "denied"
    """The policies do not allow it: AccessDeniedException."""
    UNKNOWN = "unknown"
    """Nobody registered this access key: UnrecognizedClientException."""
    REFUSED = "refused"
    """It cannot be told whether the policies allow it: NotEvaluated. A test must not take this for a denial."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """A request, and what became of it."""

    operation: str
    """Empty when it could not be read."""
    access_key: str
    leading_keys: tuple[str, ...]
    """The partition keys it was about, those of all its parts."""
    outcome: Outcome
    why: str = ""
    """In the words of the answer."""


class IamProxy:
    """Listens on the loopback interface, and sends on to an emulator what the caller's policies allow.

    Use it as a context manager, register a principal under each access key, and give clients `url` as the endpoint.
    Whatever cannot be read or evaluated is answered with the error NotEvaluated, and not sent on.
    """

    def __init__(
        self,
        upstream: str,
        tables: Iterable[TableKeys] = (),
        *,
        place: Place | None = None,
        largest: int = 16 << 20,
        keep: int = 100_000,
    ) -> None:
        """Listen, and stand before the emulator at `upstream`, such as `http://127.0.0.1:8000`.

        A request has at most `largest` bytes (DynamoDB's own limit is 16 MB); of the decisions the last `keep` are
        kept. Raises `ValueError` for an upstream that is not plain HTTP on this machine.
        """
        self._place = place or Place()
        self._tables = {table.name: table for table in tables}
        self._principals: dict[str, Principal] = {}
        self._recorded: deque[Recorded] = deque(maxlen=keep)
        self._server = ProxyServer(upstream_of(upstream), self._judge, largest)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), name="iam-proxy")

    @property
    def url(self) -> str:
        """Where clients find it."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def register(self, access_key: str, principal: Principal) -> None:
        """Let whoever signs with this access key be this principal."""
        self._principals[access_key] = principal

    def learn(self, table: TableKeys) -> None:
        """Tell it the keys of one more table."""
        self._tables[table.name] = table

    def decisions(self) -> tuple[Recorded, ...]:
        """Every request so far, and what became of it."""
        return tuple(self._recorded)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Cut every connection, and stop."""
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join()
        self._server.server_close()

    def _judge(self, headers: Headers, body: bytes) -> Answer | None:
        """What to answer instead of sending it on; None when it may be sent on."""
        operation = access_key = ""
        keys: tuple[str, ...] = ()
        try:
            signed = Signed.read(headers)
            access_key = signed.access_key
            operation = read_operation(headers)
            principal = self._principals.get(access_key)
            if principal is None:
                self._recorded.append(Recorded(operation, access_key, (), Outcome.UNKNOWN))
                return _unknown()
            asks = self._asks(signed, operation, body)
            keys = tuple(key for ask in asks for key in ask.leading_keys or ())
            why = principal.denial(asks)
        except Unsupported as refused:
            self._recorded.append(Recorded(operation, access_key, keys, Outcome.REFUSED, str(refused)))
            return answer(400, "freehold.testing.iam#NotEvaluated", message=str(refused))
        self._recorded.append(Recorded(operation, access_key, keys, Outcome.DENIED if why else Outcome.ALLOWED, why))
        return answer(400, f"{_SHAPES}AccessDeniedException", Message=why) if why else None

    def _asks(self, signed: Signed, operation: str, body: bytes) -> tuple[Ask, ...]:
        # Emulators keep tables apart by the region that was signed: the ARN in the policy must be of the same.
        if signed.region != self._place.region:
            raise Unsupported("OTHER_REGION", f"the request is for {signed.region}, not for {self._place.region}")
        return Call(operation, read_request(body), self._tables, self._place).asks()


def _unknown() -> Answer:
    message = "The security token included in the request is invalid."
    return answer(400, f"{_SHAPES}UnrecognizedClientException", message=message)
