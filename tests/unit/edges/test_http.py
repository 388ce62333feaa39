"""What the edge answers to whatever is sent."""

import asyncio
import json
from collections.abc import Iterator
from dataclasses import replace

import pytest

from freehold.edges.site import Site
from freehold.testing.caller import Caller
from freehold.wiring import site
from tests.unit.edges import http_kit as kit
from tests.unit.edges.http_kit import Browser, Pair, Reply, call

ABSENT = "01994c3a-7b5e-7c1d-9e2f-3a4b5c6d7e8f"
API = "/api/v1"


@pytest.fixture(scope="module")
def ada() -> Iterator[Caller]:
    with kit.member() as caller:
        yield caller


@pytest.fixture(scope="module")
def made(ada: Caller) -> Site:
    return site(ada.backend)


@pytest.fixture
def acme(ada: Caller, made: Site) -> Browser:
    return kit.browser(made, ada)


@pytest.fixture
def globex(ada: Caller, made: Site) -> Browser:
    return kit.browser(made, ada.of("globex"))


def added(browser: Browser, name: str, **fields: object) -> dict[str, object]:
    reply = browser.send("POST", f"{API}/items", {"name": name, **fields})
    assert reply.status == 201, reply.body
    return reply.data


def bare(reply: Reply) -> tuple[int, dict[str, str], object]:
    """A reply without what differs for every call."""
    headers = {name: value for name, value in reply.headers.items() if name != "x-request-id"}
    return reply.status, headers, {**reply.json, "meta": None}


def test_a_success_is_an_envelope(acme: Browser) -> None:
    reply = acme.send("POST", f"{API}/items", {"name": "chair"}, x_request_id="mine-1")
    assert reply.json["success"] is True
    assert reply.json["error"] is None
    assert reply.json["meta"] == {"request_id": "mine-1"}
    assert reply.headers["x-request-id"] == "mine-1"


def test_a_failure_is_an_envelope(acme: Browser) -> None:
    reply = acme.send("GET", f"{API}/items/{ABSENT}")
    assert (reply.status, reply.code) == (404, "ITEM_NOT_FOUND")
    assert reply.json["success"] is False
    assert reply.json["data"] is None


def test_a_list_tells_where_it_goes_on(acme: Browser) -> None:
    for name in ("lamp", "rug", "desk"):
        added(acme, name, price=77)
    first = acme.send("GET", f"{API}/items?price_start=77&price_stop=78&limit=2")
    following = first.json["meta"]["next"]  # type: ignore[index]  # an object
    second = acme.send("GET", f"{API}/items?price_start=77&price_stop=78&limit=2&cursor={following}")
    assert [len(first.data), len(second.data)] == [2, 1]
    assert second.json["meta"]["next"] is None  # type: ignore[index]  # an object


@pytest.mark.parametrize("id", ["nonsense", "%2e%2e", "1", ABSENT.upper(), f"{ABSENT}%20", "%252e", "%E2%82%AC"])
def test_what_cannot_be_an_id_is_answered_like_what_is_not_there(acme: Browser, id: str) -> None:
    assert bare(acme.send("GET", f"{API}/items/{id}")) == bare(acme.send("GET", f"{API}/items/{ABSENT}"))


@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
def test_what_is_anothers_is_answered_like_what_is_not_there(acme: Browser, globex: Browser, method: str) -> None:
    theirs = added(globex, f"safe {method}")["id"]
    body = {"price": 1} if method == "PATCH" else None
    assert bare(acme.send(method, f"{API}/items/{theirs}", body)) == bare(
        acme.send(method, f"{API}/items/{ABSENT}", body)
    )


def test_a_double_encoded_id_is_not_the_id(acme: Browser) -> None:
    id = str(added(acme, "vase")["id"])
    assert acme.send("GET", f"{API}/items/{id.replace('-', '%2D')}").status == 200
    assert acme.send("GET", f"{API}/items/{id.replace('-', '%252D')}").status == 404


