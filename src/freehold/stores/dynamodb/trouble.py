"""What DynamoDB may answer instead of items, and what a caller is told of it."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from freehold.aws.failures import AccessDenied, AwsError, Throttled, Unreachable
from freehold.runtime.failures import TooLarge
from freehold.stores.dynamodb.sizes import TRANSACTION_TOO_LARGE, VALUE_TOO_LARGE
from freehold.stores.unavailable import busy, lost, unreachable

_LOG = logging.getLogger("freehold.dynamodb")

SHUT = frozenset(
    {
        "ExpiredToken",
        "ExpiredTokenException",
        "IncompleteSignatureException",
        "InvalidClientTokenId",
        "InvalidSignatureException",
        "MissingAuthenticationTokenException",
        "NoCredentials",
        "ResourceNotFoundException",
        "UnrecognizedClientException",
    }
)
"""Codes that mean that an operator has something to do: credentials that do not count, or a table that is not there."""

FAILED, CONFLICT, INVALID = "ConditionalCheckFailed", "TransactionConflict", "ValidationError"
"""Reasons for which a transaction is cancelled. Source: Amazon DynamoDB API Reference, TransactWriteItems."""


@contextmanager
def explained() -> Iterator[None]:
    """Say in our words when DynamoDB could not."""
    try:
        yield
    except AwsError as error:
        raise told(error) from error


def told(error: AwsError) -> Exception:
    """What a caller is told. What is none of the known troubles is a mistake of ours, and stays one."""
    if isinstance(error, AccessDenied) or error.code in SHUT:
        _LOG.error("DynamoDB does not let us in: %s", error.code)
        return unreachable()
    if error.maybe_done:
        return lost()
    if isinstance(error, Throttled):
        return busy()
    if isinstance(error, Unreachable):
        return unreachable()
    return _too_large(error) or error


def _too_large(error: AwsError) -> TooLarge | None:
    """What is larger than DynamoDB takes: a transaction as a whole, or an item, one of a transaction or by itself."""
    invalid = [error.message] if error.code == "ValidationException" else []
    invalid += [reason.message for reason in error.cancellation_reasons if reason.code == INVALID]
    for message in (one.lower() for one in invalid if "size" in one.lower()):
        if "aggregate" in message or "collection size of items in the transaction" in message:
            return TooLarge("TRANSACTION_TOO_LARGE", TRANSACTION_TOO_LARGE)
        return TooLarge("VALUE_TOO_LARGE", VALUE_TOO_LARGE)
    return None
