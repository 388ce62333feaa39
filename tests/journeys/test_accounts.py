"""Accounts as clients meet them: over HTTP, with tokens and keys, and with time going by."""

import json
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import jwt
import pytest

from freehold import App
from freehold.edges.keys import LOOK, KeyFile
from freehold.runtime.invoke import Call
from freehold.runtime.ports import Principal
from freehold.runtime.prepared import Sent
from freehold.runtime.system import SystemRandom
from tests.journeys.asgi import GOOD, Asked, asked
from tests.journeys.serving import Served, serving

LOGINS = 50
MEGABYTES = 150
PEOPLE = 17
TRIES = 3
"""A person who signs in may be at it so often at once; five would lock the account."""

app = App("journey")
guest, keeper, owner = app.roles("guest", "keeper", "owner")


@pytest.fixture
def door(tmp_path: Path) -> Iterator[Asked]:
    """A backend with a clock that is turned by hand."""
    with asked(app, tmp_path) as made:
        yield made


def operate(door: Asked, use_case: str, organisation: str) -> None:
    runtime, system = door.backend.runtime, Principal(tenant="", subject="", kind="system")
    runtime(Call(runtime.cases[use_case], Sent({"organisation": organisation}), system))


def test_from_sign_up_to_a_team_and_out_again(door: Asked) -> None:
    ada = door.enter("ada")
    invited = door.ask("POST", "/invitations", ada, {"email": "bob@home.test", "role": "guest"})
    assert invited.status == 200
    seat = {"token": invited.data["token"], "name": "Bob", "password": GOOD}
    assert door.ask("POST", "/auth/accept-invitation", body=seat).status == 200
    bob = door.sign_in("bob").data
    team = door.ask("GET", "/members", bob["access_token"]).data
    assert [(member["name"], member["role"]) for member in team] == [("ada", "owner"), ("Bob", "guest")]
    assert all("identity" not in member for member in team)
    assert door.ask("DELETE", f"/members/{bob['person']}", ada).status == 200
    out = door.ask("GET", "/members", bob["access_token"])
    assert (out.status, out.code) == (401, "UNAUTHENTICATED")
    assert out.headers["www-authenticate"].startswith("Bearer")


def test_a_token_of_one_organisation_names_its_ground_whatever_else_is_sent(door: Asked) -> None:
    ada, eve = door.enter("ada"), door.enter("eve")
    adas = door.ask("GET", "/members", ada).data[0]
    foreign = door.ask("PATCH", f"/members/{adas['id']}", eve, {"role": "guest"})
    absent = door.ask("PATCH", "/members/01900000-0000-7000-8000-000000000000", eve, {"role": "guest"})
    assert foreign.status == absent.status == 404
    assert foreign.body["error"] == absent.body["error"]


def test_a_suspended_organisation_answers_403_within_five_seconds(door: Asked) -> None:
    ada, eve = door.enter("ada"), door.enter("eve")
    assert door.ask("GET", "/auth/me", ada).status == 200
    operate(door, "suspend_tenant", "ada")
    door.clock.turn(timedelta(seconds=5))
    shut = door.ask("GET", "/auth/me", ada)
    assert (shut.status, shut.code) == (403, "TENANT_SUSPENDED")
    assert door.ask("GET", "/auth/me", eve).status == 200


def test_a_refresh_token_that_is_used_twice_ends_the_session(door: Asked) -> None:
    door.sign_up("ada")
    first = door.sign_in("ada").data["refresh_token"]
    second = door.ask("POST", "/auth/refresh", body={"token": first}).data["refresh_token"]
    stolen = door.ask("POST", "/auth/refresh", body={"token": first})
    rightful = door.ask("POST", "/auth/refresh", body={"token": second})
    assert (stolen.status, rightful.status, rightful.code) == (401, 401, "SESSION_OVER")


