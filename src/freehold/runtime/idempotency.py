"""The same key, the same answer: one effect however often a client sends a command.

The record is written in the command's own transaction, so there is no moment in which the effect exists and the
record does not. Its id follows from principal, use case and client key, and it lies on the tenant's ground: no other
tenant, person or route can meet it. A record lives 24 hours. (IETF draft-ietf-httpapi-idempotency-key-header.)
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Final, Protocol

from pydantic import BaseModel
from pydantic_core import from_json, to_json

from freehold.model.data import Entity, Id, Page, Paging, Range
from freehold.model.lookup import lookup
from freehold.model.ports import Store
from freehold.model.usecase import UseCase
from freehold.runtime.envelope import Answer, told
from freehold.runtime.failures import BadRequest, Conflict, Failure, Invalid, NotFound
from freehold.runtime.ids import derived
from freehold.runtime.ports import Verb, Write
from freehold.runtime.unit import Unit

LIFETIME = timedelta(hours=24)
LONGEST_KEY = 255
DETERMINISTIC = frozenset({404, 409, 422})

SHOWN_ONCE: Final = "shown once"
"""Marks a field of an answer, `Annotated[str, SHOWN_ONCE]`, that is a secret: a replay has an empty text there."""


class Receipt(Entity):
    """What was answered to a key."""

    fingerprint: str
    status: int
    body: str
    entity_version: int | None = None
    cursor: str | None = None
    paged: bool = False
    expires: datetime


class Receipts(Store[Receipt], Protocol):
    """How receipts are found, apart from their ids."""

    @lookup(order="expires")
    def ending(self, expires: Range[datetime], page: Paging) -> Page[Receipt]:
        """Those that end in this time, the first to end first."""
        ...


class InFlight:
    """The keys whose calls are running in this process."""

    def __init__(self) -> None:
        """None so far."""
        self._keys: set[tuple[str, str]] = set()
        self._lock = threading.Lock()

    @contextmanager
    def claimed(self, tenant: str, receipt: str) -> Iterator[None]:
        """Hold a key while its call runs. Raises `Conflict` when somebody holds it."""
        key = (tenant, receipt)
        with self._lock:
            if key in self._keys:
                message = "A call with this Idempotency-Key is still running."
                raise Conflict("IDEMPOTENT_CALL_RUNNING", message, retry_after=1)
            self._keys.add(key)
        try:
            yield
        finally:
            with self._lock:
                self._keys.discard(key)


def check_key(case: UseCase, key: str | None) -> None:
    """Raises `BadRequest` for a key that is none, and for none where one is required."""
    if key is None:
        if case.idempotent:
            raise BadRequest("IDEMPOTENCY_KEY_REQUIRED", "Send an Idempotency-Key header with this call.")
    elif not (0 < len(key) <= LONGEST_KEY and key.isprintable()):
        raise BadRequest("BAD_IDEMPOTENCY_KEY", "The Idempotency-Key must be 1 to 255 printable characters.")


def receipt_id(principal: str, case: str, key: str) -> str:
    """Where the record of a key lies on its tenant's ground."""
    return derived("receipt", principal, case, key)


def fingerprint_of(inputs: Mapping[str, object]) -> str:
    """A hash of the validated input, so that the order of JSON keys does not matter."""
    return hashlib.sha256(to_json(dict(sorted(inputs.items())))).hexdigest()


def known(unit: Unit, id: str, fingerprint: str) -> Answer | None:
    """The answer given to this key before, if there is one. Raises it when it was a failure.

    Raises `Invalid` when the input was another.
    """
    receipt = unit.find(Receipt, id)
    if not isinstance(receipt, Receipt) or receipt.expires <= unit.now:
        return None
    if receipt.fingerprint != fingerprint:
        message = "This Idempotency-Key was used with other input."
        raise Invalid("IDEMPOTENCY_KEY_REUSED", message)
    if receipt.status >= HTTPStatus.BAD_REQUEST:
        raise _again(receipt)
    body = receipt.body.encode()
    version, cursor = receipt.entity_version, receipt.cursor
    return Answer(receipt.status, body, next=cursor, paged=receipt.paged, version=version, replayed=True)


def refusal(failure: Failure) -> Answer:
    """A failure as something that can be kept under a key."""
    return Answer(failure.status, to_json(told(failure)))


def _again(receipt: Receipt) -> Failure:
    kept = from_json(receipt.body)
    kind = next((kind for kind in (NotFound, Conflict, Invalid) if kind.status == receipt.status), Failure)
    failure = kind(kept["code"], kept["message"], details=kept["details"])
    failure.status, failure.replayed = receipt.status, True
    return failure


def record(unit: Unit, id: str, fingerprint: str, answer: Answer) -> Write:
    """The write that keeps an answer, over an expired one if there is one."""
    old = unit.find(Receipt, id)
    receipt = Receipt(
        id=Id(id), version=old.version + 1 if old else 1, created_at=unit.now, updated_at=unit.now,
        fingerprint=fingerprint, status=answer.status, body=_without_secrets(answer), entity_version=answer.version,
        cursor=answer.next, paged=answer.paged, expires=unit.now + LIFETIME,
    )  # fmt: skip
    return Write(Verb.SAVE if old else Verb.ADD, Receipt, receipt, old.version if old else 0)


def _without_secrets(answer: Answer) -> str:
    """What is kept of an answer. A secret that is stored only as a hash must not lie beside it in a receipt."""
    value = answer.value
    if isinstance(value, BaseModel):
        secrets = [name for name, field in type(value).model_fields.items() if SHOWN_ONCE in field.metadata]
        if secrets:
            return value.model_copy(update=dict.fromkeys(secrets, "")).model_dump_json()
    return answer.data.decode()
