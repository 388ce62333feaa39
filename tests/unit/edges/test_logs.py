"""One line an event, and no secret in any of them."""

import io
import json
import logging
import sys
from collections.abc import Iterator

import pytest
from pydantic import BaseModel, ValidationError

from freehold.edges import logs
from freehold.wiring import site
from tests.unit.edges import http_kit as kit

log = logging.getLogger("app.orders")

CANARY = "canary-5ecret-9f8e7d"
JWT = "eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiJhZGEifQ.c2lnbmF0dXJlLXRoYXQtaXMtbG9uZw"
REFRESH = "01994c3a-7b5e-7c1d-9e2f-3a4b5c6d7e8f.c2VjcmV0LXNlY3JldC1zZWNyZXQ"


class Login(BaseModel):
    password: int


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    logging.captureWarnings(capture=False)


def configured(*, pretty: bool = False, level: str = "debug") -> io.StringIO:
    stream = io.StringIO()
    logs.configure(level, pretty=pretty, stream=stream)
    return stream


def lines(stream: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_an_event_is_one_line_of_json() -> None:
    stream = configured()
    log.warning("order %s is late", 7, extra={"order": 7, "days": 2.5, "parts": ["a", "b"]})
    (line,) = lines(stream)
    assert (line["level"], line["logger"], line["message"]) == ("warning", "app.orders", "order 7 is late")
    assert (line["order"], line["days"], line["parts"]) == (7, 2.5, ["a", "b"])
    assert str(line["time"]).endswith("Z")


def test_what_is_logged_in_a_call_names_the_call_and_its_tenant() -> None:
    stream = configured()
    token = logs.CALL.set(("call-1", "tenant-1"))
    log.info("inside")
    logs.CALL.reset(token)
    log.info("outside")
    assert [(line["request"], line["tenant"]) for line in lines(stream)] == [("call-1", "tenant-1"), ("", "")]


def test_every_request_is_one_line() -> None:
    with kit.member() as ada:
        browser = kit.browser(site(ada.backend), ada)
        stream = configured(level="info")
        browser.send("GET", "/api/v1/items?limit=3", x_request_id="r-1")
        browser.send("GET", "/api/v1/nothing?token=x")
        first, second = lines(stream)
    assert (first["request"], first["tenant"]) == ("r-1", ada.tenant)
    assert (first["route"], first["status"], first["message"]) == ("/items", 200, "GET /items")
    assert isinstance(first["ms"], float)
    assert (second["route"], second["status"], second["message"]) == (None, 404, "GET /api/v1/nothing")


@pytest.mark.parametrize("pretty", [True, False])
def test_nothing_secret_that_is_sent_is_logged(pretty: bool) -> None:
    with kit.member() as ada:
        made = site(ada.backend)
        stream = configured(pretty=pretty)
        browser = kit.browser(made, ada)
        browser.send("POST", "/api/v1/items", {"name": CANARY, "password": CANARY, "price": CANARY})
        browser.send("POST", "/api/v1/auth/sign-in", {"email": "ada@acme.test", "password": CANARY})
        browser.send("POST", "/api/v1/items", chunks=[CANARY.encode()], content_type="application/json")
        browser.send("GET", f"/api/v1/items?cursor={CANARY}", cookie=CANARY, idempotency_key=CANARY)
        kit.Browser(made, CANARY).send("GET", "/api/v1/items")
        assert browser.send("GET", "/api/v1/broken").status == 500
        said, token = stream.getvalue(), ada.token()
    assert "call failed" in said
    assert "RuntimeError" in said
    for secret in (CANARY, "hunter2", "eyJ", token.rpartition(".")[2]):
        assert secret not in said


@pytest.mark.parametrize(
    "text",
    [
        f"Authorization: Bearer {JWT}", f"token {JWT} given", f"bearer {CANARY}", f"Basic {CANARY}",
        f"password={CANARY}", f'{{"password": "{CANARY} {CANARY}"}}', f"client_secret: {CANARY}", f"api-key={CANARY}",
        f"'access_token': '{CANARY}'", f"fhk_{REFRESH}", f"refreshed with {REFRESH}", f"PASSWORD = {CANARY}",
    ],
)  # fmt: skip
def test_what_looks_like_a_secret_is_not_shown(text: str) -> None:
    stream = configured()
    log.info(text)
    said = stream.getvalue()
    assert logs.HIDDEN in said
    for secret in (CANARY, JWT, REFRESH.partition(".")[2]):
        assert secret not in said


@pytest.mark.parametrize(
    "name", ["password", "Authorization", "api_key", "refresh_token", "body", "cookie", "client_secret"]
)
def test_what_is_called_a_secret_is_not_shown(name: str) -> None:
    stream = configured()
    log.info("x", extra={name: CANARY, "nested": {name: CANARY, "fine": 1}})
    assert CANARY not in stream.getvalue()
    assert lines(stream)[0]["nested"] == {name: logs.HIDDEN, "fine": 1}


def test_input_in_an_exception_is_not_shown() -> None:
    stream = configured()
    try:
        Login.model_validate({"password": CANARY})
    except ValidationError:
        log.exception("no login")
    said = str(lines(stream)[0]["exception"])
    assert "ValidationError" in said
    assert CANARY not in said


@pytest.mark.parametrize("pretty", [True, False])
@pytest.mark.parametrize(
    "harm", ["\r\n", "\n", "\x1b[31m", "\x9b31m", "\x07", "\x08", "\u202e", "\u2028", "\x00", "\x7f"]
)
def test_nobody_writes_lines_or_colours_into_a_log(harm: str, pretty: bool) -> None:
    stream = configured(pretty=pretty)
    log.info("name is %s", f"a{harm}b", extra={"call": f"c{harm}d", "seen": f"e{harm}f"})
    said = stream.getvalue()
    assert said.count("\n") == 1
    assert said.endswith("\n")
    assert harm not in said[:-1]


def test_a_traceback_is_one_line_for_machines_and_indented_for_people() -> None:
    for pretty in (True, False):
        stream = configured(pretty=pretty)
        try:
            int("first\nERROR forged")
        except ValueError:
            log.exception("oh")
        said = stream.getvalue().splitlines()
        assert not [line for line in said[1:] if not line.startswith("    ")]
        assert (len(said) > 1) == pretty


def test_people_see_status_route_and_time() -> None:
    stream = configured(pretty=True)
    logs.answered(
        logging.getLogger(logs.ACCESS), {"method": "GET", "path": "/x"}, "/items/{id}", 404, "r-1", "t-1", 0.0123
    )
    said = stream.getvalue()
    assert "404  GET /items/{id}  12.3 ms  [r-1]" in said


def test_only_what_is_asked_for_is_logged() -> None:
    stream = configured(level="warning")
    log.info("quiet")
    log.warning("loud")
    assert [line["message"] for line in lines(stream)] == ["loud"]


def test_a_level_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="is no log level"):
        logs.configure("loud", pretty=False, stream=sys.stderr)


def test_configuring_again_replaces_what_was() -> None:
    first, second = configured(), configured()
    log.info("x")
    assert (first.getvalue(), len(lines(second))) == ("", 1)
