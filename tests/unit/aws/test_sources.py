"""Where credentials come from, as an environment says."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import botocore.session
import pytest

from freehold.aws.credentials import Credentials, Refreshing
from freehold.aws.failures import AwsError, Unreachable
from freehold.aws.sources import ContainerEndpoint, environment_credentials, source_in
from freehold.aws.sts import Sts
from freehold.testing.clock import HandClock
from tests.unit.aws.scripted import Scripted, Step, raw, reply, silence
from tests.unit.aws.sts_kit import ROLE, form, opening, sts_of

FULL = "AWS_CONTAINER_CREDENTIALS_FULL_URI"
ANSWER = {
    "AccessKeyId": "ASIA",
    "SecretAccessKey": "s",
    "Token": "t",
    "Expiration": "2026-01-01T06:00:00Z",
    "RoleArn": "x",
}


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def sts(clock: HandClock) -> Iterator[tuple[Scripted, Sts]]:
    with Scripted(decide=opening(clock)) as server:
        client = sts_of(server, clock)
        yield server, client
        client.close()


@pytest.fixture(autouse=True)
def no_aws_of_this_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """What botocore reads by itself."""
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    for name in ("AWS_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)


def test_keys_in_the_environment_are_taken_first(clock: HandClock, sts: tuple[Scripted, Sts]) -> None:
    environment = {
        "AWS_ACCESS_KEY_ID": "AKID",
        "AWS_SECRET_ACCESS_KEY": "s",
        "AWS_SESSION_TOKEN": "t",
        "AWS_PROFILE": "other",
        FULL: "http://127.0.0.1:1/",
        "AWS_WEB_IDENTITY_TOKEN_FILE": "/nowhere",
    }
    assert source_in(environment, clock, sts[1])() == Credentials("AKID", "s", "t")


def test_keys_may_say_when_they_expire(clock: HandClock) -> None:
    environment = {
        "AWS_ACCESS_KEY_ID": "AKID",
        "AWS_SECRET_ACCESS_KEY": "s",
        "AWS_CREDENTIAL_EXPIRATION": "2026-01-01T00:00:00Z",
    }
    assert environment_credentials(environment).expires == clock.now()


@pytest.mark.parametrize("name", ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"])
def test_half_a_pair_of_keys_is_a_mistake_and_is_not_quoted(
    clock: HandClock, sts: tuple[Scripted, Sts], name: str
) -> None:
    with pytest.raises(AwsError, match="is not set") as caught:
        source_in({name: "half-a-secret"}, clock, sts[1])
    assert caught.value.code == "PartialCredentials"
    assert "half-a-secret" not in str(caught.value)


def test_a_web_identity_becomes_a_session_and_its_file_is_read_each_time(
    clock: HandClock, sts: tuple[Scripted, Sts], tmp_path: Path
) -> None:
    server, client = sts
    file = tmp_path / "token"
    environment = {"AWS_ROLE_ARN": ROLE, "AWS_WEB_IDENTITY_TOKEN_FILE": str(file), "AWS_ROLE_SESSION_NAME": "pod"}
    source = source_in(environment, clock, client)
    assert isinstance(source, Refreshing)
    with pytest.raises(AwsError, match="AWS_WEB_IDENTITY_TOKEN_FILE"):
        source()
    file.write_text("first\n")
    clock.turn(timedelta(seconds=2))
    assert source().token == "pod"
    asked = form(server.asked[-1])
    assert (asked["Action"], asked["WebIdentityToken"]) == ("AssumeRoleWithWebIdentity", "first")


def test_a_web_identity_needs_a_role(clock: HandClock, sts: tuple[Scripted, Sts]) -> None:
    with pytest.raises(AwsError, match="AWS_ROLE_ARN"):
        source_in({"AWS_WEB_IDENTITY_TOKEN_FILE": "/token"}, clock, sts[1])


def container(server: Scripted, clock: HandClock, **more: str) -> ContainerEndpoint:
    return ContainerEndpoint({FULL: f"{server.url}/get?id=7", **more}, clock)


def test_the_endpoint_of_a_container_is_asked_with_its_token(clock: HandClock) -> None:
    with Scripted(reply(ANSWER)) as server:
        source = container(server, clock, AWS_CONTAINER_AUTHORIZATION_TOKEN="Bearer x")
        found = source()
        source.close()
        (asked,) = server.asked
    assert found == Credentials("ASIA", "s", "t", found.expires)
    assert found.expires is not None
    assert found.expires.hour == 6
    assert asked.line == "GET /get?id=7 HTTP/1.1"
    assert asked.headers["authorization"] == "Bearer x"


def test_a_token_in_a_file_goes_first_and_is_read_each_time(clock: HandClock, tmp_path: Path) -> None:
    file = tmp_path / "token"
    with Scripted(reply(ANSWER)) as server:
        source = container(
            server, clock, AWS_CONTAINER_AUTHORIZATION_TOKEN="old", AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE=str(file)
        )
        for token in ("first", "second"):
            file.write_text(f"{token}\n")
            source()
        file.unlink()
        with pytest.raises(AwsError, match="AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"):
            source()
        source.close()
        assert [asked.headers["authorization"] for asked in server.asked] == ["first", "second"]


def test_a_token_that_would_be_a_header_of_its_own_is_not_sent(clock: HandClock) -> None:
    with Scripted(reply(ANSWER)) as server:
        source = container(server, clock, AWS_CONTAINER_AUTHORIZATION_TOKEN="a\r\nx-evil: 1")
        with pytest.raises(Unreachable, match="what HTTP cannot carry"):
            source()
        assert server.asked == []


@pytest.mark.parametrize(
    "url",
    [
        "https://credentials.example/x",
        "http://127.0.0.1:9/x",
        "http://127.1.2.3/x",
        "http://[::1]/x",
        "http://localhost/x",
        "http://169.254.170.2/x",
        "http://169.254.170.23/v1/credentials",
        "http://[fd00:ec2::23]/v1/credentials",
    ],
)
def test_an_endpoint_may_be_near_or_encrypted(clock: HandClock, url: str) -> None:
    assert isinstance(source_in({FULL: url}, clock, sts=None), Refreshing)  # type: ignore[arg-type]  # not asked


@pytest.mark.parametrize(
    "url",
    [
        "http://credentials.example/x",
        "http://10.0.0.1/x",
        "http://169.254.169.254/latest",
        "http://169.254.170.20/x",
        "http://127.0.0.1.evil.example/x",
        "http://user@127.0.0.1/x",
        "http://0.0.0.0/x",
        "ftp://127.0.0.1/x",
        "file:///etc/passwd",
        "nothing",
    ],
)
def test_an_endpoint_that_is_far_and_in_the_clear_is_refused(clock: HandClock, url: str) -> None:
    with pytest.raises(AwsError) as caught:
        ContainerEndpoint({FULL: url}, clock)
    assert caught.value.code == "NoCredentials"


def test_a_relative_address_is_that_of_ecs(clock: HandClock) -> None:
    source = ContainerEndpoint({"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "/v2/credentials/7", FULL: "x"}, clock)
    assert source._connections.host == "169.254.170.2"
    assert source._path == "/v2/credentials/7"


def test_a_relative_address_cannot_lead_elsewhere(clock: HandClock) -> None:
    with pytest.raises(AwsError):
        ContainerEndpoint({"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "@evil.example/x"}, clock)
    with pytest.raises(AwsError):
        ContainerEndpoint({"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": ".evil.example/x"}, clock)


@pytest.mark.parametrize(
    "step",
    [
        reply({"code": "no", "message": "secret"}, 404),
        reply(ANSWER, 500),
        reply(b"", 301, location="http://evil.example/"),
        reply(b"<html>"),
        reply([]),
        reply({**ANSWER, "Token": None}),
        reply({**ANSWER, "SecretAccessKey": ""}),
        reply({name: value for name, value in ANSWER.items() if name != "Expiration"}),
        reply({**ANSWER, "Expiration": "soon"}),
        reply({**ANSWER, "Expiration": "2026-01-01T06:00:00"}),
        reply({**ANSWER, "padding": "x" * 70_000}),
        raw(b"HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n{", stay=False),
    ],
    ids=[
        "404",
        "500",
        "redirect",
        "html",
        "list",
        "no token",
        "empty secret",
        "no end",
        "no time",
        "no zone",
        "large",
        "half",
    ],
)
def test_an_answer_that_makes_no_sense_gives_no_keys(clock: HandClock, step: Step) -> None:
    with Scripted(step) as server:
        source = container(server, clock)
        with pytest.raises(AwsError) as caught:
            source()
        source.close()
    assert "secret" not in str(caught.value)


def test_an_endpoint_that_says_nothing_is_given_up(clock: HandClock) -> None:
    with Scripted(silence) as server, pytest.raises(Unreachable) as caught:
        container(server, clock)()
    assert caught.value.code == "Timeout"


def test_a_profile_is_left_to_botocore(clock: HandClock, sts: tuple[Scripted, Sts], tmp_path: Path) -> None:
    (tmp_path / "credentials").write_text("[work]\naws_access_key_id = AKIDWORK\naws_secret_access_key = s\n")
    assert source_in({"AWS_PROFILE": "work", FULL: "http://evil.example"}, clock, sts[1])() == Credentials(
        "AKIDWORK", "s"
    )


def test_a_profile_that_is_not_there_is_told(clock: HandClock, sts: tuple[Scripted, Sts]) -> None:
    with pytest.raises(AwsError) as caught:
        source_in({"AWS_PROFILE": "nobodys"}, clock, sts[1])()
    assert caught.value.code == "NoCredentials"


def test_where_there_are_none_it_is_said(clock: HandClock, sts: tuple[Scripted, Sts]) -> None:
    with pytest.raises(AwsError, match="botocore finds none") as caught:
        source_in({}, clock, sts[1])
    assert caught.value.code == "NoCredentials"


def test_an_answer_reads_as_botocore_would_read_it(clock: HandClock, monkeypatch: pytest.MonkeyPatch) -> None:
    with Scripted(reply({**ANSWER, "Expiration": "2099-01-01T06:00:00Z"})) as server:
        monkeypatch.setenv(FULL, f"{server.url}/get")
        found = botocore.session.Session().get_credentials()
        assert found is not None
        theirs = found.get_frozen_credentials()
        source = container(server, clock)
        ours = source()
        source.close()
    assert (theirs.access_key, theirs.secret_key, theirs.token) == (ours.access_key, ours.secret_key, ours.token)
