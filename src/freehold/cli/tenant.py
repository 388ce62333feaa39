"""`freehold tenant`: who is on this deployment's grounds, and what becomes of one as a whole."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from freehold.cli.arguments import AppOption, AsJson, DataOption, StoreOption
from freehold.cli.listing import Listed

tenant = typer.Typer(
    cls=Listed, help="Tenants: who is there, and what becomes of one as a whole.", no_args_is_help=True
)

Slug = Annotated[str, typer.Argument(metavar="SLUG", help="Its short name: lower case, digits and hyphens.")]
ArchiveArgument = Annotated[
    Path, typer.Argument(metavar="FILE", exists=True, dir_okay=False, help="What `tenant export` wrote.")
]
Yes = Annotated[bool, typer.Option("--yes", help="Do it without asking for the short name once more.")]


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


@tenant.command()
def export(
    slug: Slug,
    file: Annotated[Path | None, typer.Argument(metavar="FILE", help="Default: SLUG.zip in this folder.")] = None,
    with_secrets: Annotated[
        bool, typer.Option("--with-secrets", help="Put the password hashes of its people in, too.")
    ] = False,
    app: AppOption = None,
    data: DataOption = None,
    store: StoreOption = None,
    as_json: AsJson = False,
) -> None:
    """Write all that a tenant has into one file, while it is in use: rows, events, audit chain, members."""
    from freehold.cli import screen
    from freehold.cli.lifecycle import Ticker, deployed, found, free
    from freehold.cli.writing import writing
    from freehold.lifecycle.content import digest
    from freehold.lifecycle.exporting import export as write

    path, ticker = free(file or Path(f"{slug}.zip"), "FILE"), Ticker(hidden=as_json)
    with deployed(app, data, store) as (made, of), writing("name a FILE where there is room for it"):
        manifest = write(of, found(made, slug), path, secrets=with_secrets, progress=ticker)
    ticker.done()
    rows = sum(part.count for part in manifest.rows().values())
    if as_json:
        told = {"file": str(path), "rows": rows, "audit": manifest.chain.number, "content": digest(manifest.rows())}
        screen.print_json({**told, "secrets": with_secrets})
        return
    typer.echo(
        f"{path}: {rows:,} rows and {manifest.chain.number:,} audit entries. It holds personal data: keep it so."
    )


@tenant.command("import")
def import_tenant(
    file: ArchiveArgument,
    slug: Annotated[str, typer.Option("--as", metavar="SLUG", help="Another short name. Its ids stay.")] = "",
    app: AppOption = None,
    data: DataOption = None,
    store: StoreOption = None,
    as_json: AsJson = False,
) -> None:
    """Bring in a tenant that is not here, all or nothing. Nobody is let in before all is there and was compared."""
    from freehold.cli.lifecycle import Ticker, deployed, tell_arrival
    from freehold.lifecycle.archive import Archive
    from freehold.lifecycle.importing import bring_in

    ticker = Ticker(hidden=as_json)
    with deployed(app, data, store) as (_, to), Archive(file) as archive:
        arrived = bring_in(to, archive, slug=slug, progress=ticker)
    ticker.done()
    tell_arrival(arrived, "is here", as_json=as_json)


@tenant.command()
def restore(
    slug: Slug,
    file: ArchiveArgument,
    yes: Yes = False,
    app: AppOption = None,
    data: DataOption = None,
    store: StoreOption = None,
    as_json: AsJson = False,
) -> None:
    """Set one tenant back to an archive of it. What it has now is lost; all others go on as if nothing was."""
    from freehold.cli.lifecycle import Ticker, agreed, deployed, found, tell_arrival
    from freehold.lifecycle.archive import Archive
    from freehold.lifecycle.restoring import restore as set_back

    ticker = Ticker(hidden=as_json)
    with deployed(app, data, store) as (made, to), Archive(file) as archive:
        there = found(made, slug)
        agreed(slug, f"What {slug} has now is lost.", yes=yes)
        arrived = set_back(to, there, archive, progress=ticker)
    ticker.done()
    tell_arrival(arrived, "is as it was", as_json=as_json)


@tenant.command()
def erase(
    slug: Slug,
    yes: Yes = False,
    certificate: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Where the certificate goes. Default: SLUG.erased.json")
    ] = None,
    app: AppOption = None,
    data: DataOption = None,
    store: StoreOption = None,
    as_json: AsJson = False,
) -> None:
    """Erase every trace of a tenant, search for what is left, and sign a certificate of it. It cannot be undone."""
    from freehold.cli import screen
    from freehold.cli.lifecycle import Begun, Ticker, agreed, deployed, put, ring, to_be_erased
    from freehold.cli.writing import writing
    from freehold.lifecycle.certificate import signed
    from freehold.lifecycle.erasing import erase as take_away

    path, ticker = certificate or Path(f"{slug}.erased.json"), Ticker(hidden=as_json)
    with deployed(app, data, store) as (made, of), writing("say where there is room for it: --certificate FILE"):
        there = to_be_erased(made, slug, path)
        agreed(slug, f"All that {slug} has is lost for good.", yes=yes)
        put(path, Begun(organisation=there).model_dump_json(indent=1))
        erasure = take_away(of, there, progress=ticker)
        put(path, signed(erasure, ring(made.settings), made.clock.now().timestamp()))
    ticker.done()
    if as_json:
        screen.print_json({**erasure.model_dump(mode="json"), "certificate": str(path)})
    else:
        typer.echo(f"{slug} is erased: {sum(erasure.erased.values()):,} rows. The certificate is {path}.")
        left = ", ".join(f"{place} ({count})" for place, count in erasure.residue.items())
        typer.echo(f"A search still found it: {left}." if left else "A search for it found nothing.")
    raise typer.Exit(1 if erasure.residue else 0)


@tenant.command()
def verify(
    certificate: Annotated[Path, typer.Argument(metavar="CERTIFICATE", help="What `tenant erase` wrote.")],
    jwks: Annotated[
        Path | None, typer.Option(metavar="FILE", help="A JSON Web Key Set. Default: the keys of this deployment.")
    ] = None,
    data: DataOption = None,
    as_json: AsJson = False,
) -> None:
    """Say what a certificate of erasure says, if one of these keys has signed it."""
    from freehold.cli import screen
    from freehold.cli.lifecycle import ring
    from freehold.cli.standing import settings_for
    from freehold.edges.jose import read_object
    from freehold.lifecycle.certificate import jwks_of, verified

    try:
        keys = read_object(jwks.read_bytes()) if jwks else jwks_of(ring(settings_for(data)))
    except (OSError, ValueError) as error:
        raise typer.BadParameter(f"{jwks} is no JSON Web Key Set: {error}", param_hint="--jwks") from None
    erasure = verified(certificate, keys)
    if as_json:
        screen.print_json(erasure.model_dump(mode="json"))
        return
    found = "Nothing was left of it." if not erasure.residue else "Something was left of it."
    typer.echo(f"It holds: {erasure.slug} ({erasure.tenant}) of {erasure.app} was erased at {erasure.at}. {found}")


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
