"""What is beside the API: health, keys, the document and its page, other origins, and the headers on all of it."""

import gzip
import json
import re
from collections.abc import Iterator

import pytest

from freehold.edges.cors import Origins
from freehold.edges.openapi import document
from freehold.edges.site import ASSETS, Site
from freehold.testing.caller import Caller
from freehold.wiring import site
from tests.unit.edges import http_kit as kit
from tests.unit.edges.http_kit import Browser

OURS = "https://app.example.com"
PAGES = ["/health/live", "/health/ready", "/.well-known/jwks.json", "/openapi.json", "/docs", "/docs/page.js", "/none"]
STRANGERS = ["https://evil.example", "null", "*", f"{OURS}.evil.example", f"{OURS}/", "https://APP.example.com", ""]


@pytest.fixture(scope="module")
def ada() -> Iterator[Caller]:
    with kit.member() as caller:
        yield caller


@pytest.fixture(scope="module")
def made(ada: Caller) -> Site:
    return site(ada.backend)


@pytest.fixture(scope="module")
def open_to_ours(ada: Caller, made: Site) -> Site:
    return Site(made._api, ada.backend.tokens, lambda: b"{}", origins=[OURS])


@pytest.mark.parametrize("page", [*PAGES, "/api/v1/items", "/api/v1/none"])
@pytest.mark.parametrize("method", ["GET", "POST", "HEAD", "OPTIONS"])
def test_every_answer_guards_whoever_reads_it(ada: Caller, made: Site, page: str, method: str) -> None:
    headers = kit.browser(made, ada).send(method, page).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["strict-transport-security"].startswith("max-age=31536000")
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["content-security-policy"].startswith("default-src 'none'")
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert "server" not in headers


def test_no_header_is_sent_twice_but_those_that_add_up(ada: Caller, open_to_ours: Site) -> None:
    for page in [*PAGES, "/api/v1/items"]:
        names = [name for name, _ in kit.browser(open_to_ours, ada).send("GET", page, origin=OURS).lines]
        assert len(set(names) - {b"vary"}) == len(names) - names.count(b"vary"), page


def test_answers_of_the_api_are_kept_by_no_cache(ada: Caller, made: Site) -> None:
    headers = kit.browser(made, ada).send("GET", "/api/v1/items").headers
    assert (headers["cache-control"], headers["vary"]) == ("no-store", "authorization")


def test_the_document_is_served_as_it_is(ada: Caller, made: Site) -> None:
    replies = [Browser(made).send("GET", "/openapi.json") for _ in range(2)]
    assert {reply.body for reply in replies} == {document(ada.backend.model)}
    assert replies[0].headers["content-type"] == "application/json"


def test_the_keys_that_are_served_are_public(made: Site) -> None:
    keys = json.loads(Browser(made).send("GET", "/.well-known/jwks.json").body)["keys"]
    assert keys
    assert all("d" not in key for key in keys)


def test_the_page_needs_nothing_from_elsewhere(made: Site) -> None:
    page = Browser(made).send("GET", "/docs")
    named = re.findall(r'(?:src|href)="([^"]+)"', page.body.decode())
    assert page.headers["content-type"].startswith("text/html")
    assert not [name for name in named if not name.startswith(("/docs/", "/openapi.json", "data:"))]
    assert {Browser(made).send("GET", name).status for name in named if name.startswith("/")} == {200}
    assert "script-src 'self'" in page.headers["content-security-policy"]


def test_the_page_is_shipped_with_its_licence() -> None:
    shipped = {path.name for path in ASSETS.iterdir()}
    assert shipped >= {"LICENSE", "NOTICE", "VERSION", "swagger-ui-bundle.js.LICENSE.txt"}
    assert sum(path.stat().st_size for path in ASSETS.iterdir()) < 600_000


@pytest.mark.parametrize("name", ["swagger-ui-bundle.js", "swagger-ui.css"])
def test_what_is_kept_compressed_says_so(made: Site, name: str) -> None:
    reply = Browser(made).send("GET", f"/docs/{name}")
    assert (reply.headers["content-encoding"], reply.headers["content-length"]) == ("gzip", str(len(reply.body)))
    assert b"swagger-ui" in gzip.decompress(reply.body)


def test_a_known_origin_may_call(ada: Caller, open_to_ours: Site) -> None:
    reply = kit.browser(open_to_ours, ada).send("GET", "/api/v1/items", origin=OURS)
    assert reply.headers["access-control-allow-origin"] == OURS
    assert "etag" in reply.headers["access-control-expose-headers"]
    assert (b"vary", b"origin") in reply.lines
    assert "access-control-allow-credentials" not in reply.headers


@pytest.mark.parametrize("origin", STRANGERS)
def test_an_unknown_origin_is_never_told_yes(ada: Caller, open_to_ours: Site, origin: str) -> None:
    browser = kit.browser(open_to_ours, ada)
    asked = browser.send("OPTIONS", "/api/v1/items", origin=origin, access_control_request_method="GET")
    called = browser.send("GET", "/api/v1/items", origin=origin)
    for reply in (asked, called):
        assert not [name for name in reply.headers if name.startswith("access-control-")]


def test_a_known_origin_may_ask_before(open_to_ours: Site) -> None:
    asked = Browser(open_to_ours).send(
        "OPTIONS", "/api/v1/items/1", origin=OURS, access_control_request_method="PATCH",
        access_control_request_headers="authorization",
    )  # fmt: skip
    assert (asked.status, asked.body) == (204, b"")
    assert asked.headers["access-control-allow-origin"] == OURS
    assert "PATCH" in asked.headers["access-control-allow-methods"]
    assert "authorization" in asked.headers["access-control-allow-headers"]


def test_without_a_list_no_origin_may_call(ada: Caller, made: Site) -> None:
    reply = kit.browser(made, ada).send("GET", "/api/v1/items", origin=OURS)
    assert not [name for name in reply.headers if name.startswith("access-control-")]


@pytest.mark.parametrize(
    "origin", ["*", "null", "app.example.com", f"{OURS}/", "https://*.example.com", "ftp://x.example"]
)
def test_what_is_no_origin_cannot_be_allowed(origin: str) -> None:
    with pytest.raises(ValueError, match="is not an origin"):
        Origins([origin])
