"""What is wrong, told to a person or to a machine: the code, a place to click on, the line itself, and the fix."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

import typer

from freehold.edges.keys import KeysUnusable
from freehold.model.finding import Finding, ModelError, Place
from freehold.runtime.failures import Failure

BEFORE, AFTER = 1, 2
"""Lines shown around the one that is meant, which for a function is its first decorator."""


def tell(error: Exception, *, as_json: bool = False) -> bool:
    """Say what is wrong, if it is something that a person can put right. Returns whether it was."""
    match error:
        case ModelError(findings=findings):
            typer.echo(to_json(findings) if as_json else shown(findings), err=not as_json)
        case Failure():
            told = {"code": error.code, "message": error.message, "details": list(error.details)}
            typer.echo(json.dumps(told, indent=2) if as_json else _refused(error), err=not as_json)
        case KeysUnusable():
            return tell(
                ModelError([Finding("FH408", Place("keys", 0), str(error), "see docs/howto/keys.md")]), as_json=as_json
            )
        case _:
            return False
    return True


def to_json(findings: Iterable[Finding]) -> str:
    """Findings as a JSON list, for machines."""
    rows = [
        {"code": one.code, "file": one.place.file, "line": one.place.line, "message": one.message, "fix": one.fix}
        for one in findings
    ]
    return json.dumps(rows, indent=2)


def shown(findings: Iterable[Finding]) -> str:
    """Findings for a terminal, each with the line it is about."""
    return "\n".join(map(_shown, findings))


def _shown(finding: Finding) -> str:
    place = str(finding.place) if finding.place.line else finding.place.file
    lines = [
        f"{typer.style(finding.code, fg='red', bold=True)}  {typer.style(place, bold=True)}",
        f"  {finding.message}",
    ]
    if picture := list(_picture(finding.place)):
        lines += ["", *picture, ""]
    return "\n".join([*lines, f"  {typer.style('fix', fg='green', bold=True)}  {finding.fix}", ""])


def _picture(place: Place) -> Iterable[str]:
    """The line that is meant, and its neighbours."""
    file = Path(place.file)
    if not place.line or file.suffix != ".py" or not file.is_file():
        return
    lines = file.read_text(encoding="utf-8", errors="replace").splitlines()
    for number in range(max(1, place.line - BEFORE), min(len(lines), place.line + AFTER) + 1):
        text = f"{number:>5} | {lines[number - 1]}"
        yield typer.style(f"  > {text}", fg="red") if number == place.line else typer.style(f"    {text}", dim=True)


def _refused(failure: Failure) -> str:
    lines = [f"{typer.style(failure.code, fg='red', bold=True)}  {failure.message}"]
    for detail in failure.details:
        loc = detail.get("loc")
        where = ".".join(map(str, loc)) if isinstance(loc, list) else ""
        lines.append(f"  {where}: {detail['msg']}" if where and "msg" in detail else f"  {json.dumps(dict(detail))}")
    return "\n".join(lines)
