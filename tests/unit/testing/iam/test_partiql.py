"""PartiQL statements: which action, on what."""

import pytest

from freehold.testing.iam import Unsupported
from freehold.testing.iam.partiql import read_statement


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ('SELECT * FROM "app"', ("PartiQLSelect", "app", "")),
        ("select a, b from app where PK = 'x'", ("PartiQLSelect", "app", "")),
        ('SELECT "a"."b"[0], c FROM "app"."GSI1" WHERE GSI1PK = ?;', ("PartiQLSelect", "app", "GSI1")),
        ("SELECT * FROM app WHERE note = 'SELECT * FROM other'", ("PartiQLSelect", "app", "")),
        ("INSERT INTO \"app\" VALUE {'PK': 'x', 'note': 'it''s from me'}", ("PartiQLInsert", "app", "")),
        ("UPDATE \"my-app\" SET a = 1 WHERE PK = 'x'", ("PartiQLUpdate", "my-app", "")),
        ("UPDATE app REMOVE a WHERE PK = 'x' RETURNING ALL OLD *", ("PartiQLUpdate", "app", "")),
        ("DELETE FROM app\nWHERE PK = 'x'", ("PartiQLDelete", "app", "")),
    ],
)
def test_a_statement_is_one_action_on_one_table(statement: str, expected: tuple[str, str, str]) -> None:
    assert read_statement(statement) == expected


@pytest.mark.parametrize(
    "statement",
    [
        None,
        "",
        "SELECT",
        "SELECT * FROM",
        "SELECT * FROM app, other",
        "SELECT 'x FROM \"a\"' FROM other",
        "SELECT x FROM a FROM b",
        "SELECT * FROM app JOIN other ON 1 = 1",
        "SELECT * FROM app WHERE x IN (SELECT y FROM other)",
        'SELECT * FROM app WHERE "a\'" = 1 AND y IN (SELECT z FROM other) AND "b\'" = 2',
        "EXISTS(SELECT * FROM app WHERE PK = 'x')",
        "SELECT * FROM app; DELETE FROM app WHERE PK = 'x'",
        'SELECT * FROM "app"."GSI1"."x"',
        "DROP TABLE app",
        "-- a remark\nSELECT * FROM app",
    ],
)
def test_a_statement_of_another_form_is_refused(statement: object) -> None:
    with pytest.raises(Unsupported):
        read_statement(statement)
