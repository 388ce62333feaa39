"""Where services answer, held against botocore's own list."""

import botocore.session
import pytest
from botocore.config import Config

from freehold.aws.endpoints import Endpoint, endpoint_of, region_of
from freehold.aws.failures import AwsError
from freehold.aws.sending import Sender
from freehold.testing.clock import HandClock
from tests.unit.aws.scripted import Dice

REGIONS = [
    "us-east-1",
    "us-west-2",
    "eu-west-1",
    "eu-central-2",
    "ap-southeast-4",
    "af-south-1",
    "me-central-1",
    "ca-west-1",
    "cn-north-1",
    "cn-northwest-1",
    "us-gov-west-1",
    "us-gov-east-1",
    "us-iso-east-1",
    "us-isob-east-1",
    "us-isof-south-1",
    "eu-isoe-west-1",
    "eusc-de-east-1",
]
SERVICES = {"dynamodb": "dynamodb", "sqs": "sqs", "events": "events", "states": "stepfunctions", "sts": "sts"}


@pytest.fixture(scope="module")
def theirs() -> botocore.session.Session:
    session = botocore.session.Session()
    session.set_credentials("a", "b")
    return session


@pytest.mark.parametrize("service", SERVICES)
def test_every_service_is_found_where_botocore_finds_it(service: str, theirs: botocore.session.Session) -> None:
    for region in REGIONS:
        config = Config(account_id_endpoint_mode="disabled")
        client = theirs.create_client(SERVICES[service], region_name=region, config=config)
        assert endpoint_of(service, {"AWS_REGION": region}).url == client.meta.endpoint_url


@pytest.mark.parametrize("region", ["us-east-1", "us-west-2"])
def test_the_addresses_of_fips_are_those_of_botocore(region: str, theirs: botocore.session.Session) -> None:
    for service, name in SERVICES.items():
        config = Config(account_id_endpoint_mode="disabled", use_fips_endpoint=True)
        client = theirs.create_client(name, region_name=region, config=config)
        found = endpoint_of(service, {"AWS_REGION": region, "AWS_USE_FIPS_ENDPOINT": "true"})
        assert found.url == client.meta.endpoint_url


@pytest.mark.parametrize(
    ("environment", "url"),
    [
        ({"AWS_ENDPOINT_URL": "http://localhost:1"}, "http://localhost:1"),
        (
            {"AWS_ENDPOINT_URL": "http://localhost:1", "AWS_ENDPOINT_URL_DYNAMODB": "http://localhost:2"},
            "http://localhost:2",
        ),
        ({"AWS_ENDPOINT_URL_SQS": "http://localhost:3"}, "https://dynamodb.eu-west-1.amazonaws.com"),
        (
            {"AWS_ENDPOINT_URL": "http://localhost:1", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true"},
            "https://dynamodb.eu-west-1.amazonaws.com",
        ),
        ({"AWS_ENDPOINT_URL": ""}, "https://dynamodb.eu-west-1.amazonaws.com"),
    ],
)
def test_an_address_that_is_set_goes_before_aws(environment: dict[str, str], url: str) -> None:
    assert endpoint_of("dynamodb", {"AWS_REGION": "eu-west-1", **environment}).url == url


@pytest.mark.parametrize(
    ("service", "name"),
    [("events", "EVENTBRIDGE"), ("states", "SFN"), ("sts", "STS"), ("cognito-idp", "COGNITO_IDENTITY_PROVIDER")],
)
def test_an_address_is_set_under_the_name_that_aws_gives_a_service(service: str, name: str) -> None:
    environment = {"AWS_REGION": "eu-west-1", f"AWS_ENDPOINT_URL_{name}": "http://localhost:9"}
    assert endpoint_of(service, environment).url == "http://localhost:9"


def test_the_region_is_the_one_that_is_set_for_this_program() -> None:
    assert region_of({"AWS_REGION": "eu-west-1", "AWS_DEFAULT_REGION": "us-east-1"}) == "eu-west-1"
    assert region_of({"AWS_DEFAULT_REGION": "us-east-1"}) == "us-east-1"


@pytest.mark.parametrize("region", ["", "eu west", "x.evil.example/", "-", "a" * 70, "EU-WEST-1", "a\n"], ids=repr)
def test_a_region_that_could_not_be_in_an_address_is_none(region: str) -> None:
    with pytest.raises(AwsError) as caught:
        region_of({"AWS_REGION": region})
    assert caught.value.code == "NoRegion"


def test_an_address_that_is_none_is_told_when_the_client_is_made() -> None:
    with pytest.raises(AwsError, match="the endpoint of dynamodb will not do") as caught:
        Sender(Endpoint("dynamodb", "eu-west-1", "localhost:8000"), HandClock(), Dice())
    assert caught.value.code == "BadEndpoint"
