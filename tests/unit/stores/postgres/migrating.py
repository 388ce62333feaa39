"""Run as a program: migrates a database, and kills itself before so many statements, if it is told how many.

python -m tests.unit.stores.postgres.migrating URL VERSION [STATEMENTS]
"""

import os
import signal
import sys
from itertools import count

import psycopg

from freehold.stores.postgres.migrations import PostgresMigrations
from freehold.stores.schema import schema_of
from tests.unit.stores import versions
from tests.unit.stores.stored import model_of


def main(url: str, version: str, statements: str = "0") -> None:
    """Migrate, with one worker, so that the statements come in one order. Print how many there were."""
    numbers, execute = count(1), psycopg.Connection.execute
    done = 0

    def counted(connection: psycopg.Connection, *given: object, **named: object) -> object:
        nonlocal done
        done = next(numbers)
        if done == int(statements):
            os.kill(os.getpid(), signal.SIGKILL)  # as a power cut would
        return execute(connection, *given, **named)  # type: ignore[arg-type]  # handed on

    psycopg.Connection.execute = counted  # type: ignore[method-assign,assignment]  # in this process alone
    schema = schema_of(model_of(*getattr(versions, version)()))
    with PostgresMigrations(url, schema, login="freehold", workers=1) as migrations:
        migrations.up(breaking=True)
    sys.stdout.write(f"{done}\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
