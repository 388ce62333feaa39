"""`freehold keys`: the keys a deployment signs and seals with."""

from __future__ import annotations

from typing import Annotated

import click

from freehold.cli.arguments import AsJson, DataOption
from freehold.cli.signature import Option, group

keys = group("Rotate the keys that sign tokens and seal cursors.")


@keys.verb()
def rotate(
    keep: Annotated[
        str, Option('How long what the present keys made still counts: "day", "2 hours".', metavar="PERIOD")
    ] = "day",
    lead: Annotated[
        str, Option('When the new keys begin to sign: "now", or "10 minutes" from now.', metavar="PERIOD")
    ] = "now",
    data: DataOption = None,
    as_json: AsJson = False,
) -> None:
    """Make new keys. A running server follows by itself; tokens that are out go on counting for the period of --keep.

    When the ring is in FREEHOLD_KEYS instead of a file, the new one is printed: put it where that comes from.
    """
    from pathlib import Path

    from freehold.cli.standing import settings_for
    from freehold.edges.keys import KeyFile, KeyRing
    from freehold.runtime.system import SystemClock, SystemRandom

    settings, clock, random = settings_for(data), SystemClock(), SystemRandom()
    kept, ahead = _seconds(keep, "--keep"), 0 if lead == "now" else _seconds(lead, "--lead")
    if settings.keys:
        ring = KeyRing.parse(settings.keys).rotated(random, clock.now().timestamp(), keep=kept, lead=ahead)
        click.echo(ring.secret_text(), nl=False)
        return
    ring = KeyFile(Path(settings.data) / "keys.json", clock, random).rotate(keep=kept, lead=ahead)
    if as_json:
        from freehold.cli.screen import print_json

        print_json({"signing": [{"kid": key.id, "since": key.since, "until": key.until} for key in ring.signing]})
    else:
        click.echo(f"{len(ring.signing)} keys count; the newest one signs.")


def _seconds(period: str, option: str) -> int:
    from freehold.model.schedule import seconds

    try:
        return seconds(period)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint=option) from None
