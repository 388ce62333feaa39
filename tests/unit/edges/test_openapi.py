"""The document says what the signatures say, and nothing that is not so."""

import json
from functools import cache
from typing import Any

import pytest
from pydantic import ValidationError

from freehold.edges.openapi import document
from freehold.model.model import Model
from freehold.runtime.prepared import input_model
from freehold.wiring import complete
from tests.unit.edges.http_kit import app

validator = pytest.importorskip(
    "openapi_spec_validator", reason="NOT CHECKED against OpenAPI's own schema: not installed"
)

Json = dict[str, Any]


@cache
def model() -> Model:
    return complete(app)


@cache
def read() -> Json:
    return json.loads(document(model()))


def operations() -> dict[str, Json]:
    return {each["operationId"]: each for path in read()["paths"].values() for each in path.values()}


def names(operation: Json, where: str) -> dict[str, Json]:
    return {each["name"]: each for each in operation["parameters"] if each["in"] == where}


def codes(operation: Json, status: str) -> set[str]:
    response = operation["responses"][status]
    if "$ref" in response:
        response = read()["components"]["responses"][response["$ref"].rpartition("/")[2]]
    return set(response["content"]["application/json"]["examples"])


def test_the_document_is_openapi_3_1() -> None:
    validator.validate(read())
    assert read()["openapi"].startswith("3.1.")


def test_the_same_model_gives_the_same_document() -> None:
    assert document(model()) == document(complete(app))


def test_every_route_is_in_it_once() -> None:
    assert set(operations()) == {case.name for case in model().use_cases.values() if case.path}
    assert read()["servers"] == [{"url": "/api/v1"}]


def test_the_docstring_is_what_people_read() -> None:
    add = operations()["add_item"]
    assert (add["summary"], add["description"]) == ("Put something on the shelf.", "Its name is its own.")
    assert "description" not in operations()["read_item"]


def test_the_apps_own_come_before_what_is_built_in() -> None:
    tags = [tag["name"] for tag in read()["tags"]]
    assert tags.index("items") < tags.index("auth")


def test_an_id_in_the_path_is_a_uuid() -> None:
    id = names(operations()["read_item"], "path")["id"]
    assert (id["required"], id["schema"]["format"]) == (True, "uuid")


def test_paging_and_ranges_are_in_the_query() -> None:
    given = names(operations()["list_items"], "query")
    assert set(given) == {"limit", "cursor", "price_start", "price_stop"}
    assert given["limit"]["schema"] == {"type": "integer", "minimum": 1, "maximum": 200, "default": 50}
    assert given["price_start"]["schema"]["type"] == "integer"
    assert not [name for name, each in given.items() if each["required"]]


def test_a_body_has_what_is_sent_and_takes_nothing_else() -> None:
    body = operations()["add_item"]["requestBody"]
    schema = body["content"]["application/json"]["schema"]
    assert (set(schema["properties"]), schema["required"]) == ({"name", "price", "tags"}, ["name"])
    assert schema["additionalProperties"] is False
    assert body["required"] is True
    assert "requestBody" not in operations()["read_item"]


def test_what_comes_back_is_what_the_signature_returns() -> None:
    found = operations()["read_item"]["responses"]["200"]["content"]["application/json"]["schema"]
    assert found["properties"]["data"] == {"$ref": "#/components/schemas/Item"}
    item = read()["components"]["schemas"]["Item"]
    assert set(item["required"]) == {"id", "version", "created_at", "updated_at", "name", "price", "tags"}


def test_creating_is_201_and_a_list_goes_on() -> None:
    assert "201" in operations()["add_item"]["responses"]
    listed = operations()["list_items"]["responses"]["200"]["content"]["application/json"]["schema"]["properties"]
    assert listed["data"]["type"] == "array"
    assert listed["meta"] == {"$ref": "#/components/schemas/PageMeta"}


def test_a_bulk_has_a_result_for_each_item() -> None:
    bulk = operations()["add_item_in_bulk"]
    items = bulk["requestBody"]["content"]["application/json"]["schema"]["properties"]["items"]
    results = bulk["responses"]["200"]["content"]["application/json"]["schema"]["properties"]["data"]
    assert items["maxItems"] == 3
    assert set(results["items"]["properties"]) == {"success", "data", "error"}
    assert (
        "id"
        in operations()["reprice_item_in_bulk"]["requestBody"]["content"]["application/json"]["schema"]["properties"][
            "items"
        ]["items"]["properties"]
    )


def test_refusals_are_those_that_can_be() -> None:
    add, reprice, read_, sign_up = (operations()[n] for n in ("add_item", "reprice_item", "read_item", "sign_up"))
    assert {"400", "401", "403", "409", "413", "415", "422", "429", "503", "507"} <= set(add["responses"])
    assert "412" in reprice["responses"]
    assert {"409", "412", "415", "507"}.isdisjoint(read_["responses"])
    assert "403" not in sign_up["responses"]
    assert codes(reprice, "404") == {"ITEM_NOT_FOUND"}
    assert {"ITEM_CHANGED", "ITEM_NAME_TAKEN", "IDEMPOTENT_CALL_RUNNING"} <= codes(add, "409")
    assert "UNKNOWN_REFERENCE" in codes(operations()["twin_item"], "422")


def test_a_key_is_a_must_where_it_is_declared_so() -> None:
    required = {
        name: names(operations()[name], "header")["Idempotency-Key"]["required"] for name in ("add_item", "twin_item")
    }
    assert required == {"add_item": False, "twin_item": True}
    assert "Idempotency-Key" not in names(operations()["read_item"], "header")


def test_versions_are_asked_for_where_they_count() -> None:
    assert "If-Match" in names(operations()["reprice_item"], "header")
    assert "If-Match" not in names(operations()["add_item"], "header")
    assert "If-None-Match" in names(operations()["read_item"], "header")
    assert {"ETag", "X-Request-Id"} <= set(operations()["read_item"]["responses"]["200"]["headers"])


def test_only_what_is_open_needs_no_token() -> None:
    without = {name for name, each in operations().items() if each["security"] == []}
    assert {"sign_up", "sign_in", "refresh"} <= without
    assert "read_item" not in without


def test_every_example_of_a_request_is_taken() -> None:
    for name, operation in operations().items():
        case = model().use_cases[name]
        example = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("example", {})
        sent = [*example.get("items", [])] if case.each else [example]
        for each in sent:
            given = {p["name"]: p["example"] for p in operation["parameters"] if p["in"] == "path"}
            try:
                input_model(case).model_validate_json(json.dumps({**each, **given}), strict=True)
            except ValidationError as error:
                pytest.fail(f"{name}: {error}")
            assert set(each) <= set(input_model(case).model_fields)


def test_no_secret_is_among_what_comes_back() -> None:
    schemas = read()["components"]["schemas"]
    assert not [name for name, each in schemas.items() if "secret" in each.get("properties", {})]
    assert not {"Person", "Session", "Receipt", "Delivery"} & set(schemas)
