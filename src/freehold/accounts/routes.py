"""The accounts' table of contents: every route, who may take it, and how often."""

from __future__ import annotations

from typing import Literal

from freehold.accounts import entering, managing, tenants
from freehold.model.app import App
from freehold.model.model import Model
from freehold.model.rules import anyone, signed_in


def accounts(model: Model) -> Model:
    """The accounts for an app with these roles."""
    lowest, manager = model.roles[0], model.manager or model.roles[-1]
    app = App("accounts")
    everyone: Literal["everyone"] = "everyone"

    app.command("POST /auth/sign-up", allow=anyone, scope=everyone, limit="20/minute")(entering.sign_up)
    app.command("POST /auth/sign-in", allow=anyone, scope=everyone)(entering.sign_in)
    app.command("POST /auth/refresh", allow=anyone, scope=everyone)(entering.refresh)
    app.command("POST /auth/switch", allow=signed_in, scope=everyone)(entering.switch)
    app.command("POST /auth/sign-out", allow=anyone, scope=everyone)(entering.sign_out)
    app.command("POST /auth/accept-invitation", allow=anyone, scope=everyone, limit="20/minute")(
        managing.accept_invitation
    )
    app.query("GET /auth/organisations", allow=signed_in, scope=everyone)(entering.my_organisations)
    app.command("POST /auth/organisations", allow=signed_in, scope=everyone, limit="20/hour")(
        entering.found_organisation
    )
    app.query("GET /auth/me", allow=lowest)(entering.who_am_i)

    app.query("GET /members", allow=lowest)(managing.list_members)
    app.command("PATCH /members/{id}", allow=manager)(managing.change_role)
    app.command("PUT /members/{id}/identity", allow=manager)(managing.link_identity)
    app.command("DELETE /members/{id}", allow=manager)(managing.remove_member)
    app.query("GET /invitations", allow=manager)(managing.list_invitations)
    app.command("POST /invitations", allow=manager)(managing.invite)
    app.command("DELETE /invitations/{id}", allow=manager)(managing.withdraw_invitation)
    app.query("GET /api-keys", allow=manager)(managing.list_api_keys)
    app.command("POST /api-keys", allow=manager)(managing.create_api_key)
    app.command("DELETE /api-keys/{id}", allow=manager)(managing.revoke_api_key)

    app.operation(scope=everyone)(tenants.list_tenants)
    app.operation(scope=everyone)(tenants.create_tenant)
    app.operation(scope=everyone)(tenants.suspend_tenant)
    app.operation(scope=everyone)(tenants.resume_tenant)
    return app.model()
