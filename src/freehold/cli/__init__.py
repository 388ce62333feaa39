"""The command line: one file a verb. A verb loads what it needs when it runs, so that `freehold --help` is quick."""

from __future__ import annotations


def main() -> None:
    """Run `freehold`. It ends with 0; with 1 when something is wrong; with 2 when it was not called right."""
    from freehold.cli.verbs import freehold
    from freehold.settings import is_plain

    freehold.main(prog_name="freehold", color=False if is_plain() else None)
