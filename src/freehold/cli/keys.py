"""`freehold keys`: the keys a deployment signs and seals with."""

from __future__ import annotations

from typing import Annotated

import typer

from freehold.cli.arguments import AsJson, DataOption
from freehold.cli.listing import Listed

keys = typer.Typer(cls=Listed, help="Rotate the keys that sign tokens and seal cursors.", no_args_is_help=True)


@keys.command()
def rotate(
    keep: Annotated[
        str, typer.Option(metavar="PERIOD", help='How long what the present keys made still counts: "day", "2 hours".')
    ] = "day",
    lead: Annotated[
        str, typer.Option(metavar="PERIOD", help='When the new keys begin to sign: "now", or "10 minutes" from now.')
    ] = "now",
    data: DataOption = None,
    as_json: AsJson = False,
) -> None:
    """Make new keys. A running server follows by itself; tokens that are out go on counting for the period of --keep.

    When the ring is in FREEHOLD_KEYS instead of a file, the new one is printed: put it where that comes from.
    """
    from pathlib import Path

    from freehold.cli.standing import settings_for
    from freehold.cli.writing import writing
    from freehold.edges.keys import KeyFile, KeyRing
    from freehold.runtime.system import SystemClock, SystemRandom

    settings, clock, random = settings_for(data), SystemClock(), SystemRandom()
    kept, ahead = _seconds(keep, "--keep"), 0 if lead == "now" else _seconds(lead, "--lead")
    if settings.keys:
        ring = KeyRing.parse(settings.keys).rotated(random, clock.now().timestamp(), keep=kept, lead=ahead)
        typer.echo(ring.secret_text(), nl=False)
        return
    with writing("see FREEHOLD_DATA, or name the folder of the keys: `--data FOLDER`"):
        ring = KeyFile(Path(settings.data) / "keys.json", clock, random).rotate(keep=kept, lead=ahead)
    if as_json:
        from freehold.cli.screen import print_json

        print_json({"signing": [{"kid": key.id, "since": key.since, "until": key.until} for key in ring.signing]})
    else:
        typer.echo(f"{len(ring.signing)} keys count; the newest one signs.")


def _seconds(period: str, option: str) -> int:
    from freehold.model.schedule import seconds

    try:
        return seconds(period)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint=option) from None
