"""A DynamoDB that answers late: who serves gives up soon, and an operator, who would have to begin again, waits."""

import os
import signal
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

pytest.register_assert_rewrite("freehold.testing.contract")  # before it is imported

from freehold.aws.retries import PATIENT, STANDARD  # noqa: E402
from freehold.runtime.failures import Overloaded  # noqa: E402
from freehold.runtime.scope import Scope  # noqa: E402
from freehold.servers.dynamodb import DynamoServer  # noqa: E402
from freehold.stores.dynamodb import kit  # noqa: E402
from freehold.stores.dynamodb.estate import LEASE  # noqa: E402
from freehold.testing.contract.subjects import SUBJECTS, Team  # noqa: E402
from tests.emulators import emulated  # noqa: E402
from tests.unit.stores.dynamodb.tables import TestTable  # noqa: E402


@contextmanager
def standing_still(server: DynamoServer, seconds: float) -> Iterator[None]:
    """The server does nothing for so long, or until the block ends."""
    os.kill(server.pid, signal.SIGSTOP)
    later = threading.Timer(seconds, os.kill, (server.pid, signal.SIGCONT))
    later.start()
    try:
        yield
    finally:
        later.cancel()
        os.kill(server.pid, signal.SIGCONT)
        later.join()


def test_an_operator_has_an_answer_after_those_who_serve_have_given_up(tmp_path: Path) -> None:
    with emulated("roto", tmp_path) as server:
        table = TestTable(server.url)
        with table.staged() as stage, closing(kit.estate(SUBJECTS, table.settings)) as estate:
            team = stage.add(stage.acme, Team(name="a"))
            with ThreadPoolExecutor() as threads, standing_still(server, STANDARD.seconds + 2):
                served = threads.submit(stage.get, stage.acme, team)
                with Scope(stage.acme) as scope:
                    assert estate.rows(scope, Team, "", 10) == [team]
                with pytest.raises(Overloaded, match="did not answer"):
                    served.result()
            assert stage.get(stage.acme, team) == team


def test_an_operator_waits_less_long_than_what_he_holds_is_held() -> None:
    assert PATIENT.seconds < LEASE
