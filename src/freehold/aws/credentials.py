"""Keys that requests are signed with, and how they are kept fresh."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from freehold.aws.failures import AwsError
from freehold.runtime.ports import Clock

_LOG = logging.getLogger("freehold.aws")
_GAP, _GAP_LATE = 60.0, 5.0  # seconds between two tries to fetch, while there is time and when there is little
_LONG_AGO = float("-inf")
_SHARED = 1.0  # seconds for which those who had to wait share the failure of who tried


@dataclass(frozen=True, slots=True)
class Credentials:
    """An access key. What is secret in it is not shown when it is printed."""

    access_key: str
    secret_key: str = field(repr=False)
    token: str = field(default="", repr=False)
    """Of a session; empty for a key that is not of one."""
    expires: datetime | None = None
    """When they stop counting, with its zone; None for never."""


Source = Callable[[], Credentials]
"""Gives credentials, or raises `AwsError`. Called from any thread."""


class Refreshing:
    """Credentials that are fetched before they are needed. Calling it gives those to sign with now: it is a `Source`.

    One caller at a time fetches. Others go on with what there is, for as long as it counts: what fetches may be away
    for longer than a call can wait.
    """

    __slots__ = (
        "_begin",
        "_clock",
        "_early",
        "_failed",
        "_failure",
        "_fetching",
        "_known",
        "_late",
        "_source",
        "_tried",
    )

    def __init__(self, source: Source, clock: Clock, *, early: float = 600, late: float = 300) -> None:
        """Fetch nothing yet.

        `early` and `late` are in seconds before the end: when to begin to ask for new ones, every minute, and when to
        ask every few seconds. Those that count for a short time only are renewed after half of it.
        """
        self._source, self._clock = source, clock
        self._early, self._late = early, late
        self._begin = early
        self._fetching = threading.Lock()
        self._known: Credentials | None = None
        self._tried = self._failed = _LONG_AGO
        self._failure: Exception | None = None

    def __call__(self) -> Credentials:
        """Credentials that count now. Raises `AwsError` if there are none and none can be had."""
        known = self._known
        left = 0.0 if known is None else self._left(known)
        if known is None or left <= 0:
            return self._fetch_now()
        if left < self._begin and self._is_due(left) and self._fetching.acquire(blocking=False):
            try:
                if self._is_due(left):  # nobody was faster
                    self._fetch()
            except Exception as error:  # noqa: BLE001  # a source may raise anything, and these still count
                _LOG.warning("credentials could not be renewed, %d seconds before they expire: %s", left, error)
            finally:
                self._fetching.release()
        return self._known or known

    @property
    def is_idle(self) -> bool:
        """Whether it has been used, and nobody is fetching now."""
        return self._tried > _LONG_AGO and not self._fetching.locked()

    def _is_due(self, left: float) -> bool:
        return self._clock.monotonic() - self._tried >= (_GAP if left > self._late else _GAP_LATE)

    def _left(self, known: Credentials) -> float:
        return float("inf") if known.expires is None else (known.expires - self._clock.now()).total_seconds()

    def _fetch_now(self) -> Credentials:
        """Fetch, or wait for who does. Whoever has waited takes what came of it, good or bad."""
        with self._fetching:
            known = self._known
            if known is not None and self._left(known) > 0:
                return known
            if self._failure is not None and self._clock.monotonic() - self._failed < _SHARED:
                raise self._failure.with_traceback(None)
            return self._fetch()

    def _fetch(self) -> Credentials:
        self._tried = self._clock.monotonic()
        try:
            fetched = self._fetched()
        except Exception as error:
            self._failed, self._failure = self._clock.monotonic(), error
            raise
        self._begin = min(self._early, self._left(fetched) / 2)
        self._known, self._failure = fetched, None
        return fetched

    def _fetched(self) -> Credentials:
        fetched = self._source()
        if self._left(fetched) <= 0:
            raise AwsError("ExpiredCredentials", "the credentials that were fetched have expired already")
        return fetched
