"""What the policies of an app keep apart: the cases that a policy is written for, and those it is written wrong for."""

from collections.abc import Mapping

import pytest

from freehold.testing.iam import Principal, Unsupported
from tests.unit.testing.iam.grounds import (
    NAIVE,
    TABLE,
    TABLES,
    allowed,
    document,
    get,
    get_batch,
    key,
    member,
    own_keys,
    query,
    statement,
    tenant_policy,
    transaction,
    write_batch,
)

OWN = {
    "get": ("GetItem", get("ORG#acme")),
    "get below the tenant": ("GetItem", get("ORG#acme#USER#7")),
    "get of a key with a second hash": ("GetItem", get("ORG#acme##")),
    "put": ("PutItem", {"TableName": "app", "Item": key("ORG#acme")}),
    "update": ("UpdateItem", get("ORG#acme")),
    "delete": ("DeleteItem", get("ORG#acme")),
    "query": ("Query", query("ORG#acme")),
    "query of an index": ("Query", query("ORG#acme#PROJECT#9", "GSI1")),
    "batch of reads": ("BatchGetItem", get_batch("ORG#acme", "ORG#acme#USER#7")),
    "batch of writes": ("BatchWriteItem", write_batch("ORG#acme", "ORG#acme#USER#7")),
    "transaction of reads": ("TransactGetItems", {"TransactItems": [{"Get": get("ORG#acme")}]}),
    "transaction of writes": ("TransactWriteItems", transaction("ORG#acme")),
}
FOREIGN = {
    "get": ("GetItem", get("ORG#globex")),
    "get of a sibling": ("GetItem", get("ORG#acme2")),
    "get of a sibling's user": ("GetItem", get("ORG#acme2#USER#7")),
    "get of a shorter name": ("GetItem", get("ORG#acm")),
    "get in other capitals": ("GetItem", get("ORG#ACME")),
    "get of another prefix": ("GetItem", get("USER#acme")),
    "get with something before": ("GetItem", get("xORG#acme")),
    "get of the prefix": ("GetItem", get("ORG#")),
    "get over a line's end": ("GetItem", get("ORG#globex\nORG#acme")),
    "put": ("PutItem", {"TableName": "app", "Item": key("ORG#globex")}),
    "update": ("UpdateItem", get("ORG#globex")),
    "delete": ("DeleteItem", get("ORG#globex")),
    "query": ("Query", query("ORG#globex")),
    "query of an index": ("Query", query("ORG#globex", "GSI1")),
    "query of an index nobody granted": ("Query", query("ORG#acme", "GSI2")),
    "batch of reads, mixed": ("BatchGetItem", get_batch("ORG#acme", "ORG#globex")),
    "batch of writes, mixed": ("BatchWriteItem", write_batch("ORG#acme", "ORG#globex")),
    "transaction of reads, mixed": (
        "TransactGetItems",
        {"TransactItems": [{"Get": get("ORG#acme")}, {"Get": get("ORG#globex")}]},
    ),
    "transaction, foreign put": ("TransactWriteItems", transaction("ORG#globex")),
    "transaction, foreign update": ("TransactWriteItems", transaction("ORG#acme", update="ORG#globex")),
    "transaction, foreign delete": ("TransactWriteItems", transaction("ORG#acme", delete="ORG#globex")),
    "transaction, foreign check": ("TransactWriteItems", transaction("ORG#acme", check="ORG#globex")),
    "scan": ("Scan", {"TableName": "app"}),
    "scan of an index": ("Scan", {"TableName": "app", "IndexName": "GSI1"}),
    "PartiQL": ("ExecuteStatement", {"Statement": "SELECT * FROM \"app\" WHERE PK = 'ORG#acme'"}),
    "the table itself": ("DeleteTable", {"TableName": "app"}),
    "all tables": ("ListTables", {}),
}
Case = tuple[str, Mapping[str, object]]


@pytest.mark.parametrize("case", OWN.values(), ids=OWN.keys())
def test_a_tenant_reaches_its_own(case: Case) -> None:
    assert allowed(member(), *case)


@pytest.mark.parametrize("case", FOREIGN.values(), ids=FOREIGN.keys())
def test_a_tenant_reaches_nothing_else(case: Case) -> None:
    assert not allowed(member(), *case)


@pytest.mark.parametrize("case", OWN.values(), ids=OWN.keys())
def test_who_has_no_tenant_reaches_nothing(case: Case) -> None:
    assert not allowed(member(tenant=None), *case)


@pytest.mark.parametrize("case", OWN.values(), ids=OWN.keys())
def test_an_empty_tenant_reaches_nothing_of_a_tenant(case: Case) -> None:
    assert not allowed(member(tenant=""), *case)


@pytest.mark.parametrize("partition", ["ORG#", "ORG##USER#7"])
def test_whether_an_empty_tenant_is_one_is_not_guessed(partition: str) -> None:
    with pytest.raises(Unsupported, match="EMPTY_TAG"):
        allowed(member(tenant=""), "GetItem", get(partition))


@pytest.mark.parametrize("tenant", ["*", "?", "acm?", "a*", "${*}", "${aws:PrincipalTag/tenant_id}"])
def test_a_tenant_whose_name_is_a_wildcard_reaches_only_its_own(tenant: str) -> None:
    assert allowed(member(tenant=tenant), "GetItem", get(f"ORG#{tenant}"))
    assert not allowed(member(tenant=tenant), "GetItem", get("ORG#acme"))


def test_with_one_star_behind_the_tenant_a_sibling_is_reached() -> None:
    assert allowed(member(tenant_policy(NAIVE)), "GetItem", get("ORG#acme2"))
    assert not allowed(member(tenant_policy(NAIVE)), "GetItem", get("ORG#globex"))


def test_a_request_about_no_key_is_denied_only_where_the_policy_wants_one() -> None:
    scan = ("Scan", {"TableName": "app"})
    wanted, not_wanted = (document(statement(["Scan"], Condition=own_keys(present=one))) for one in (True, False))
    assert not allowed(member(wanted), *scan)
    assert allowed(member(not_wanted), *scan)


def test_what_is_granted_on_the_table_is_not_granted_on_its_indexes() -> None:
    on_table = member(document(statement(["Query"], Condition=own_keys())))
    on_index = member(document(statement(["Query"], f"{TABLE}/index/*", Condition=own_keys())))
    assert allowed(on_table, "Query", query("ORG#acme"))
    assert not allowed(on_table, "Query", query("ORG#acme", "GSI1"))
    assert allowed(on_index, "Query", query("ORG#acme", "GSI2"))
    assert not allowed(on_index, "Query", query("ORG#acme"))


def test_an_index_has_a_partition_key_of_its_own() -> None:
    own_user = own_keys(["USER#${aws:PrincipalTag/user}"])
    policy = document(statement(["Query"], f"{TABLE}/index/GSI2", Condition=own_user))
    ada = Principal.of("arn", policy, tags={"user": "7"})
    assert allowed(ada, "Query", query("USER#7", "GSI2"))
    assert not allowed(ada, "Query", query("USER#8", "GSI2"))


def test_a_batch_over_two_tables_needs_both() -> None:
    asked = {"RequestItems": {"app": {"Keys": [key("ORG#acme")]}, "notes": {"Keys": [key("ORG#acme")]}}}
    both = document(*(statement(["BatchGetItem"], f"{TABLE[:-3]}{name}", Condition=own_keys()) for name in TABLES))
    assert not allowed(member(), "BatchGetItem", asked)
    assert allowed(member(both), "BatchGetItem", asked)
