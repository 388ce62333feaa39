"""Requests of every shape that DynamoDB takes, and what botocore makes of them."""

import base64
import string
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache

from botocore.loaders import Loader
from botocore.model import ServiceModel
from botocore.serialize import create_serializer
from hypothesis import strategies as st

from freehold.aws.credentials import Credentials

texts = st.text(st.characters(codec="utf-8"), max_size=30)
numbers = st.one_of(
    st.integers(-(10**38) + 1, 10**38 - 1).map(str),
    st.decimals(allow_nan=False, allow_infinity=False, places=10).map(str),
    st.sampled_from(["1E+125", "-9.9E-130", "0", "-0", "00012.500"]),
)
binaries = st.binary(max_size=40)
plain = st.one_of(
    texts.map(lambda value: {"S": value}),
    numbers.map(lambda value: {"N": value}),
    binaries.map(lambda value: {"B": value}),
    st.booleans().map(lambda value: {"BOOL": value}),
    st.just({"NULL": True}),
    st.lists(texts, min_size=1, max_size=3, unique=True).map(lambda value: {"SS": value}),
    st.lists(numbers, min_size=1, max_size=3, unique=True).map(lambda value: {"NS": value}),
    st.lists(binaries, min_size=1, max_size=3, unique=True).map(lambda value: {"BS": value}),
)
values = st.recursive(
    plain,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4).map(lambda value: {"L": value}),
        st.dictionaries(texts, inner, max_size=4).map(lambda value: {"M": value}),
    ),
    max_leaves=12,
)
items = st.dictionaries(texts, values, max_size=6)
_SECRET = string.ascii_letters + string.digits + "/+="
keys = st.builds(
    Credentials,
    st.text(string.ascii_uppercase + string.digits, min_size=16, max_size=20),
    st.text(_SECRET, min_size=1, max_size=64),
    st.one_of(st.just(""), st.text(_SECRET, min_size=1, max_size=900)),
)
moments = st.datetimes(datetime(2000, 1, 1), datetime(2099, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001  # bounds have none
regions = st.sampled_from(["eu-west-1", "us-east-1", "cn-north-1", "us-gov-west-1", "ap-southeast-4", "local"])
services = st.sampled_from(["dynamodb", "sqs", "events", "states", "sts"])


@cache
def model_of(service: str) -> ServiceModel:
    """What botocore knows of a service."""
    return ServiceModel(Loader().load_service_model(service, "service-2"), service)


def written_by_botocore(service: str, operation: str, request: Mapping[str, object]) -> tuple[dict[str, str], bytes]:
    """Headers and body, with binary values given as bytes."""
    model = model_of(service)
    serializer = create_serializer(model.metadata["protocol"])
    written = serializer.serialize_to_request(dict(request), model.operation_model(operation))
    return written["headers"], written["body"]


def on_the_wire(value: object) -> object:
    """A request as `AwsClient` takes it: with binary values as base64 text."""
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, dict):
        return {name: on_the_wire(part) for name, part in value.items()}
    return [on_the_wire(part) for part in value] if isinstance(value, list) else value
