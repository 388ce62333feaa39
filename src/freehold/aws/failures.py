"""What can go wrong in a call to AWS.

    AwsError           what the service said, in its own words
    ├── Throttled      too much, or too fast; later it may be done
    ├── AccessDenied   the credentials do not reach that far
    └── Unreachable    no answer that counts; `maybe_done` says whether it may have been done all the same

None of them carries what was sent: a message may end in a log, where neither a tenant's data nor a key belongs.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from http.client import responses

THROTTLING = frozenset(
    {
        "BandwidthLimitExceeded",
        "EC2ThrottledException",
        "LimitExceededException",  # of the control plane: too many tables are being made at once
        "PriorRequestNotComplete",
        "ProvisionedThroughputExceeded",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "RequestThrottled",
        "RequestThrottledException",
        "SlowDown",
        "Throttling",
        "ThrottlingError",
        "ThrottlingException",
        "ThrottledException",
        "TooManyRequestsException",
        "TransactionInProgressException",
    }
)
"""Codes that mean: later. As in botocore's standard retry mode, with what DynamoDB gives as a reason to cancel."""

DENIED = frozenset({"AccessDenied", "AccessDeniedException", "NotAuthorized", "UnauthorizedOperation"})
"""Codes that mean that a policy stands in the way."""

_SIGNATURES = frozenset(
    {
        "IncompleteSignature",
        "IncompleteSignatureException",
        "InvalidSignatureException",
        "MissingAuthenticationTokenException",
        "SignatureDoesNotMatch",
    }
)
_CLOCKS = ("Signature expired", "Signature not yet current")
_CLOCK_CODES = frozenset({"RequestExpired", "RequestInTheFuture", "RequestTimeTooSkewed"})
_CODE = re.compile(r"[\w.-]{1,128}")
_LONGEST = 500  # characters of a message


@dataclass(frozen=True, slots=True)
class CancellationReason:
    """Why one action of a transaction stood in its way: `None`, `ConditionalCheckFailed`, `TransactionConflict`, ..."""

    code: str
    message: str = ""
    item: Mapping[str, object] | None = None
    """The item as it is, where the action asked for it (`ReturnValuesOnConditionCheckFailure`)."""


class AwsError(Exception):
    """A call that AWS did not do, or that did not come to AWS."""

    def __init__(
        self,
        code: str,
        message: str = "",
        *,
        status: int = 0,
        request_id: str = "",
        cancellation_reasons: Sequence[CancellationReason] = (),
        maybe_done: bool = False,
    ) -> None:
        """Say what happened. `code` and `request_id` are AWS's own; `status` is that of HTTP, 0 without an answer."""
        super().__init__(f"{code}: {message}" if message else code)
        self.code, self.message, self.status, self.request_id = code, message, status, request_id
        self.cancellation_reasons = tuple(cancellation_reasons)
        self.maybe_done = maybe_done
        """Whether what was asked for may have been done all the same."""

    @property
    def is_of_the_clock(self) -> bool:
        """Whether the service holds that our clock is wrong."""
        return self.code in _CLOCK_CODES or (self.code in _SIGNATURES and self.message.startswith(_CLOCKS))


class Throttled(AwsError):
    """Too much, or too fast: later it may be done."""


class AccessDenied(AwsError):
    """A policy stands in the way: of the role, of the table, or of the session that a tenant's calls are made in."""


class Unreachable(AwsError):
    """There was no answer that counts. `maybe_done` is false when the request cannot have arrived whole."""


def failure_of(
    code: str,
    message: str,
    *,
    status: int,
    request_id: str = "",
    reasons: Sequence[CancellationReason] = (),
) -> AwsError:
    """The failure that an answer of AWS stands for, whoever has read it. Texts are cut to what may be logged."""
    code = code if _CODE.fullmatch(code) else str(status)
    kind = AwsError
    if code in THROTTLING or _is_only_throttled(reasons):
        kind = Throttled
    elif code in DENIED:
        kind = AccessDenied
    text = _presentable(code, message) or responses.get(status, "")
    # A server that stumbled may have written before it did; and a transaction that is under way may come to its end.
    stumbled = status >= HTTPStatus.INTERNAL_SERVER_ERROR and kind is not Throttled
    maybe_done = stumbled or code == "TransactionInProgressException"
    return kind(code, text, status=status, request_id=request_id, cancellation_reasons=reasons, maybe_done=maybe_done)


def _is_only_throttled(reasons: Sequence[CancellationReason]) -> bool:
    """Whether a transaction was cancelled for nothing but too much traffic."""
    codes = {reason.code for reason in reasons} - {"None"}
    return bool(codes) and codes <= THROTTLING


def _presentable(code: str, message: str) -> str:
    """The first line of a message. Behind it AWS writes the request that it has computed, the session token in it."""
    line = message.strip().partition("\n")[0].rstrip()[:_LONGEST]
    if code in _SIGNATURES and not line.startswith(_CLOCKS):
        return "The signature of the request was not accepted."
    return line
