"""DynamoDB behind IAM, for tests: each call is signed by whoever makes it, and asks no more than their policy allows.

No emulator looks at policies, so a table there is everybody's. Here a gate stands before it, with the policies that
follow from an app's lookups; the rest is what serves in production: sessions are vended for each tenant, and kept.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import replace
from functools import partial

from freehold.aws.client import AwsClient, open_client
from freehold.aws.credentials import Credentials
from freehold.aws.endpoints import Endpoint
from freehold.aws.vending import Vending
from freehold.model.layout import SESSION_TAG, Layout
from freehold.model.model import Model
from freehold.model.names import PLATFORM
from freehold.runtime.ports import Database
from freehold.runtime.scope import Scope
from freehold.runtime.system import SystemClock, SystemRandom
from freehold.settings import Settings
from freehold.stores.dynamodb import DynamoDb
from freehold.stores.dynamodb.definition import table as definition
from freehold.stores.dynamodb.kit import LOCAL
from freehold.stores.dynamodb.migrations import DynamoMigrations
from freehold.stores.dynamodb.table import Table
from freehold.synth.iam import Document, platform_policy, relay_policy, tenant_policy
from freehold.testing.iam import Gate, Place, Principal, TableKeys

PLACE = Place()
"""Where emulators say that they are."""

Wrap = Callable[[AwsClient], AwsClient]
"""A client of the emulator, as it is to be asked through."""


class Sessions:
    """Opens sessions as STS would, and knows whose each access key is."""

    def __init__(self, layout: Layout, table: str) -> None:
        """Open none yet. The policies are those of the model's `layout`, for the table of this name."""
        arn = PLACE.table(table)
        self._tenants, self._platform = tenant_policy(layout, arn), platform_policy(layout, arn)
        self._principals: dict[str, Principal] = {}
        self._relay = self._begun("relay", "outbox", relay_policy(arn))
        vending = (Vending(assume, SystemClock(), SystemRandom()) for assume in (self.tenant, self.platform))
        self._of_tenants, self._of_platform = vending

    def __call__(self, scope: Scope) -> Credentials:
        """Whose credentials a call has. Raises `TenantScopeMissing` once it is over."""
        return (self._of_platform if scope.tenant == PLATFORM else self._of_tenants)(scope)

    def tenant(self, tenant: str) -> Credentials:
        """A new session of the data role, tagged with a tenant."""
        return self._begun("data", tenant, self._tenants)

    def platform(self, tenant: str = PLATFORM) -> Credentials:
        """A new session of the platform's role."""
        return self._begun("platform", tenant, self._platform)

    def relay(self) -> Credentials:
        """The session that asks which grounds have deliveries waiting."""
        return self._relay

    def principal(self, credentials: Credentials) -> Principal:
        """Whose they are. Raises `LookupError` for credentials that are of no session."""
        return self._principals[credentials.access_key]

    def _begun(self, role: str, name: str, policy: Document) -> Credentials:
        made = Credentials(f"ASIA{secrets.token_hex(8).upper()}", secrets.token_hex(20))
        arn = f"arn:aws:sts::{PLACE.account}:assumed-role/{role}/{name}"
        self._principals[made.access_key] = Principal.of(arn, policy, tags={SESSION_TAG: name})
        return made


def opened(
    model: Model, settings: Settings, closed: Callable[[], object] = lambda: None, wrap: Wrap = lambda client: client
) -> DynamoDb:
    """The table that the settings name, at an emulator, behind IAM. It has been migrated to the model.

    `closed` is done at the end. What IAM lets through goes through the client that `wrap` makes.
    """
    with DynamoMigrations(client(settings), LOCAL, settings.table, model) as way:
        way.check_fits()
        layout, generation = way.layout(), way.generation()
    sessions = Sessions(layout, settings.table)
    gate = gated(settings, layout, sessions, wrap)
    table = Table(gate, settings.table, sessions, sessions.relay)
    return DynamoDb(model, layout, table, closed, generation=generation)


def scratch(model: Model, settings: Settings) -> Database:
    """A table of its own at an emulator, behind IAM, which is deleted at the end."""
    own = replace(settings, table=f"{settings.table}-scratch-{secrets.token_hex(6)}")
    with DynamoMigrations(client(own), LOCAL, own.table, model) as way:
        way.up()
    return opened(model, own, closed=partial(_delete, own))


def gated(settings: Settings, layout: Layout, sessions: Sessions, wrap: Wrap = lambda client: client) -> Gate:
    """A client of the table, behind IAM."""
    keys = TableKeys.of(definition(settings.table, layout))
    return Gate(wrap(client(settings)), sessions.principal, [keys], place=PLACE)


def client(settings: Settings) -> AwsClient:
    """A client of the emulator, which lets everybody do everything."""
    endpoint = Endpoint("dynamodb", PLACE.region, settings.table_endpoint)
    return open_client(endpoint, SystemClock(), SystemRandom(), adapter=settings.aws_client)


def _delete(settings: Settings) -> None:
    everybody = client(settings)
    everybody.call("DeleteTable", {"TableName": settings.table}, LOCAL)
    everybody.close()
