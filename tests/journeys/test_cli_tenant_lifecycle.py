"""`freehold tenant export|import|restore|erase|verify|move|password`, as an operator types them, on both stores."""

import json
import shutil
import sqlite3
import subprocess
import tempfile
import threading
import urllib.request
import zipfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import TypedDict

import pytest

from freehold.accounts.records import Organisation
from freehold.cli.lifecycle import Begun
from freehold.servers.postgres import PostgresServer
from freehold.stores.postgres.fits import connected
from tests.journeys.cli_kit import FREEHOLD, Shell

BOB = "bob@acme.test"
ADA = "ada@acme.test"
SCHEMAS = "SELECT count(*) FROM pg_namespace WHERE nspname LIKE %s"
ROLES = "SELECT count(*) FROM pg_roles WHERE rolname LIKE %s"


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A new app with two tenants, and tasks in them; and `there`, with nobody. Made once, and copied for each test."""
    folder = tmp_path_factory.mktemp("prepared")
    Shell(folder).run("new", "acme")
    Shell(folder / "acme").run("migrate", "up")
    Shell(folder / "acme").run("seed")
    Shell(folder / "acme").run("tenant", "export", "acme", str(folder / "acme" / "before.zip"))
    shutil.copytree(folder / "acme", folder / "there", ignore=shutil.ignore_patterns(".freehold"))
    Shell(folder / "there").run("migrate", "up")
    return folder


@pytest.fixture
def here(tmp_path: Path, prepared: Path) -> Shell:
    """A new app with two tenants, and tasks in them; and `before.zip`, which is acme."""
    return Shell(Path(shutil.copytree(prepared / "acme", tmp_path / "here")))


@pytest.fixture
def there(tmp_path: Path, prepared: Path) -> Shell:
    """The same app elsewhere, with nobody in it."""
    return Shell(Path(shutil.copytree(prepared / "there", tmp_path / "there")))


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    """A PostgreSQL server."""
    with (
        tempfile.TemporaryDirectory(prefix="freehold-") as folder,
        PostgresServer(Path(folder), settings=["fsync=off"]) as server,
    ):
        yield server


class Names(TypedDict, total=False):
    """Settings as the environment has them."""

    FREEHOLD_STORE: str
    FREEHOLD_DATABASE_URL: str
    FREEHOLD_OWNER_URL: str
    FREEHOLD_TO_STORE: str
    FREEHOLD_TO_DATABASE_URL: str
    FREEHOLD_TO_OWNER_URL: str


NONE = Names()


@pytest.fixture
def postgres(server: PostgresServer) -> Names:
    """The settings that lead to a server."""
    return Names(FREEHOLD_STORE="postgres", FREEHOLD_DATABASE_URL=server.serving_url, FREEHOLD_OWNER_URL=server.url)


@pytest.fixture
def to_postgres(server: PostgresServer) -> Names:
    """The settings of a move to it."""
    return Names(FREEHOLD_TO_DATABASE_URL=server.serving_url, FREEHOLD_TO_OWNER_URL=server.url)


def slugs(shell: Shell, settings: Names = NONE) -> dict[str, str]:
    """Who is there, and in which state."""
    found = shell.json("tenant", "list", **settings)
    assert isinstance(found, list)
    return {one["slug"]: one["state"] for one in found}


def id_of(shell: Shell, slug: str, settings: Names = NONE) -> str:
    """The id of a tenant."""
    found = shell.json("tenant", "list", **settings)
    assert isinstance(found, list)
    return str(next(one["id"] for one in found if one["slug"] == slug))


def told(answer: object) -> dict[str, object]:
    """What a verb says in JSON."""
    assert isinstance(answer, dict)
    return answer


def tasks(shell: Shell, settings: Names = NONE) -> list[dict[str, object]]:
    """What somebody has to do."""
    found = json.loads(shell.run("call", "my_tasks", "--as", ADA, **settings))
    assert isinstance(found, list)
    return found


def test_a_tenant_is_taken_out_and_brought_in_elsewhere(here: Shell, there: Shell) -> None:
    out = told(here.json("tenant", "export", "acme", "../acme.zip"))
    arrived = told(there.json("tenant", "import", "../acme.zip"))
    assert arrived["content"] == out["content"]
    assert arrived["rows"] == out["rows"]
    assert slugs(there) == {"acme": "active"}
    assert tasks(there) == tasks(here)
    assert "The chain holds" in there.run("audit", "verify", "--tenant", "acme")
    assert slugs(here) == {"acme": "active", "globex": "active"}


def test_an_export_writes_over_nothing(here: Shell) -> None:
    assert "is there already" in here.run("tenant", "export", "acme", "before.zip", code=2)
    assert "there are: acme, globex" in here.run("tenant", "export", "nobody", code=2)
    assert "acme.zip" in here.run("tenant", "export", "acme")


def test_who_has_no_password_is_given_one(here: Shell, there: Shell) -> None:
    said = there.run("tenant", "import", str(here.folder / "before.zip"))
    assert "2 people are new here" in said
    assert "nobody here has" in there.run("tenant", "password", "eve@acme.test", code=2)
    fresh = str(told(there.json("tenant", "password", ADA))["password"])
    with there.running("serve") as server:
        signed_in = server.ask("POST", "/auth/sign-in", body={"email": ADA, "password": fresh})
        refused = server.ask("POST", "/auth/sign-in", body={"email": BOB, "password": ""})
    assert (signed_in.status, refused.status) == (200, 401)


def test_passwords_come_along_with_a_word(here: Shell, there: Shell) -> None:
    here.run("tenant", "export", "acme", "../all.zip", "--with-secrets")
    there.run("tenant", "import", "../all.zip")
    with there.running("serve") as server:
        assert server.sign_in(ADA)["id"]


def test_a_tenant_in_the_way_is_told_of(here: Shell) -> None:
    told_of = here.json("tenant", "import", "before.zip", code=1)
    assert isinstance(told_of, list)
    assert told_of[0]["code"] == "FH322"


def test_a_short_name_can_be_another(here: Shell, there: Shell) -> None:
    there.run("tenant", "import", str(here.folder / "before.zip"), "--as", "acme-again")
    assert slugs(there) == {"acme-again": "active"}


def test_a_tenant_is_set_back_while_others_work(here: Shell) -> None:
    before = tasks(here)
    with here.running("serve") as server:
        ada, gina = server.sign_in(ADA), server.sign_in("gina@globex.test")
        made = server.ask("POST", "/tasks", ada["token"], {"title": "Later", "assignee": ada["id"]})
        assert made.status == 201
        seen = set[int]()
        done = threading.Event()

        def work() -> None:
            while not done.is_set():
                seen.add(server.ask("GET", "/members", gina["token"]).status)

        worker = threading.Thread(target=work)
        worker.start()
        here.run("tenant", "restore", "acme", "before.zip", "--yes")
        done.set()
        worker.join()
        assert seen == {200}
    assert tasks(here) == before


def test_erasing_asks_for_the_short_name(here: Shell) -> None:
    assert "Nothing was done" in here.run("tenant", "erase", "acme", given="acme?\n", code=1)
    assert "Nothing was done" in here.run("tenant", "restore", "acme", "before.zip", given="no\n", code=1)
    assert slugs(here) == {"acme": "active", "globex": "active"}


def test_an_erased_tenant_is_gone_and_a_certificate_says_so(here: Shell) -> None:
    id = id_of(here, "acme")
    said = here.run("tenant", "erase", "acme", given="acme\n")
    assert "A search for it found nothing" in said
    assert "It holds: acme" in here.run("tenant", "verify", "acme.erased.json")
    assert slugs(here) == {"globex": "active"}
    with closing(sqlite3.connect(here.folder / ".freehold" / "data.db")) as raw:
        tables = [name for (name,) in raw.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
        dump = "\n".join(raw.iterdump())
    assert "task" in tables
    chain = [line for line in dump.splitlines() if id in line]
    assert chain
    assert all("freehold_audit" in line for line in chain)
    assert ADA not in dump


def test_a_certificate_is_held_against_a_key_set(here: Shell, there: Shell) -> None:
    with here.running("serve") as server:
        keys = server.url + "/.well-known/jwks.json"
        (here.folder / "jwks.json").write_bytes(_fetched(keys))
    here.run("tenant", "erase", "acme", "--yes", "--certificate", "gone.json")
    here.run("keys", "rotate")
    assert "It holds" in here.run("tenant", "verify", "gone.json", "--jwks", "jwks.json")
    assert "It holds" in there.run("tenant", "verify", "../here/gone.json", "--jwks", "../here/jwks.json")
    assert "FH324" in there.run("tenant", "verify", "../here/gone.json", code=1)
    assert "no JSON Web Key Set" in here.run("tenant", "verify", "gone.json", "--jwks", "app.py", code=2)
    text = (here.folder / "gone.json").read_text()
    (here.folder / "gone.json").write_text(text.replace('"slug": "acme"', '"slug": "globex"'))
    assert "FH324" in here.run("tenant", "verify", "gone.json", "--jwks", "jwks.json", code=1)


def test_nothing_is_erased_where_no_certificate_can_be_written(here: Shell) -> None:
    refused = here.json("tenant", "erase", "acme", "--yes", "--certificate", "/proc/acme.json", code=1)
    assert isinstance(refused, list)
    assert refused[0]["code"] == "FH409"
    assert "FH409" in here.run("tenant", "export", "acme", "/proc/acme.zip", code=1)
    assert slugs(here) == {"acme": "active", "globex": "active"}


def test_an_erasure_that_was_killed_before_its_certificate_is_done_again(here: Shell) -> None:
    out, id = told(here.json("tenant", "export", "acme", "all.zip")), id_of(here, "acme")
    with zipfile.ZipFile(here.folder / "all.zip") as archive:
        there = json.loads(archive.read("manifest.json"))["organisation"]
    erased = told(here.json("tenant", "erase", "acme", "--yes", "--certificate", "first.json"))
    (here.folder / "acme.erased.json").write_text(Begun(organisation=Organisation(**there)).model_dump_json())
    assert "FH324" in here.run("tenant", "verify", "acme.erased.json", code=1)
    again = told(here.json("tenant", "erase", "acme", "--yes"))
    assert (again["tenant"], again["residue"], again["chain_number"]) == (id, {}, out["audit"])
    assert again["chain_hash"] == erased["chain_hash"]
    assert "It holds: acme" in here.run("tenant", "verify", "acme.erased.json")
    assert "is there already" in here.run("tenant", "erase", "acme", "--yes", code=2)


def test_a_server_lets_nobody_of_an_erased_tenant_in(here: Shell) -> None:
    with here.running("serve") as server:
        ada, gina = server.sign_in(ADA), server.sign_in("gina@globex.test")
        here.run("tenant", "erase", "acme", "--yes")
        assert server.ask("GET", "/members", ada["token"]).status == 401
        assert server.ask("GET", "/members", gina["token"]).status == 200
        assert server.ask("POST", "/auth/sign-in", body={"email": ADA, "password": "x" * 12}).status == 401


def test_two_imports_at_once_bring_in_one_tenant(here: Shell, there: Shell) -> None:
    command = [FREEHOLD, "tenant", "import", str(here.folder / "before.zip"), "--json"]
    both = [
        subprocess.Popen(
            command, cwd=there.folder, env=there.environment(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        for _ in range(2)
    ]
    said = [process.communicate()[0].decode() for process in both]
    assert sorted(process.returncode for process in both) == [0, 1], said
    assert sum("FH322" in one for one in said) == 1
    assert slugs(there) == {"acme": "active"}
    assert tasks(there) == tasks(here)


def test_a_tenant_moves_to_postgres_between_its_tiers_and_back(
    here: Shell, postgres: Names, to_postgres: Names
) -> None:
    before, out = tasks(here), told(here.json("tenant", "export", "acme", "../acme.zip"))
    here.run("migrate", "up", **postgres)
    moved = told(here.json("tenant", "move", "acme", "--to-store", "postgres", **to_postgres))
    assert moved["content"] == out["content"]
    assert slugs(here) == {"acme": "suspended", "globex": "active"}
    assert slugs(here, postgres) == {"acme": "active"}
    assert tasks(here, postgres) == before
    with here.running("serve", **postgres) as server:
        ada = server.sign_in(ADA)
        for tier in ("pool", "schema", "pool"):
            assert told(here.json("tenant", "move", "acme", "--tier", tier, **postgres))["rows"]
            assert server.ask("GET", "/members", ada["token"]).status == 200
            made = server.ask("POST", "/tasks", ada["token"], {"title": tier, "assignee": ada["id"]})
            assert made.status == 201
    assert "already" in here.run("tenant", "move", "acme", "--tier", "pool", **postgres)
    same = here.run("tenant", "move", "acme", "--to-data", ".freehold", code=1, **postgres)
    assert "it comes from there" in same  # of the same store, unless something says which
    here.run("tenant", "erase", "acme", "--yes")
    back = ("tenant", "move", "acme", "--to-store", "sqlite", "--erase", "--yes")
    assert "Here it is erased" in here.run(*back, **postgres)
    assert slugs(here, postgres) == {}
    assert slugs(here) == {"globex": "active", "acme": "active"}
    assert {task["title"] for task in tasks(here)} == {task["title"] for task in before} | {"pool", "schema"}


def test_a_move_says_where_to(here: Shell) -> None:
    assert "--to-store" in here.run("tenant", "move", "acme", code=2)
    assert "--yes" in here.run("tenant", "move", "acme", "--to-store", "postgres", "--erase", code=2)
    assert "FH322" in here.run("tenant", "move", "acme", "--tier", "pool", code=1)
    for variables in ({}, {"FREEHOLD_TO_DATA": "./.freehold/"}):
        refused = here.run("tenant", "move", "acme", "--to-store", "sqlite", code=1, **variables)
        assert "it comes from there" in refused
        assert "erase" not in refused
    assert slugs(here) == {"acme": "active", "globex": "active"}


def test_erasing_takes_schema_and_role_along(here: Shell, server: PostgresServer, postgres: Names) -> None:
    here.run("migrate", "up", **postgres)
    here.run("tenant", "import", "before.zip", "--as", "gone", **postgres)
    id = id_of(here, "gone", postgres)
    here.run("tenant", "erase", "gone", "--yes", **postgres)
    assert "It holds" in here.run("tenant", "verify", "gone.erased.json")
    short = id.replace("-", "")
    with connected(server.url) as raw:
        for query in (SCHEMAS, ROLES):
            assert raw.execute(query, [f"%{short}%"]).fetchone() == (0,)


def _fetched(url: str) -> bytes:
    with urllib.request.urlopen(url, timeout=60) as response:
        return bytes(response.read())
