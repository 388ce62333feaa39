"""`freehold tenant move` and `password`: a tenant in another place, and a way in for who came without a password."""

from __future__ import annotations

from typing import Annotated

import typer

from freehold.cli.arguments import AppOption, AsJson, DataOption, StoreOption
from freehold.cli.tenant import Slug, Yes


def move(
    slug: Slug,
    tier: Annotated[str | None, typer.Option(help="Another tier of the same store: schema, or pool.")] = None,
    to_store: Annotated[str | None, typer.Option(metavar="NAME", help="Another store; see FREEHOLD_TO_...")] = None,
    to_data: Annotated[str | None, typer.Option(metavar="FOLDER", help="The data folder of that store.")] = None,
    erase: Annotated[bool, typer.Option("--erase", help="Erase it where it was, once it has arrived.")] = False,
    yes: Yes = False,
    app: AppOption = None,
    data: DataOption = None,
    store: StoreOption = None,
    as_json: AsJson = False,
) -> None:
    """Take a tenant to another tier while it is in use, or to another store. Counts and hashes are compared."""
    if (tier is None) == (to_store is None and to_data is None):
        raise typer.BadParameter("say where to: --tier, or --to-store", param_hint="--tier")
    if erase and not yes:
        raise typer.BadParameter("it cannot be undone: say --yes, too", param_hint="--erase")
    if tier is not None:
        _to_tier(slug, tier, app, data, store, as_json)
    else:
        _to_store(slug, to_store, to_data, erase, app, data, store, as_json)


def _to_tier(slug: str, tier: str, app: str | None, data: str | None, store: str | None, as_json: bool) -> None:
    from freehold.cli import screen
    from freehold.cli.lifecycle import deployed, found
    from freehold.lifecycle.moving import settle

    with deployed(app, data, store) as (made, of):
        settled = settle(of, found(made, slug), tier)
    rows, pause, waiting = sum(settled.counts.values()), round(settled.held * 1000), settled.waiting
    if as_json:
        screen.print_json({"slug": slug, "tier": tier, "rows": rows, "pause_ms": pause, "waiting": waiting})
    elif settled.counts:
        typer.echo(f"{slug} lies in the tier {tier}: {rows:,} rows, compared.")
        typer.echo(f"Writers waited for {pause} ms at most; {waiting} connections did when that ended.")
    else:
        typer.echo(f"{slug} lies in the tier {tier} already, or has no rows yet.")


def _to_store(
    slug: str, to_store: str | None, to_data: str | None, erase: bool,
    app: str | None, data: str | None, store: str | None, as_json: bool,
) -> None:  # fmt: skip
    from freehold.cli import screen
    from freehold.cli.lifecycle import Ticker, deployed, destination, found
    from freehold.cli.target import load, locate
    from freehold.lifecycle.content import digest
    from freehold.lifecycle.erasing import erase as take_away
    from freehold.lifecycle.moving import move as carry

    ticker = Ticker(hidden=as_json)
    with (
        deployed(app, data, store) as (made, source),
        destination(load(locate(app)), made.settings, to_store, to_data) as to,
    ):
        there = found(made, slug)
        moved = carry(source, there, to, progress=ticker)
        left = dict(take_away(source, there).residue) if erase else {}
    ticker.done()
    rows, hashed, pause = (
        sum(part.count for part in moved.parts.values()),
        digest(moved.parts),
        round(moved.shut * 1000),
    )
    if as_json:
        screen.print_json(
            {"slug": slug, "rows": rows, "content": hashed, "pause_ms": pause, "erased": erase, "left": left}
        )
    else:
        here = "erased" if erase else "suspended"
        typer.echo(f"{slug} has arrived: {rows:,} rows, compared. Here it is {here}; nobody was let in for {pause} ms.")
    raise typer.Exit(1 if left else 0)


def password(
    email: Annotated[str, typer.Argument(metavar="EMAIL", help="Their address.")],
    app: AppOption = None,
    data: DataOption = None,
    store: StoreOption = None,
    as_json: AsJson = False,
) -> None:
    """Give somebody a new password, which is shown this once: for who came with an archive that has none."""
    import secrets

    from freehold.cli import screen
    from freehold.cli.operating import opened
    from freehold.cli.registry import operate, person

    with opened(app, data, store) as made:
        if person(made, email) is None:
            raise typer.BadParameter(f"nobody here has the address {email}", param_hint="EMAIL")
        fresh = secrets.token_urlsafe(15)
        operate(made, "give_password", {"email": email, "password": fresh})
    if as_json:
        screen.print_json({"email": email, "password": fresh})
    else:
        typer.echo(f"The new password of {email}, shown this once: {fresh}")
