"""Every ground of a table, brought to a generation: some at a time, and who stays behind is named."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from itertools import islice

from freehold.aws.failures import AwsError
from freehold.model.finding import Finding, ModelError, Place
from freehold.stores.dynamodb.grounds import behind
from freehold.stores.dynamodb.raw import PARALLEL, RawTable
from freehold.stores.dynamodb.recast import Blocked
from freehold.stores.dynamodb.rewriting import Moved, Rewriter
from freehold.stores.migrate import UP, Progress, Stage

BATCH = 100
"""So many grounds are brought up before more are looked for."""
MOST_NAMED = 10
"""Of the grounds that stay behind so many are named."""
AGAIN = f"{UP} again: what is done stays done"


class Fleet:
    """The grounds that are behind."""

    def __init__(self, table: RawTable, rewriter: Rewriter, generation: int, place: Place) -> None:
        """Bring them to `generation` by `rewriter`."""
        self._table, self._rewriter, self._generation, self._place = table, rewriter, generation, place

    def follow(self, progress: Progress) -> None:
        """Bring up every ground. Raises `ModelError` (FH304, FH307) once all others are done."""
        began, total = time.monotonic(), sum(1 for _ in behind(self._table, self._generation))
        done, left = 0, list[Finding]()
        waiting = behind(self._table, self._generation)
        with ThreadPoolExecutor(PARALLEL) as threads:
            while batch := list(islice(waiting, BATCH)):
                for trouble in threads.map(self._settle, batch):
                    done += trouble is None
                    left += [trouble] if trouble is not None else []
                    progress(Stage(done, max(total, done + len(left)), len(left), time.monotonic() - began))
        if left:
            raise ModelError(left[:MOST_NAMED])

    def _settle(self, tenant: str) -> Finding | None:
        try:
            self._rewriter.settle(tenant)
        except Blocked as error:
            return error.finding(self._place, tenant)
        except Moved:
            return Finding(
                "FH307", self._place, f"tenant {tenant} stays behind: others write on it all the time", AGAIN
            )
        except AwsError as error:
            return Finding("FH307", self._place, f"tenant {tenant} stays behind: {error}", AGAIN)
        return None
