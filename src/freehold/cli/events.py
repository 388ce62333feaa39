"""`freehold events`: what is in the outbox, and sending on what has failed too often."""

from __future__ import annotations

from typing import Annotated, Literal

import click

from freehold.cli.arguments import AppOption, AsJson, DataOption, StoreOption
from freehold.cli.signature import Argument, Option, group

events = group("Look at deliveries of events, and send on those that are dead.")

TenantOption = Annotated[str | None, Option("Of this tenant only.", metavar="SLUG")]
Ids = Annotated[tuple[str, ...], Argument("ID", "Which ones. Default: all that are dead.")]


@events.verb("list")
def list_events(
    state: Annotated[Literal["waiting", "dead"], Option("Those on their way, or those given up.")] = "dead",
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
        found = list(find(made, state, tenant))
    if as_json:
        screen.print_json([{"tenant": slug, **one.model_dump(mode="json")} for slug, one in found])
        return
    rows = [(slug, one.id, one.event, one.handler, str(one.tries), one.error) for slug, one in found]
    headings = ("tenant", "id", "event", "handler", "tries", "error")
    screen.print_table(headings, rows, f"No delivery is {state}.")


@events.verb()
def redrive(
    ids: Ids = (),
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
        done = put_back(made, set(ids), tenant)
    _say(done, as_json, "redriven")


@events.verb()
def purge(
    ids: Ids = (),
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
        done = throw_away(made, set(ids), tenant)
    _say(done, as_json, "thrown away")


def _say(ids: list[str], as_json: bool, verb: str) -> None:
    if as_json:
        from freehold.cli.screen import print_json

        print_json(ids)
    else:
        click.echo(f"{len(ids)} {verb}")