@pytest.mark.parametrize(
    "target",
    [
        "/api/v1", "/api/v1/", "/api/v1/items/", "/api/v1//items", "/api/v2/items", "/api%2Fv1/items", "/api/v1x/items",
        "/api/v1/items/%", "/api/v1/items/%zz", "/api/v1/items/%00", "/api/v1/items/%ff", "/api/v1/items/../items",
        "/nothing", "/docs/../http.py", "/docs/nothing.js", "/", "/.env",
    ],
)  # fmt: skip
def test_there_is_nothing_where_nothing_is(acme: Browser, target: str) -> None:
    reply = acme.send("GET", target)
    assert (reply.status, reply.code) == (404, "NO_SUCH_ADDRESS")


@pytest.mark.parametrize("given", ["", "x", "Basic YTpi", "Bearer", "Bearer ", "Bearer x.y.z", "bearer fhk_1.2.3"])
def test_who_has_no_token_that_counts_is_told_to_sign_in(made: Site, given: str) -> None:
    reply = Browser(made).send("GET", f"{API}/items", authorization=given)
    assert (reply.status, reply.code) == (401, "UNAUTHENTICATED")
    assert reply.headers["www-authenticate"].startswith("Bearer")


def test_who_may_not_is_told_so_and_nothing_is_done(ada: Caller, made: Site, acme: Browser) -> None:
    id = added(acme, "crown")["id"]
    clerk = kit.browser(made, ada.acting_as("clerk", "bob"))
    assert (reply := clerk.send("DELETE", f"{API}/items/{id}")).status == 403, reply.body
    assert clerk.send("GET", f"{API}/items/{id}").status == 200


def test_a_tenant_named_by_header_changes_nothing(ada: Caller, acme: Browser) -> None:
    assert acme.send("GET", f"{API}/items", x_tenant_id=ada.tenant).status == 200
    named = [acme.send("GET", f"{API}/items", x_tenant_id=name) for name in (ada.of("globex").tenant, ABSENT, "x")]
    assert {(reply.status, reply.code) for reply in named} == {(403, "TENANT_MISMATCH")}


@pytest.mark.parametrize("method", ["PUT", "OPTIONS", "TRACE", "QUERY", "get"])
def test_a_method_that_is_not_there_is_told_which_are(acme: Browser, method: str) -> None:
    reply = acme.send(method, f"{API}/items/{ABSENT}")
    assert (reply.status, reply.headers["allow"]) == (405, "DELETE, GET, HEAD, PATCH")


def test_pages_too_tell_their_methods(acme: Browser) -> None:
    reply = acme.send("POST", "/health/live")
    assert (reply.status, reply.code) == (405, "METHOD_NOT_ALLOWED")
    assert {name.strip() for name in reply.headers["allow"].split(",")} == {"GET", "HEAD"}


def test_head_is_get_without_a_body(acme: Browser) -> None:
    target = f"{API}/items/{added(acme, 'bed')['id']}"
    get, head = acme.send("GET", target, x_request_id="a"), acme.send("HEAD", target, x_request_id="a")
    assert (head.status, head.headers, head.body) == (get.status, get.headers, b"")
    assert acme.send("HEAD", f"{API}/items/{ABSENT}").body == b""


@pytest.mark.parametrize("name", ["authorization", "idempotency-key", "if-match", "content-type"])
def test_a_header_that_may_come_once_is_refused_twice(acme: Browser, name: str) -> None:
    twice: list[Pair] = [(name.encode(), b"a"), (name.encode(), b"a")]
    reply = replace(acme, token=None, headers=twice).send("GET", f"{API}/items")
    assert (reply.status, reply.code) == (400, "HEADER_TWICE")
    assert reply.headers["x-request-id"]


@pytest.mark.parametrize(
    "query", ["limit=1&limit=2", "tenant=x", "limit=0", "limit=201", "limit=x", "limit=", "name=x"]
)
def test_a_query_that_means_nothing_is_wrong_input(acme: Browser, query: str) -> None:
    reply = acme.send("GET", f"{API}/items?{query}")
    assert (reply.status, reply.code) == (422, "INVALID")


@pytest.mark.parametrize("query", ["limit", "limit=%", "limit=%zz", "limit=%ff", "cursor=%00", "&", "a=b&" * 101])
def test_a_query_that_cannot_be_read_is_refused(acme: Browser, query: str) -> None:
    reply = acme.send("GET", f"{API}/items?{query}")
    assert (reply.status, reply.code) == (400, "BAD_QUERY")


def test_a_cursor_that_was_made_up_is_refused(acme: Browser) -> None:
    assert acme.send("GET", f"{API}/items?cursor=abc").status == 400


