"""bench coldstart: the CPU time of fresh interpreters that import an app, and of some that then answer one request."""

import os
import subprocess
import sys
from collections.abc import Sequence

from bench import ours, venvs
from bench.process import ROOT, CannotRun, environment
from bench.stacks import Settings
from bench.table import Report, Table, interleaved, ratio, spread

PACKAGES = ["pydantic", "fastapi", "starlette", "mangum", "aws-lambda-powertools"]
COLD = "bench/cold"
BASE = "pydantic + one model"


def fresh(command: Sequence[str]) -> tuple[float, float]:
    """Run a command and return its CPU time in ms, user and system, and the most memory it had in MB."""
    child = subprocess.Popen(command, cwd=ROOT, env=environment({}), stderr=subprocess.PIPE)
    assert child.stderr
    said = child.stderr.read()
    child.stderr.close()
    _, status, used = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise CannotRun(f"{' '.join(command)}: {said.decode().strip()[-600:]}")
    return (used.ru_utime + used.ru_stime) * 1e3, used.ru_maxrss / 1024


def commands(report: Report) -> dict[str, list[str]]:
    """Return what is started, in two environments: the peers', and this one for freehold."""
    peers = str(venvs.python_of("coldstart"))
    found = {
        "bare python": [peers, "-c", "pass"],
        BASE: [peers, f"{COLD}/pydantic_model.py"],
        "starlette": [peers, f"{COLD}/starlette_app.py"],
        "Powertools resolver": [peers, f"{COLD}/powertools_resolver.py"],
        "Powertools resolver, one request": [peers, f"{COLD}/powertools_resolver.py", "event"],
        "FastAPI + Mangum": [peers, f"{COLD}/fastapi_mangum.py"],
        "FastAPI + Mangum, one request": [peers, f"{COLD}/fastapi_mangum.py", "event"],
    }
    try:
        ours.cli()
        report.versions["freehold's environment"] = ", ".join(
            f"{name} {version}" for name, version in venvs.versions(sys.executable, ["freehold", "pydantic"]).items()
        )
        own = {f"{BASE}, freehold's environment": [sys.executable, f"{COLD}/pydantic_model.py"], **ours.cold()}
    except CannotRun as error:
        report.notes.append(f"**freehold is left out**: {error}")
        own = {}
    return found | own


def run(settings: Settings) -> Report:
    """Start them all in turn, again and again."""
    report = Report("coldstart")
    starts = commands(report)
    known = venvs.versions(venvs.python_of("coldstart"), PACKAGES)
    report.versions["Peers' environment"] = ", ".join(f"{name} {version}" for name, version in known.items())
    rounds = 3 if settings.quick else 11
    working = {name: command for name, command in starts.items() if works(name, command, report)}
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in working}
    for _, name in interleaved(list(working), rounds):
        found[name].append(fresh(working[name]))
    table = Table("**CPU of a fresh interpreter**", ("imports", "ms", "over bare python", f"to {BASE}", "MB"))
    cpu = {name: [one for one, _ in values] for name, values in found.items()}
    for name in working:
        base = f"{BASE}, freehold's environment" if "freehold" in name else BASE
        over = [one - bare for one, bare in zip(cpu[name], cpu["bare python"], strict=True)]
        memory = f"{max(most for _, most in found[name]):.0f}"
        table.rows.append((name, spread(cpu[name], 0), spread(over, 0), ratio(cpu[name], cpu[base]), memory))
    report.tables.append(table)
    report.notes.append(f"{rounds} rounds, with bytecode already compiled; ratios are of the whole process")
    report.data.update({name: {"ms": cpu[name], "MB": [most for _, most in found[name]]} for name in working})
    return report


def works(name: str, command: list[str], report: Report) -> bool:
    """Run once, which compiles bytecode too. Leave out what fails when it is freehold's; a peer must not fail."""
    try:
        fresh(command)
    except CannotRun as error:
        if not name.startswith("freehold"):
            raise
        report.notes.append(f"**{name} is left out**: {error}")
        return False
    return True
