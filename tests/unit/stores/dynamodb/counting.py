"""Run as a program: counts a player's goals upwards, and says how often it did.

python -m tests.unit.stores.dynamodb.counting URL TABLE TENANT PLAYER TIMES
"""

import sys
from contextlib import closing
from dataclasses import replace

from freehold.runtime.failures import Overloaded
from freehold.runtime.ports import Stale
from freehold.settings import Settings
from freehold.stores.dynamodb import kit
from freehold.testing.contract.stage import Stage
from freehold.testing.contract.subjects import Player


def count_up(stage: Stage, tenant: str, player: str, times: int) -> int:
    """Add a goal so many times, each time until it works. Returns how many were acknowledged."""
    done = 0
    while done < times:
        found = stage.find(tenant, Player, player)
        assert found is not None
        try:
            stage.save(tenant, found, goals=found.goals + 1)
            done += 1
        except (Stale, Overloaded):
            continue
    return done


def main(url: str, table: str, tenant: str, player: str, times: str) -> None:
    """Count."""
    settings = replace(Settings(), store="dynamodb", table=table, table_endpoint=url)
    stage = Stage(lambda model: kit.opened(model, settings))
    with closing(stage.database):
        sys.stdout.write(f"{count_up(stage, tenant, player, int(times))}\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