@pytest.mark.parametrize(
    "body",
    [
        b"{", b"[]", b'"x"', b"null", b'{"name": NaN}', b'{"price": Infinity}', b'{"name": "x", "price": -Infinity}',
        b'{"name": "\\ud800"}', b'{"name": "\xff"}', b'\xef\xbb\xbf{"name": "x"}', '{"name": "x"}'.encode("utf-16"),
        b'{"name": "x",}', b"{'name': 'x'}", b'{"name": "a\nb"}', b"[" * 100_000, b'{"a":' * 5_000,
    ],
)  # fmt: skip
def test_what_is_not_json_is_refused(acme: Browser, body: bytes) -> None:
    reply = acme.send("POST", f"{API}/items", chunks=[body], content_type="application/json")
    assert (reply.status, reply.code) == (400, "BAD_JSON")


@pytest.mark.parametrize(
    "body",
    [
        {}, {"name": 1}, {"name": None}, {"name": ["x"]}, {"name": "x", "price": "1"}, {"name": "x", "price": 1.5},
        {"name": "x", "price": 2**63}, {"name": "x", "price": 10**40}, {"name": "x", "price": -1},
        {"name": "x", "price": True}, {"name": "x", "tags": "x"}, {"name": "a\0b"}, {"name": "x", "tags": ["\0"]},
    ],
)  # fmt: skip
def test_json_of_the_wrong_shape_is_wrong_input(acme: Browser, body: object) -> None:
    reply = acme.send("POST", f"{API}/items", body)
    assert (reply.status, reply.code) == (422, "INVALID")


@pytest.mark.parametrize(
    "field", ["id", "version", "created_at", "updated_at", "tenant", "tenant_id", "items", "limit"]
)
def test_a_field_that_is_not_the_callers_is_refused(acme: Browser, field: str) -> None:
    reply = acme.send("POST", f"{API}/items", {"name": "x", field: "1"})
    assert reply.status == 422
    assert reply.json["error"]["details"][0]["loc"] == [field]  # type: ignore[index]  # an object


def test_text_is_kept_as_it_was_sent(acme: Browser) -> None:
    names = ["\u202e\x1b[31m", "\U0001f600", "a\r\nb", "\\u0000", "'; DROP TABLE items; --", "NaN", "Infinity"]
    assert [added(acme, name)["name"] for name in names] == names


@pytest.mark.parametrize("media", ["text/plain", "application/xml", "multipart/form-data", "", "application/jsonp"])
def test_a_body_of_another_type_is_not_read(acme: Browser, media: str) -> None:
    reply = acme.send("POST", f"{API}/items", {"name": "x"}, content_type=media)
    assert (reply.status, reply.code) == (415, "UNSUPPORTED_MEDIA_TYPE")


def test_a_compressed_body_is_not_read(acme: Browser) -> None:
    assert acme.send("POST", f"{API}/items", {"name": "x"}, content_encoding="gzip").status == 415


def test_the_type_of_a_body_may_name_its_charset(acme: Browser) -> None:
    reply = acme.send("POST", f"{API}/items", {"name": "charset"}, content_type="Application/JSON; charset=utf-8")
    assert reply.status == 201


def test_what_is_too_large_is_refused(acme: Browser) -> None:
    long = "x" * 1_100_000
    declared = acme.send("POST", f"{API}/items", chunks=[b""], content_length="1100000")
    chunked = acme.send(
        "POST", f"{API}/items", chunks=[long.encode()[n : n + 60_000] for n in range(0, 1_100_000, 60_000)]
    )
    address = acme.send("GET", f"{API}/items?limit={long[:9000]}")
    header = acme.send("GET", f"{API}/items", x_anything=long[:40_000])
    assert [reply.code for reply in (declared, chunked)] == ["TOO_LARGE"] * 2
    assert (address.code, header.code) == ("ADDRESS_TOO_LONG", "HEADERS_TOO_LARGE")
    assert {reply.status for reply in (declared, chunked, address, header)} == {413}


def test_a_body_may_come_in_pieces(acme: Browser) -> None:
    pieces = [bytes([byte]) for byte in b'{"name": "in pieces"}']
    assert acme.send("POST", f"{API}/items", chunks=pieces, content_type="application/json").status == 201


