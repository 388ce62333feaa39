"""The command line: one file a verb. A verb loads what it needs when it runs, so that `freehold --help` is quick."""

from __future__ import annotations

import sys


def main() -> None:
    """Run `freehold`. It ends with 0; with 1 when something is wrong; with 2 when it was not called right."""
    from freehold.cli.verbs import app

    try:
        app()
    except Exception as error:
        from freehold.cli.faults import tell

        if not tell(error, as_json="--json" in sys.argv):
            raise
        sys.exit(1)