def test_an_api_key_opens_its_own_organisation_and_is_not_shown_again(door: Asked) -> None:
    ada = door.enter("ada")
    made = door.ask("POST", "/api-keys", ada, {"name": "build", "role": "guest"}).data
    assert door.ask("GET", "/auth/me", made["token"]).data["role"] == "guest"
    assert made["token"].rpartition(".")[2] not in json.dumps(door.ask("GET", "/api-keys", ada).body)
    assert door.ask("POST", "/invitations", made["token"], {"email": "x@y.test", "role": "guest"}).status == 403
    assert door.ask("DELETE", f"/api-keys/{made['id']}", ada).status == 200
    assert door.ask("GET", "/auth/me", made["token"]).status == 401


def test_guessing_is_stopped_with_a_time_to_wait_and_the_same_for_the_unknown(door: Asked) -> None:
    door.sign_up("ada")
    heard = []
    for name in ("ada", "nobody"):
        tries = [door.sign_in(name, "not that one", at=f"192.0.2.{number}") for number in range(6)]
        heard.append([(reply.status, reply.code, reply.headers.get("retry-after")) for reply in tries])
    assert heard[0] == heard[1]
    assert [status for status, _, _ in heard[0]] == [401] * 5 + [429]
    assert int(heard[0][-1][2] or 0) >= 60
    door.clock.turn(timedelta(seconds=int(heard[0][-1][2] or 0)))
    assert door.sign_in("ada").status == 200


def test_after_a_rotation_old_tokens_count_for_the_stated_time_and_both_keys_are_published(
    door: Asked, tmp_path: Path
) -> None:
    old = door.enter("ada")
    KeyFile(tmp_path / "keys.json", door.clock, SystemRandom()).rotate(keep=300)
    door.clock.turn(timedelta(seconds=LOOK))
    new = str(door.sign_in("ada").data["access_token"])
    kids = [jwt.get_unverified_header(token)["kid"] for token in (old, new)]
    published = [key["kid"] for key in door.ask("GET", "/.well-known/jwks.json").body["keys"]]
    assert kids[0] != kids[1]
    assert published == kids
    assert [door.ask("GET", "/auth/me", token).status for token in (old, new)] == [200, 200]
    door.clock.turn(timedelta(seconds=301))
    assert [door.ask("GET", "/auth/me", token).status for token in (old, new)] == [401, 200]
    assert [key["kid"] for key in door.ask("GET", "/.well-known/jwks.json").body["keys"]] == [kids[1]]


def peak(served: Served) -> float:
    """The most memory that the process has had so far, in MB."""
    status = Path(f"/proc/{served.process.pid}/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1]) / 1000


def post(served: Served, path: str, body: object) -> int:
    """Send it until there is room. Gives the status."""
    data, headers = json.dumps(body).encode(), {"content-type": "application/json"}
    for _ in range(30):
        request = urllib.request.Request(f"{served.url}/api/v1{path}", data, headers)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as refused:
            if refused.code != 503:
                return refused.code
            time.sleep(float(refused.headers["retry-after"]))
    return 503


def test_fifty_logins_at_once_do_not_eat_the_memory(tmp_path: Path) -> None:
    with serving("examples.teamflow", tmp_path, queue_depth=100, queue_seconds=30) as served:
        before = peak(served)
        people = [{"email": f"p{number}@home.test", "password": GOOD} for number in range(PEOPLE)]
        for number, person in enumerate(people):
            assert post(served, "/auth/sign-up", {**person, "name": "P", "organisation": f"team-{number}"}) == 200
        start = threading.Barrier(LOGINS)

        def login(number: int) -> int:
            start.wait()
            return post(served, "/auth/sign-in", people[number // TRIES])

        with ThreadPoolExecutor(LOGINS) as pool:
            assert set(pool.map(login, range(LOGINS))) == {200}
        assert peak(served) - before < MEGABYTES
        print(f"grew by {peak(served) - before:.0f} MB from {before:.0f} MB")  # noqa: T201
