"""`freehold tenant`: who is on this deployment's grounds."""

from __future__ import annotations

from typing import Annotated

import typer

from freehold.cli.arguments import AppOption, AsJson, DataOption, StoreOption

tenant = typer.Typer(help="List, create, suspend and resume tenants.", no_args_is_help=True)

Slug = Annotated[str, typer.Argument(metavar="SLUG", help="Its short name: lower case, digits and hyphens.")]


@tenant.command("list")
def list_tenants(
    app: AppOption = None, data: DataOption = None, store: StoreOption = None, as_json: AsJson = False
) -> None:
    """List all tenants, the oldest first."""
    from freehold.cli import screen
    from freehold.cli.operating import opened
    from freehold.cli.registry import organisations

    with opened(app, data, store) as made:
        found = list(organisations(made))
    if as_json:
        screen.print_json([one.model_dump(mode="json") for one in found])
        return
    rows = [(one.slug, one.state, one.id, f"{one.created_at:%Y-%m-%d %H:%M}") for one in found]
    screen.print_table(("tenant", "state", "id", "since (UTC)"), rows, "There are no tenants.")


@tenant.command()
def create(
    slug: Slug,
    email: Annotated[str, typer.Option(metavar="EMAIL", help="The first member's address.")],
    name: Annotated[str | None, typer.Option(help="The first member's name. Default: from the address.")] = None,
    role: Annotated[str | None, typer.Option(help="The first member's role. Default: the highest.")] = None,
    app: AppOption = None,
    data: DataOption = None,
    store: StoreOption = None,
    as_json: AsJson = False,
) -> None:
    """Create a tenant with its first member. Somebody who is new gets a password, which is shown this once."""
    import secrets

    from freehold.cli import screen
    from freehold.cli.operating import opened
    from freehold.cli.registry import operate, organisation, person

    with opened(app, data, store) as made:
        if organisation(made, slug) is not None:
            raise typer.BadParameter(f"there is a tenant {slug} already", param_hint="SLUG")
        password = "" if person(made, email) else secrets.token_urlsafe(15)
        inputs = {
            "organisation": slug, "email": email, "name": name or email.partition("@")[0].title(),
            "password": password or secrets.token_urlsafe(15), "role": role or made.model.roles[-1].name,
        }  # fmt: skip
        operate(made, "create_tenant", inputs)
        there = organisation(made, slug)
    if as_json:
        id = there.id if there else None
        screen.print_json(
            {"slug": slug, "id": id, "email": email, "role": inputs["role"], "password": password or None}
        )
        return
    typer.echo(f"{slug} is there, and {email} is its {inputs['role']}.")
    typer.echo(
        f"Their password, shown this once: {password}" if password else "They sign in with the password they have."
    )


@tenant.command()
def suspend(
    slug: Slug, app: AppOption = None, data: DataOption = None, store: StoreOption = None, as_json: AsJson = False
) -> None:
    """Shut a tenant out: its tokens, keys and jobs count no more, within seconds. Nothing is lost."""
    _set("suspend_tenant", slug, app, data, store, as_json)


@tenant.command()
def resume(
    slug: Slug, app: AppOption = None, data: DataOption = None, store: StoreOption = None, as_json: AsJson = False
) -> None:
    """Let a suspended tenant in again."""
    _set("resume_tenant", slug, app, data, store, as_json)


def _set(case: str, slug: str, app: str | None, data: str | None, store: str | None, as_json: bool) -> None:
    from freehold.cli import screen
    from freehold.cli.operating import opened
    from freehold.cli.registry import known_organisation, operate

    with opened(app, data, store) as made:
        known_organisation(made, slug)
        operate(made, case, {"organisation": slug})
        now = known_organisation(made, slug)
    if as_json:
        screen.print_json(now.model_dump(mode="json"))
    else:
        typer.echo(f"{slug} is {now.state}.")
