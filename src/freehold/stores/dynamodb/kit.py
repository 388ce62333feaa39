"""The store for DynamoDB, as settings choose it."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial

from freehold.aws.client import AwsClient, open_client
from freehold.aws.credentials import Credentials, Refreshing, Source
from freehold.aws.endpoints import Endpoint, endpoint_of
from freehold.aws.failures import AwsError
from freehold.aws.retries import PATIENT, STANDARD, Policy
from freehold.aws.sending import Sender
from freehold.aws.sources import source_in
from freehold.aws.sts import Sts
from freehold.aws.vending import Vending, data_role
from freehold.model.finding import Finding, ModelError, Place
from freehold.model.layout import Layout
from freehold.model.model import Model
from freehold.model.names import PLATFORM
from freehold.runtime.ports import Database
from freehold.runtime.scope import Scope
from freehold.runtime.system import SystemClock, SystemRandom
from freehold.settings import Settings, amazon
from freehold.stores.dynamodb.database import DynamoDb
from freehold.stores.dynamodb.estate import DynamoEstate
from freehold.stores.dynamodb.migrations import DynamoMigrations
from freehold.stores.dynamodb.raw import RawTable
from freehold.stores.dynamodb.table import Asker, Table
from freehold.stores.estate import Estate
from freehold.stores.migrate import Migrations

LOCAL = Credentials("local", "local")
"""What an emulator is called with, where the environment has no credentials."""

LOCAL_REGION = "us-east-1"


def opened(model: Model, settings: Settings) -> Database:
    """See `Kit.opened`."""
    return _opened(model, settings)


def scratch(model: Model, settings: Settings) -> Database:
    """See `Kit.scratch`. Makes a table of its own, and deletes it."""
    own = replace(settings, table=f"{settings.table}-scratch-{secrets.token_hex(6)}")
    with _migrations(own, model) as way:
        way.up()
    return _opened(model, own, closed=partial(_delete, own))


def estate(model: Model, settings: Settings) -> Estate:
    """See `Kit.estate`. Works with the process's own credentials: they must reach every ground."""
    layout, generation = _laid_out(model, settings)
    environment = _environment(settings)
    own = _own(environment)
    client = _client(settings, environment, PATIENT)
    table = Table(client, settings.table, lambda scope: own() if scope.tenant else LOCAL, own)
    return DynamoEstate(model, layout, table, RawTable(client, own(), settings.table), generation)


def exists(settings: Settings) -> bool:
    """See `Kit.exists`. Looking makes nothing here."""
    return bool(settings.table)


def migrations(settings: Settings, model: Model) -> Migrations:
    """See `Kit.migrations`."""
    return _migrations(settings, model)


def _migrations(settings: Settings, model: Model) -> DynamoMigrations:
    environment = _environment(settings)
    return DynamoMigrations(_client(settings, environment), _own(environment)(), settings.table, model)


def _opened(model: Model, settings: Settings, closed: Callable[[], object] = lambda: None) -> DynamoDb:
    layout, generation = _laid_out(model, settings)
    environment = _environment(settings)
    own = _own(environment)
    table = Table(_client(settings, environment), settings.table, _askers(settings, environment, own), own)
    return DynamoDb(model, layout, table, closed, generation=generation)


def _laid_out(model: Model, settings: Settings) -> tuple[Layout, int]:
    """How the model lies in the table, and of which generation its items are. Raises `ModelError` (FH303)."""
    with _migrations(settings, model) as way:
        way.check_fits()
        return way.layout(), way.generation()


def _environment(settings: Settings) -> Mapping[str, str]:
    """What the environment says of AWS. An emulator needs no region and no keys."""
    environment = amazon()
    if settings.table_endpoint:
        environment = {"AWS_REGION": LOCAL_REGION, **environment, "AWS_ENDPOINT_URL_DYNAMODB": settings.table_endpoint}
        if "AWS_ACCESS_KEY_ID" not in environment:
            environment |= {"AWS_ACCESS_KEY_ID": LOCAL.access_key, "AWS_SECRET_ACCESS_KEY": LOCAL.secret_key}
    return environment


def _client(settings: Settings, environment: Mapping[str, str], policy: Policy = STANDARD) -> AwsClient:
    endpoint = _endpoint("dynamodb", environment)
    try:
        return open_client(endpoint, SystemClock(), SystemRandom(), adapter=settings.aws_client, policy=policy)
    except AwsError as error:
        fix = "write FREEHOLD_TABLE_ENDPOINT as in http://127.0.0.1:8000, or unset it: then it is AWS's own"
        raise ModelError([Finding("FH401", Place("environment", 0), str(error), fix)]) from error


def _endpoint(service: str, environment: Mapping[str, str]) -> Endpoint:
    try:
        return endpoint_of(service, environment)
    except AwsError as error:
        fix = "set AWS_REGION, or AWS_ENDPOINT_URL for an emulator; `freehold dev` starts one of its own"
        raise ModelError([Finding("FH306", Place("environment", 0), str(error), fix)]) from error


def _own(environment: Mapping[str, str]) -> Source:
    """The process's own credentials, kept until they end."""
    clock = SystemClock()
    return Refreshing(source_in(environment, clock, _sts(environment)), clock)


def _sts(environment: Mapping[str, str]) -> Sts:
    return Sts(Sender(_endpoint("sts", environment), SystemClock(), SystemRandom()))


def _askers(settings: Settings, environment: Mapping[str, str], own: Source) -> Asker:
    """Whose credentials a call has: a session of its tenant's, where there is a role for that (token vending)."""
    if not settings.data_role:
        return lambda scope: own() if scope.tenant else LOCAL
    clock, random, sts = SystemClock(), SystemRandom(), _sts(environment)
    tenants = Vending(data_role(sts, settings.data_role, own), clock, random)
    platform = Vending(data_role(sts, settings.platform_role or settings.data_role, own), clock, random)

    def credentials(scope: Scope) -> Credentials:
        return (platform if scope.tenant == PLATFORM else tenants)(scope)

    return credentials


def _delete(settings: Settings) -> None:
    environment = _environment(settings)
    client = _client(settings, environment)
    client.call("DeleteTable", {"TableName": settings.table}, _own(environment)())
    client.close()