def test_a_client_that_goes_away_midway_has_done_nothing(acme: Browser) -> None:
    before = len(acme.send("GET", f"{API}/items?limit=200").data)
    reply = acme.send("POST", f"{API}/items", chunks=[b'{"name": "half', b""], content_type="application/json")
    assert reply.code == "DISCONNECTED"
    assert len(acme.send("GET", f"{API}/items?limit=200").data) == before


def test_who_has_the_version_is_sent_nothing(acme: Browser) -> None:
    target = f"{API}/items/{added(acme, 'clock')['id']}"
    etag = acme.send("GET", target).headers["etag"]
    for given in (etag, f"W/{etag}", f'"9", {etag}', "*"):
        reply = acme.send("GET", target, if_none_match=given)
        assert (reply.status, reply.body, reply.headers["etag"]) == (304, b"", etag)
        assert "content-length" not in reply.headers
    assert acme.send("GET", target, if_none_match='"9"').status == 200


def test_who_has_another_version_changes_nothing(acme: Browser) -> None:
    item = added(acme, "mirror")
    target, etag = f"{API}/items/{item['id']}", f'"{item["version"]}"'
    assert acme.send("PATCH", target, {"price": 5}, if_match=etag).status == 200
    for given in (etag, '"x"', "nonsense", '"999999999999999999"'):
        reply = acme.send("PATCH", target, {"price": 6}, if_match=given)
        assert (reply.status, reply.code) == (412, "VERSION_MISMATCH")
    assert acme.send("PATCH", target, {"price": 7}, if_match="*").data["price"] == 7


def test_a_key_is_answered_once_and_repeated(acme: Browser) -> None:
    first = acme.send("POST", f"{API}/items", {"name": "keyed", "price": 3}, idempotency_key="k1")
    again = acme.send("POST", f"{API}/items", {"price": 3, "name": "keyed"}, idempotency_key="k1")
    other = acme.send("POST", f"{API}/items", {"name": "keyed", "price": 4}, idempotency_key="k1")
    assert (first.status, first.data, first.headers["etag"]) == (again.status, again.data, again.headers["etag"])
    assert ("idempotent-replayed" in first.headers, again.headers["idempotent-replayed"]) == (False, "true")
    assert (other.status, other.code) == (422, "IDEMPOTENCY_KEY_REUSED")


def test_a_key_is_nobody_elses(ada: Caller, made: Site, acme: Browser, globex: Browser) -> None:
    bob = kit.browser(made, ada.acting_as("clerk", "bob"))
    sent = [
        who.send("POST", f"{API}/items", {"name": f"for {n}"}, idempotency_key="k2")
        for n, who in enumerate((acme, bob, globex))
    ]
    assert [reply.status for reply in sent] == [201, 201, 201]
    id = sent[0].data["id"]
    elsewhere = acme.send("PATCH", f"{API}/items/{id}", {"price": 9}, idempotency_key="k2")
    assert (elsewhere.status, elsewhere.data["price"]) == (200, 9)


@pytest.mark.parametrize("key", ["", "x" * 256, "a\x07b"])
def test_a_key_that_cannot_be_one_is_refused(acme: Browser, key: str) -> None:
    assert acme.send("POST", f"{API}/items", {"name": "x"}, idempotency_key=key).code == "BAD_IDEMPOTENCY_KEY"


def test_a_key_is_asked_for_where_it_is_a_must(acme: Browser) -> None:
    reply = acme.send("POST", f"{API}/items/{ABSENT}/twin", {"other": ABSENT})
    assert (reply.status, reply.code) == (400, "IDEMPOTENCY_KEY_REQUIRED")


def test_a_hundred_at_once_with_one_key_have_one_effect(acme: Browser, made: Site) -> None:
    body = json.dumps({"name": "only one", "price": 4321}).encode()
    lines = [(b"authorization", f"Bearer {acme.token}".encode()), (b"content-type", b"application/json")]

    async def storm() -> list[Reply]:
        sent = [
            call(made, "POST", f"{API}/items", [*lines, (b"idempotency-key", b"storm")], [body]) for _ in range(100)
        ]
        return await asyncio.gather(*sent)

    replies = asyncio.run(storm())
    assert {reply.status for reply in replies} <= {201, 409, 503}
    assert len({reply.data["id"] for reply in replies if reply.status == 201}) == 1
    assert len(acme.send("GET", f"{API}/items?price_start=4321&price_stop=4322").data) == 1


