"""`freehold dev`: the app on this machine, with two tenants to try it with, following every change of the source."""

from __future__ import annotations

import gc
import os
from typing import Annotated

import typer

from freehold.cli.arguments import DataOption, StoreOption, TargetArgument


def dev(
    target: TargetArgument = None,
    demo: Annotated[bool, typer.Option(help="Make two demo tenants, with people and the app's seeds.")] = True,
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="The port to listen on; 0 for any that is free.", min=0, max=65_535)] = 8000,
    data: DataOption = None,
    store: StoreOption = None,
    reload: Annotated[bool, typer.Option(help="Start anew when a file changes. Not on Windows.")] = True,
) -> None:
    """Run the app on this machine. It follows every change of the source.

    Safe migrations are made as they are needed. Demo tenants: acme (ada, who owns it, and bob) and globex (gina).
    """
    from freehold.cli.listening import listen
    from freehold.cli.target import locate

    where = locate(target)
    listener = listen(host, port)  # before all that takes time: who comes early waits for the answer
    gc.disable()  # until requests are answered: looking for garbage among what is only being loaded takes time

    from freehold.cli.development import Development
    from freehold.cli.standing import settings_for, standing
    from freehold.cli.supervisor import Supervisor
    from freehold.cli.watch import Watch

    with standing(settings_for(data, store)) as settings:
        development = Development(where, settings, listener, demo=demo)
        if reload and hasattr(os, "fork"):
            raise typer.Exit(Supervisor(development.run, Watch(where.source)).run())
        raise typer.Exit(development.run(None))
