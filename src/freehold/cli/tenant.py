"""`freehold tenant`: who is on this deployment's grounds, and what becomes of one as a whole."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import click
from click.exceptions import Exit

from freehold.cli.arguments import AppOption, AsJson, DataOption, StoreOption
from freehold.cli.signature import Argument, Option, group

tenant = group("Tenants: who is there, and what becomes of one as a whole.")

Slug = Annotated[str, Argument("SLUG", "Its short name: lower case, digits and hyphens.")]
ArchiveArgument = Annotated[Path, Argument("FILE", "What `tenant export` wrote.", exists=True)]
Yes = Annotated[bool, Option("Do it without asking for the short name once more.", "--yes")]


@tenant.verb("list")
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


@tenant.verb()
def create(
    slug: Slug,
    email: Annotated[str, Option("The first member's address.", metavar="EMAIL")],
    name: Annotated[str | None, Option("The first member's name. Default: from the address.")] = None,
    role: Annotated[str | None, Option("The first member's role. Default: the highest.")] = None,
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
            raise click.BadParameter(f"there is a tenant {slug} already", param_hint="SLUG")
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
    click.echo(f"{slug} is there, and {email} is its {inputs['role']}.")
    click.echo(
        f"Their password, shown this once: {password}" if password else "They sign in with the password they have."
    )


@tenant.verb()
def suspend(
    slug: Slug, app: AppOption = None, data: DataOption = None, store: StoreOption = None, as_json: AsJson = False
) -> None:
    """Shut a tenant out: its tokens, keys and jobs count no more, within seconds. Nothing is lost."""
    _set("suspend_tenant", slug, app, data, store, as_json)


@tenant.verb()
def resume(
    slug: Slug, app: AppOption = None, data: DataOption = None, store: StoreOption = None, as_json: AsJson = False
) -> None:
    """Let a suspended tenant in again."""
    _set("resume_tenant", slug, app, data, store, as_json)


@tenant.verb()
def export(
    slug: Slug,
    file: Annotated[Path | None, Argument("FILE", "Default: SLUG.zip in this folder.")] = None,
    with_secrets: Annotated[bool, Option("Put the password hashes of its people in, too.", "--with-secrets")] = False,
    app: AppOption = None,
    data: DataOption = None,
    store: StoreOption = None,
    as_json: AsJson = False,
) -> None:
    """Write all that a tenant has into one file, while it is in use: rows, events, audit chain, members."""
    from freehold.cli import screen
    from freehold.cli.lifecycle import deployed, found, free
    from freehold.lifecycle.content import digest
    from freehold.lifecycle.export import export as write

    path = free(file or Path(f"{slug}.zip"), "FILE")
    with deployed(app, data, store) as (made, of), screen.Ticker(hidden=as_json) as ticker:
        manifest = write(of, found(made, slug), path, secrets=with_secrets, progress=ticker)
    rows = sum(part.count for part in manifest.rows().values())
    if as_json:
        told = {"file": str(path), "rows": rows, "audit": manifest.chain.number, "content": digest(manifest.rows())}
        screen.print_json({**told, "secrets": with_secrets})
        return
    click.echo(
        f"{path}: {rows:,} rows and {manifest.chain.number:,} audit entries. It holds personal data: keep it so."
    )


@tenant.verb("import")
def import_tenant(
    file: ArchiveArgument,
    slug: Annotated[str, Option("Another short name. Its ids stay.", "--as", metavar="SLUG")] = "",
    app: AppOption = None,
    data: DataOption = None,
    store: StoreOption = None,
    as_json: AsJson = False,
) -> None:
    """Bring in a tenant that is not here, all or nothing. Nobody is let in before all is there and was compared."""
    from freehold.cli.lifecycle import deployed, tell_arrival
    from freehold.cli.screen import Ticker
    from freehold.lifecycle.archive import Archive
    from freehold.lifecycle.imports import bring_in

    with deployed(app, data, store) as (_, to), Archive(file) as archive, Ticker(hidden=as_json) as ticker:
        arrived = bring_in(to, archive, slug=slug, progress=ticker)
    tell_arrival(arrived, "is here", as_json=as_json)


@tenant.verb()
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
    from freehold.cli.lifecycle import agreed, deployed, found, tell_arrival
    from freehold.cli.screen import Ticker
    from freehold.lifecycle.archive import Archive
    from freehold.lifecycle.restoring import restore as set_back

    with deployed(app, data, store) as (made, to), Archive(file) as archive, Ticker(hidden=as_json) as ticker:
        there = found(made, slug)
        agreed(slug, f"What {slug} has now is lost.", yes=yes)
        arrived = set_back(to, there, archive, progress=ticker)
    tell_arrival(arrived, "is as it was", as_json=as_json)


@tenant.verb()
def erase(
    slug: Slug,
    yes: Yes = False,
    certificate: Annotated[
        Path | None, Option("Where the certificate goes. Default: SLUG.erased.json", metavar="FILE")
    ] = None,
    app: AppOption = None,
    data: DataOption = None,
    store: StoreOption = None,
    as_json: AsJson = False,
) -> None:
    """Erase every trace of a tenant, search for what is left, and sign a certificate of it. It cannot be undone."""
    from freehold.cli import screen
    from freehold.cli.lifecycle import agreed, deployed, found, free, ring
    from freehold.lifecycle.certificate import signed
    from freehold.lifecycle.erasing import erase as take_away

    path = free(certificate or Path(f"{slug}.erased.json"), "--certificate")
    with deployed(app, data, store) as (made, of), screen.Ticker(hidden=as_json) as ticker:
        there = found(made, slug)
        agreed(slug, f"All that {slug} has is lost for good.", yes=yes)
        erasure = take_away(of, there, progress=ticker)
        path.write_text(signed(erasure, ring(made.settings), made.clock.now().timestamp()), encoding="utf-8")
    if as_json:
        screen.print_json({**erasure.model_dump(mode="json"), "certificate": str(path)})
    else:
        click.echo(f"{slug} is erased: {sum(erasure.erased.values()):,} rows. The certificate is {path}.")
        left = ", ".join(f"{place} ({count})" for place, count in erasure.residue.items())
        click.echo(f"A search still found it: {left}." if left else "A search for it found nothing.")
    raise Exit(1 if erasure.residue else 0)


@tenant.verb()
def verify(
    certificate: Annotated[Path, Argument("CERTIFICATE", "What `tenant erase` wrote.")],
    jwks: Annotated[
        Path | None, Option("A JSON Web Key Set. Default: the keys of this deployment.", metavar="FILE")
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
        raise click.BadParameter(f"{jwks} is no JSON Web Key Set: {error}", param_hint="--jwks") from None
    erasure = verified(certificate, keys)
    if as_json:
        screen.print_json(erasure.model_dump(mode="json"))
        return
    found = "Nothing was left of it." if not erasure.residue else "Something was left of it."
    click.echo(f"It holds: {erasure.slug} ({erasure.tenant}) of {erasure.app} was erased at {erasure.at}. {found}")


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
        click.echo(f"{slug} is {now.state}.")