def test_an_unknown_id_in_a_body_is_wrong_input_whoever_it_belongs_to(acme: Browser, globex: Browser) -> None:
    mine, theirs = added(acme, "left")["id"], added(globex, "right")["id"]
    sent = [
        acme.send("POST", f"{API}/items/{mine}/twin", {"other": other}, idempotency_key=f"twin {n}")
        for n, other in enumerate((theirs, ABSENT))
    ]
    assert bare(sent[0]) == bare(sent[1])
    assert (sent[0].status, sent[0].code) == (422, "UNKNOWN_REFERENCE")


def test_many_at_once_are_answered_one_by_one(acme: Browser, globex: Browser) -> None:
    mine, theirs = added(acme, "one by one")["id"], added(globex, "not yours")["id"]
    items = [{"id": id, "price": 8} for id in (mine, theirs, ABSENT)] + [{"id": mine, "price": "8"}, {"price": 8}]
    reply = acme.send("PATCH", f"{API}/items", {"items": items})
    results = reply.json["data"]
    assert reply.status == 200
    assert isinstance(results, list)
    assert [result["success"] for result in results] == [True, False, False, False, False]
    assert results[1] == results[2]
    assert [result["error"]["code"] for result in results[1:]] == ["ITEM_NOT_FOUND"] * 2 + ["INVALID"] * 2


def test_a_repeated_bulk_does_nothing_twice(acme: Browser) -> None:
    items = {"items": [{"name": "bulk 1"}, {"name": "bulk 2"}]}
    first, again = [acme.send("POST", f"{API}/items-in-bulk", items, idempotency_key="bulk") for _ in range(2)]
    assert first.json["data"] == again.json["data"]
    assert [result["success"] for result in first.json["data"]] == [True, True]  # type: ignore[attr-defined,union-attr]  # a list


@pytest.mark.parametrize("body", [{}, {"items": {}}, {"items": [1]}, {"items": [{}] * 4}, {"items": [], "x": 1}])
def test_a_bulk_that_is_none_is_wrong_input(acme: Browser, body: object) -> None:
    assert acme.send("POST", f"{API}/items-in-bulk", body).status == 422


def test_what_breaks_inside_stays_inside(acme: Browser) -> None:
    reply = acme.send("GET", f"{API}/broken")
    assert (reply.status, reply.code) == (500, "INTERNAL")
    assert b"hunter2" not in reply.body


def test_too_many_calls_are_told_which_limit_it_was(acme: Browser) -> None:
    replies = [acme.send("GET", f"{API}/limited") for _ in range(2)]
    assert [reply.status for reply in replies] == [200, 429]
    assert int(replies[1].headers["retry-after"]) >= 1
    assert replies[1].headers["ratelimit-policy"] == '"route";q=1;w=3600'


def test_a_trace_goes_on(acme: Browser) -> None:
    trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    reply = acme.send("GET", f"{API}/items", traceparent=f"00-{trace}-00f067aa0ba902b7-01")
    version, same, span, flags = reply.headers["traceparent"].split("-")
    assert (version, same, flags) == ("00", trace, "01")
    assert span != "00f067aa0ba902b7"
    assert "traceparent" not in acme.send("GET", f"{API}/items", traceparent="nonsense").headers


@pytest.mark.parametrize("sent", ["a b", "x" * 65, "a\r\nset-cookie: x", "<script>", ""])
def test_a_request_id_that_could_do_harm_is_replaced(acme: Browser, sent: str) -> None:
    replies = [acme.send("GET", f"{API}/items", x_request_id=sent) for _ in range(2)]
    assert sent not in [reply.headers["x-request-id"] for reply in replies]
    assert replies[0].headers["x-request-id"] != replies[1].headers["x-request-id"]


def test_who_drains_asks_for_the_connection_to_end(ada: Caller) -> None:
    leaving = site(ada.backend)
    leaving.turnstile.is_open = False
    browser = kit.browser(leaving, ada)
    assert browser.send("GET", f"{API}/items").headers["connection"] == "close"
    assert browser.send("GET", "/health/ready").status == 503
    assert browser.send("GET", "/health/live").status == 200
