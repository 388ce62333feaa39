"""What is written of an answer or a failure: its status, its headers and its body."""

from __future__ import annotations

from collections.abc import Iterable
from http import HTTPStatus

from freehold.edges import headers
from freehold.edges.headers import SECURITY, Headers, Line, Lines
from freehold.runtime.envelope import Answer, problem
from freehold.runtime.failures import Detail, Failure, Limited, MethodNotAllowed, Unauthenticated
from freehold.runtime.ports import Random

Response = tuple[int, Lines, bytes]

NOT_MODIFIED = 304
CLOSE = (b"connection", b"close")
REPLAYED = (b"idempotent-replayed", b"true")


def rendered(response: Response, common: Iterable[Line], *, stays: bool) -> bytes:
    """How a response goes over the wire (HTTP/1.1), with the headers that all have; the connection `stays` or ends."""
    status, lines, body = response
    lines = [*lines, (b"content-length", b"%d" % len(body)), *([] if stays else [CLOSE])]
    head = b"".join([name + b": " + value + b"\r\n" for name, value in (*common, *lines)])
    return b"HTTP/1.1 %d %b\r\n%b\r\n%b" % (status, HTTPStatus(status).phrase.encode(), head, body)


def success(method: object, given: Headers, answer: Answer, random: Random) -> Response:
    """What is written of an answer; of one that the caller has already, only that."""
    lines = [*SECURITY, (b"x-request-id", given.request_id.encode())]
    if given.traceparent and (trace := headers.continued(given.traceparent, random.bytes(8).hex())):
        lines.append((b"traceparent", trace.encode()))
    if answer.replayed:
        lines.append(REPLAYED)
    if answer.version is not None:
        etag = f'"{answer.version}"'
        lines.append((b"etag", etag.encode()))
        if given.if_none_match and method in ("GET", "HEAD") and headers.is_known(etag, given.if_none_match):
            return NOT_MODIFIED, lines, b""
    return answer.status, lines, answer.body(given.request_id)


def failed(failure: Failure, request_id: str) -> Response:
    """What is written of a failure."""
    lines = [*SECURITY, (b"x-request-id", request_id.encode())]
    if failure.retry_after is not None:
        lines.append((b"retry-after", b"%d" % max(1, round(failure.retry_after + 0.5))))
    if failure.replayed:
        lines.append(REPLAYED)
    if isinstance(failure, Unauthenticated):
        lines.append((b"www-authenticate", b'Bearer realm="api"'))
    detail = failure.details[0] if failure.details else {}
    if isinstance(failure, MethodNotAllowed) and isinstance(allow := detail.get("allow"), list):
        lines.append((b"allow", ", ".join(allow).encode()))
    if isinstance(failure, Limited) and "policy" in detail:
        lines += _spent(detail, failure.retry_after or 0)
    return failure.status, lines, problem(failure, request_id)


def _spent(detail: Detail, seconds: float) -> Lines:
    """Which limit was reached (draft-ietf-httpapi-ratelimit-headers-11)."""
    policy = f'"{detail["policy"]}";q={detail["limit"]};w={detail["seconds"]}'
    spent = f'"{detail["policy"]}";r=0;t={max(1, round(seconds + 0.5))}'
    return [(b"ratelimit-policy", policy.encode()), (b"ratelimit", spent.encode())]
