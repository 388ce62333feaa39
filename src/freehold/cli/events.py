"""`freehold events`: what is in the outbox, and sending on what has failed too often."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from freehold.cli.arguments import AppOption, AsJson, DataOption, StoreOption
from freehold.cli.listing import Listed

events = typer.Typer(
    cls=Listed, help="Look at deliveries of events, and send on those that are dead.", no_args_is_help=True
)

TenantOption = Annotated[str | None, typer.Option(metavar="SLUG", help="Of this tenant only.")]
Ids = Annotated[list[str] | None, typer.Argument(metavar="ID", help="Which ones. Default: all that are dead.")]


class State(StrEnum):
    """How a delivery stands."""

    WAITING = "waiting"
    DEAD = "dead"


@events.command("list")
def list_events(
    state: Annotated[State, typer.Option(help="Those on their way, or those given up.")] = State.DEAD,
    tenant: TenantOption = None,
    app: AppOption = None,
    data: DataOption = None,
    store: StoreOption = None,
    as_json: AsJson = False,
) -> None:
    """List deliveries: event, handler, how often it was tried, and what went wrong."""
    from freehold.cli import screen
    from freehold.cli.operating import opened
    from freehold.cli.outbox import find

    with opened(app, data, store) as made:
        found = list(find(made, state.value, tenant))
    if as_json:
        screen.print_json([{"tenant": slug, **one.model_dump(mode="json")} for slug, one in found])
        return
    rows = [(slug, one.id, one.event, one.handler, str(one.tries), one.error) for slug, one in found]
    headings = ("tenant", "id", "event", "handler", "tries", "error")
    screen.print_table(headings, rows, f"No delivery is {state.value}.")


@events.command()
def redrive(
    ids: Ids = None,
    tenant: TenantOption = None,
    app: AppOption = None,
    data: DataOption = None,
    store: StoreOption = None,
    as_json: AsJson = False,
) -> None:
    """Put dead deliveries back on their way: they are tried at once, as often as new ones."""
    from freehold.cli.operating import opened
    from freehold.cli.outbox import put_back

    with opened(app, data, store) as made:
        done = put_back(made, set(ids or ()), tenant)
    _say(done, as_json, "redriven")


@events.command()
def purge(
    ids: Ids = None,
    tenant: TenantOption = None,
    app: AppOption = None,
    data: DataOption = None,
    store: StoreOption = None,
    as_json: AsJson = False,
) -> None:
    """Throw dead deliveries away. What they were to do is not done."""
    from freehold.cli.operating import opened
    from freehold.cli.outbox import throw_away

    with opened(app, data, store) as made:
        done = throw_away(made, set(ids or ()), tenant)
    _say(done, as_json, "thrown away")


def _say(ids: list[str], as_json: bool, verb: str) -> None:
    if as_json:
        from freehold.cli.screen import print_json

        print_json(ids)
    else:
        typer.echo(f"{len(ids)} {verb}")
