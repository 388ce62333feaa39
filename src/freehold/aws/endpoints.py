"""Where a service answers: region and address, as the environment says or as AWS names them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from freehold.aws.failures import AwsError

_SERVICE_IDS = {"events": "EVENTBRIDGE", "states": "SFN", "cognito-idp": "COGNITO_IDENTITY_PROVIDER"}
_SUFFIXES = {
    "cn": "amazonaws.com.cn",
    "eusc": "amazonaws.eu",
    "us-iso": "c2s.ic.gov",
    "us-isob": "sc2s.sgov.gov",
    "us-isof": "csp.hci.ic.gov",
    "eu-isoe": "cloud.adc-e.uk",
}
_PARTITION = re.compile(r"(cn|eusc|us-iso[bf]?|eu-isoe)-")
_REGION = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One service of AWS in one region."""

    service: str
    """As its address and its signatures name it: `dynamodb`, `sqs`, `events`, `states`, `sts`."""
    region: str
    url: str


def region_of(environment: Mapping[str, str]) -> str:
    """The region that is set. Raises `AwsError` if none is, or if it could not be part of a host's name."""
    region = environment.get("AWS_REGION") or environment.get("AWS_DEFAULT_REGION") or ""
    if not region:
        raise AwsError("NoRegion", "no region is set: set AWS_REGION")
    if _REGION.fullmatch(region) is None:
        raise AwsError("NoRegion", "AWS_REGION is not the name of a region")
    return region


def endpoint_of(service: str, environment: Mapping[str, str]) -> Endpoint:
    """Where `service` answers, with what the environment sets first: `AWS_ENDPOINT_URL_<SERVICE>`, `AWS_ENDPOINT_URL`.

    Of the other settings, `AWS_USE_FIPS_ENDPOINT` and `AWS_IGNORE_CONFIGURED_ENDPOINT_URLS` count. Raises `AwsError`.
    """
    region = region_of(environment)
    id = _SERVICE_IDS.get(service, service.upper().replace("-", "_"))
    set_by_hand = environment.get(f"AWS_ENDPOINT_URL_{id}") or environment.get("AWS_ENDPOINT_URL")
    if set_by_hand and not _is_on(environment, "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"):
        return Endpoint(service, region, set_by_hand)
    partition = _PARTITION.match(region)
    suffix = _SUFFIXES[partition[1]] if partition else "amazonaws.com"
    name = f"{service}-fips" if _is_on(environment, "AWS_USE_FIPS_ENDPOINT") else service
    return Endpoint(service, region, f"https://{name}.{region}.{suffix}")


def _is_on(environment: Mapping[str, str], name: str) -> bool:
    return environment.get(name, "").lower() == "true"
