"""`freehold doctor`, as somebody uses it."""

import tempfile
from pathlib import Path

import psycopg
import pytest

from freehold.servers.postgres import PostgresServer
from tests.journeys.cli_kit import with_example


def test_the_embedded_store_has_nothing_to_be_looked_at_but_its_schema(tmp_path: Path) -> None:
    shell = with_example(tmp_path / "tasks")
    assert "FH303" in shell.run("doctor", code=1)
    shell.run("migrate", "up")
    said = shell.run("doctor")
    assert "nothing is wrong" in said
    assert "its file is all there is" in said
    assert shell.json("doctor") == []


@pytest.mark.postgres
def test_what_somebody_added_to_a_database_is_told_and_ends_with_1(tmp_path_factory: pytest.TempPathFactory) -> None:
    with (
        tempfile.TemporaryDirectory(prefix="freehold-") as folder,
        PostgresServer(Path(folder) / "data") as server,
    ):
        shell = with_example(tmp_path_factory.mktemp("doctor") / "tasks")
        settings = {
            "FREEHOLD_STORE": "postgres", "FREEHOLD_DATABASE_URL": server.serving_url, "FREEHOLD_OWNER_URL": server.url,
        }  # fmt: skip
        assert "FH303" in shell.run("doctor", code=1, **settings)
        shell.run("migrate", "up", **settings)
        assert "nothing is wrong" in shell.run("doctor", **settings)
        with psycopg.connect(server.url, autocommit=True) as owner:
            owner.execute("CREATE MATERIALIZED VIEW public.all_tasks AS SELECT * FROM freehold_pool.task")
        assert "FH312" in shell.run("doctor", code=1, **settings)
        found = shell.json("doctor", code=1, **settings)
        assert isinstance(found, list)
        wrong = [one for one in found if one["level"] == "wrong"]
        assert [one["code"] for one in wrong] == ["FH312"]
