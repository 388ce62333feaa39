"""The accounts' table of contents: every route, who may take it, and how often."""

from __future__ import annotations

from typing import Final

from freehold.accounts import entering, joining, managing, tenants, tidying
from freehold.model.app import App
from freehold.model.model import Model
from freehold.model.ports import User
from freehold.model.rules import Access, Role, Rule, anyone, signed_in

EVERYONE: Final = "everyone"


def is_person(me: User) -> bool:
    """Whether it is a person who calls. A key that is stolen must not be able to make itself at home."""
    return bool(me.email)


def accounts(model: Model) -> Model:
    """The accounts for an app with these roles."""
    app, manager = App("accounts"), model.roles[-1] if model.manager is None else model.manager
    _entrances(app)
    _organisation(app, model.roles[0], manager & Rule(is_person))
    _behind_the_scenes(app)
    return app.model()


def _entrances(app: App) -> None:
    """What belongs to no organisation, or comes before one."""
    app.command("POST /auth/sign-up", allow=anyone, scope=EVERYONE, limit="20/minute")(entering.sign_up)
    app.command("POST /auth/sign-in", allow=anyone, scope=EVERYONE)(entering.sign_in)
    app.command("POST /auth/refresh", allow=anyone, scope=EVERYONE)(entering.refresh)
    app.command("POST /auth/switch", allow=signed_in, scope=EVERYONE)(entering.switch)
    app.command("POST /auth/sign-out", allow=anyone, scope=EVERYONE)(entering.sign_out)
    app.command("POST /auth/accept-invitation", allow=anyone, scope=EVERYONE, limit="20/minute")(
        joining.accept_invitation
    )
    app.command("POST /auth/join", allow=signed_in, scope=EVERYONE)(joining.join_organisation)
    app.query("GET /auth/organisations", allow=signed_in, scope=EVERYONE)(entering.my_organisations)
    app.command("POST /auth/organisations", allow=signed_in, scope=EVERYONE, limit="20/hour")(
        entering.found_organisation
    )


def _organisation(app: App, lowest: Role, manager: Access) -> None:
    """Who is in an organisation, for its members to see and for some of them to change."""
    app.query("GET /auth/me", allow=lowest)(entering.who_am_i)
    app.query("GET /members", allow=lowest)(managing.list_members)
    app.command("PATCH /members/{id}", allow=manager)(managing.change_role)
    app.command("PUT /members/{id}/identity", allow=manager)(managing.link_identity)
    app.command("DELETE /members/{id}/identity", allow=manager)(managing.unlink_identity)
    app.command("DELETE /members/{id}", allow=manager)(managing.remove_member)
    app.query("GET /invitations", allow=manager)(managing.list_invitations)
    app.command("POST /invitations", allow=manager)(managing.invite)
    app.command("DELETE /invitations/{id}", allow=manager)(managing.withdraw_invitation)
    app.query("GET /api-keys", allow=manager)(managing.list_api_keys)
    app.command("POST /api-keys", allow=manager)(managing.create_api_key)
    app.command("DELETE /api-keys/{id}", allow=manager)(managing.revoke_api_key)


def _behind_the_scenes(app: App) -> None:
    """What operators call, and what happens by itself."""
    app.operation(scope=EVERYONE)(tenants.list_tenants)
    app.operation(scope=EVERYONE)(tenants.create_tenant)
    app.operation(scope=EVERYONE)(tenants.suspend_tenant)
    app.operation(scope=EVERYONE)(tenants.resume_tenant)
    app.operation(scope=EVERYONE)(tenants.give_password)
    app.every("5 minutes", scope=EVERYONE)(tidying.forget_sessions)
    app.every("day")(tidying.forget_expired)
    app.on(tidying.MoreExpired)(tidying.forget_more)
