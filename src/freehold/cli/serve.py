"""`freehold serve`: the app in production. Nothing is made up, nothing reloads, and SIGTERM fails nobody."""

from __future__ import annotations

from typing import Annotated

import typer

from freehold.cli.arguments import DataOption, StoreOption, TargetArgument


def serve(
    target: TargetArgument = None,
    host: Annotated[str, typer.Option(help="The address to listen on; 0.0.0.0 in a container.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="The port to listen on; 0 for any that is free.", min=0, max=65_535)] = 8000,
    data: DataOption = None,
    store: StoreOption = None,
    migrate: Annotated[
        bool, typer.Option("--migrate", help="Make pending migrations first, if they are safe.")
    ] = False,
) -> None:
    """Serve the app in production.

    Refuses to start while migrations are pending. SIGTERM finishes what is in flight.
    """
    from freehold.cli.listening import listen

    listener = listen(host, port)
    from freehold.cli.production import run
    from freehold.cli.standing import named, settings_for

    settings = settings_for(data, store)
    with named(settings):
        run(target, settings, listener, migrate=migrate)
