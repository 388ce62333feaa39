"""Run as a program: migrates a table, and kills itself before the call of that number.

python -m tests.unit.stores.dynamodb.migrating URL TABLE CALLS
"""

import os
import signal
import sys
from collections.abc import Mapping
from itertools import count

from freehold.aws.client import AwsClient
from tests.unit.stores import versions
from tests.unit.stores.dynamodb.clients import Watched
from tests.unit.stores.dynamodb.tables import TestTable
from tests.unit.stores.stored import model_of


def main(url: str, name: str, calls: str) -> None:
    """Migrate."""
    numbers = count(1)

    def before(operation: str, request: Mapping[str, object]) -> None:
        if next(numbers) == int(calls):
            os.kill(os.getpid(), signal.SIGKILL)

    def watched(client: AwsClient) -> AwsClient:
        return Watched(client, before)

    table = TestTable(url)
    table.name = name
    with table.migrations(model_of(*versions.everything_changed()), watched) as migrations:
        migrations.up(breaking=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
