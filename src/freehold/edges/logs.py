"""Logs: one line an event, as JSON for machines or short for people. No secret and no control character gets into one.

It is Python's own logging with handlers of ours: what an app logs comes out the same way.
"""

from __future__ import annotations

import json
import logging
import re
import sys
import time
from collections.abc import Mapping, MutableMapping
from contextvars import ContextVar
from typing import TextIO

CALL: ContextVar[tuple[str, str]] = ContextVar("freehold_call", default=("", ""))
"""The request id and the tenant that this thread is working for. For logs only: nothing decides anything by it."""

ACCESS = "freehold.access"
"""The logger of requests."""

LEVELS = ("debug", "info", "warning", "error")
HIDDEN = "[redacted]"

_OURS = {
    "call", "tenant",
    *logging.makeLogRecord({}).__dict__, "message", "asctime", "taskName",
}  # fmt: skip
_NAME = re.compile(r"(?i)authori[sz]ation|password|passwd|secret|token|cookie|api.?key|credential|^body$|^key$")
_SECRETS = (
    (re.compile(r"(?i)\b(bearer|basic)\s+[A-Za-z0-9._~+/=-]+"), r"\1 " + HIDDEN),
    (re.compile(r"\beyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.?[A-Za-z0-9_-]*"), HIDDEN),  # a JWT
    (re.compile(r"\bfhk_[A-Za-z0-9._-]+"), HIDDEN),  # an API key of ours
    (re.compile(r"(?<=[0-9a-f]{12})\.[A-Za-z0-9_-]{20,}"), "." + HIDDEN),  # a refresh token or an invitation of ours
    (
        re.compile(
            r"(?i)([\"']?[\w-]*(?:password|passwd|secret|token|api[_-]?key)[\"']?\s*[=:]\s*)(\"[^\"]*\"|'[^']*'|[^\s,;&]+)"
        ),
        r"\1" + HIDDEN,
    ),
    (re.compile(r"input_value=.*?(?=, input_type=)", re.DOTALL), "input_value=" + HIDDEN),  # Pydantic's
)
_SUSPECT = re.compile(r"(?i)bearer|basic|eyJ|fhk_|passw|secret|token|api.?key|[0-9a-f]{12}\.|input_value=")
_encoded = json.JSONEncoder(default=str).encode
_quoted = json.encoder.encode_basestring_ascii
_UNSEEN = {code: f"\\x{code:02x}" for code in (*range(32), *range(127, 160))}
_UNSEEN |= {code: f"\\u{code:04x}" for code in (*range(0x200B, 0x2010), *range(0x2028, 0x202F), *range(0x2066, 0x206A))}
"""What moves a cursor, ends a line, colours or reorders text, and how it is shown instead."""


def configure(level: str, *, pretty: bool, stream: TextIO | None = None) -> None:
    """Log from `level` on to standard error, or to `stream`: as JSON, or as people like it. Replaces what was set up.

    Raises `ValueError` for a level that is none of `LEVELS`.
    """
    if level.lower() not in LEVELS:
        message = f"{level!r} is no log level: take one of {', '.join(LEVELS)}"
        raise ValueError(message)
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(PrettyLines() if pretty else JsonLines())
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    logging.captureWarnings(capture=True)
    logging.logMultiprocessing = logging.logProcesses = False  # costs time for every line, and is in none of ours
    for chatty in ("uvicorn", "asyncio", "hpack"):
        logging.getLogger(chatty).setLevel(logging.WARNING)


def answered(
    access: logging.Logger, scope: MutableMapping[str, object], route: str | None, status: int, call: str, tenant: str,
    seconds: float,
) -> None:  # fmt: skip
    """Log that a request was answered. Without a route it went to an address that there is not."""
    method, ms = scope["method"], round(seconds * 1000, 3)
    extra = {"method": method, "route": route, "status": status, "ms": ms, "call": call, "tenant": tenant}
    said = f"{method} {str(scope['path'])[:200] if route is None else route}"
    record = logging.LogRecord(access.name, logging.INFO, "", 0, said, None, None)  # nobody looks for who called
    record.__dict__.update(extra)
    access.handle(record)


class _Stamp:
    """Times as RFC 3339 in UTC, to the millisecond. The part up to the second is worked out once a second."""

    def __init__(self) -> None:
        self._second, self._text = 0, ""

    def __call__(self, record: logging.LogRecord) -> str:
        second = int(record.created)
        if second != self._second:
            self._text = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(second))
            self._second = second
        return f"{self._text}.{int(record.msecs):03d}Z"


class JsonLines(logging.Formatter):
    """One JSON object a line, in ASCII."""

    def __init__(self) -> None:
        """Ready to write."""
        super().__init__()
        self._time = _Stamp()

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        said = record.__dict__
        if record.name == ACCESS:
            return self._answered(record)
        call, tenant = CALL.get()
        line: dict[str, object] = {
            "time": self._time(record),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": _clean(record.getMessage()),
            "request": said.get("call", call),
            "tenant": said.get("tenant", tenant),
        }
        for name in said.keys() - _OURS:
            line[name] = HIDDEN if _NAME.search(name) else _plain(said[name])
        if record.exc_info:
            line["exception"] = _clean(self.formatException(record.exc_info))
        return _encoded(line)

    def _answered(self, record: logging.LogRecord) -> str:
        """The line of a request, of which there are many: put together by hand."""
        said = record.__dict__
        route = "null" if said["route"] is None else _quoted(said["route"])
        message = _quoted(_clean(record.msg) if said["route"] is None else record.msg)
        return (
            f'{{"time": "{self._time(record)}", "level": "info", "logger": "{record.name}", '
            f'"message": {message}, "request": {_quoted(said["call"])}, '
            f'"tenant": {_quoted(said["tenant"])}, "route": {route}, "status": {said["status"]}, "ms": {said["ms"]}}}'
        )


class PrettyLines(logging.Formatter):
    """A line for a person at a terminal."""

    def __init__(self) -> None:
        """Ready to write."""
        super().__init__()
        self._time = _Stamp()

    def format(self, record: logging.LogRecord) -> str:
        """The line, with a traceback below it if there is one."""
        said = record.__dict__
        at, message = self._time(record)[11:23], _clean(record.getMessage()).translate(_UNSEEN)
        if record.name == ACCESS:
            line = f"{at}  {said['status']}  {message}  {said.get('ms')} ms"
        else:
            line = f"{at}  {record.levelname.lower():7}  {record.name}: {message}"
        if call := said.get("call") or CALL.get()[0]:
            line += f"  [{str(call).translate(_UNSEEN)}]"
        if record.exc_info:
            trace = _clean(self.formatException(record.exc_info)).splitlines()
            line += "".join(f"\n    {each.translate(_UNSEEN)}" for each in trace)
        return line


def _clean(text: str) -> str:
    """Text without what looks like a secret."""
    if _SUSPECT.search(text) is None:
        return text
    for pattern, instead in _SECRETS:
        text = pattern.sub(instead, text)
    return text


def _plain(value: object) -> object:
    """Something extra that was logged, with nothing secret in it."""
    if isinstance(value, Mapping):
        return {str(name): HIDDEN if _NAME.search(str(name)) else _plain(each) for name, each in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_plain(each) for each in value]
    if value is None or isinstance(value, (bool, int, float)):
        return value
    return HIDDEN if isinstance(value, (bytes, bytearray)) else _clean(str(value))
