"""`python -m bench NAME [--quick]`: run one bench, or all; print its tables, and write its figures as JSON."""

import argparse
import importlib
import sys
from pathlib import Path

from bench.process import CannotRun
from bench.stacks import Settings
from bench.table import Report

BENCHES = {
    "http": "bench.over_http",
    "store": "bench.store",
    "isolation": "bench.isolation",
    "coldstart": "bench.coldstart",
    "overload": "bench.overload",
    "growth": "bench.growth",
    "lifecycle": "bench.lifecycle",
    "postgres": "bench.postgres",
    "postgres_growth": "bench.postgres_growth",
    "neighbours": "bench.neighbours",
    "fleet": "bench.fleet",
    "dynamodb": "bench.dynamodb",
    "dynamodb_growth": "bench.dynamodb_growth",
}


def main() -> int:
    """Read the command line, run, report."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("bench", choices=[*BENCHES, "all"], nargs="?", default="all")
    parser.add_argument("--quick", action="store_true", help="few and short runs: shows that it works, proves nothing")
    parser.add_argument("--jwt", choices=["HS256", "EdDSA"], default="HS256", help="how the peers' tokens are signed")
    parser.add_argument("--no-pin", action="store_true", help="do not keep server and load on a core each")
    parser.add_argument("--only", action="append", default=[], help="a stack's name, or its beginning; may be repeated")
    parser.add_argument("--json", type=Path, help="where the figures go (default: bench/results/NAME.json)")
    said = parser.parse_args()
    settings = Settings(quick=said.quick, jwt=said.jwt, pinned=not said.no_pin, only=tuple(said.only))
    names = list(BENCHES) if said.bench == "all" else [said.bench]
    return max(report(name, settings, said.json if len(names) == 1 else None) for name in names)


def report(name: str, settings: Settings, path: Path | None) -> int:
    """Run one bench and print what it found. Return the exit status."""
    print(f"bench {name} ...", file=sys.stderr, flush=True)
    try:
        found: Report = importlib.import_module(BENCHES[name]).run(settings)
    except CannotRun as error:
        print(f"bench {name} cannot run: {error}", file=sys.stderr)
        return 1
    print(found.markdown(), flush=True)
    found.save(path)
    return 0


if __name__ == "__main__":
    sys.exit(main())
