"""Makes commands of use cases: an option for each input, and who calls."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Literal, get_args, get_origin

import click
from click.exceptions import Exit
from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import from_json

from freehold.cli.operating import opened
from freehold.cli.reading import type_text
from freehold.cli.registry import SYSTEM, known_member, known_organisation, person
from freehold.cli.target import load, locate
from freehold.model.data import Id
from freehold.model.lookup import plain
from freehold.model.rules import Anyone
from freehold.model.usecase import Kind, UseCase
from freehold.runtime.bulk import bulk
from freehold.runtime.envelope import Answer, problem
from freehold.runtime.failures import Failure
from freehold.runtime.invoke import Call
from freehold.runtime.ports import Principal
from freehold.runtime.prepared import Sent, input_model
from freehold.wiring import Backend, complete

OWN = ("as", "tenant", "key", "input", "json", "data", "store", "help")
"""Options of every call. An input of the same name is asked for as `--its-...`."""

SEVERAL = (list, set, frozenset, tuple)

OPTIONS = (
    click.Option(["--as", "as_"], metavar="EMAIL", help="Who calls."),
    click.Option(
        ["--tenant", "tenant_"], metavar="SLUG", help="On whose ground. Default: the caller's, if there is one."
    ),
    click.Option(["--key", "key_"], metavar="KEY", help="An Idempotency-Key."),
    click.Option(["--input", "input_"], metavar="FILE", help="The inputs as a JSON object; - for standard input."),
    click.Option(["--data", "data_"], metavar="FOLDER", help="Where database and keys are."),
    click.Option(["--store", "store_"], metavar="NAME", help="sqlite, postgres or dynamodb."),
    click.Option(["--json", "json_"], is_flag=True, help="The whole answer, as a client would get it."),
)


def callable_cases(target: str | None) -> dict[str, UseCase]:
    """What can be called: commands, queries, operations and jobs, the app's own first. Handlers take events only."""
    cases = complete(load(locate(target))).use_cases.values()
    found = [case for case in cases if case.kind is not Kind.HANDLER]
    return {case.name: case for case in sorted(found, key=lambda case: (case.built_in, case.name))}


def command_of(case: UseCase, target: str | None) -> click.Command:
    """The use case as a command, with an option for each of its inputs."""
    fields = {} if case.each else dict(input_model(case).model_fields)

    def run(**given: object) -> None:
        _run(case, target, fields, given)

    options = [_option(name, info) for name, info in fields.items()]
    return click.Command(case.name, callback=run, params=[*options, *OPTIONS], help=case.doc)


def _option(name: str, info: FieldInfo) -> click.Option:
    """The option of an input: a flag for a truth, once for each item of a list, and text for all else."""
    dashed = name.replace("_", "-")
    option = f"--its-{dashed}" if dashed in OWN else f"--{dashed}"
    hint = plain(info.annotation)
    told = type_text(info.annotation) + (", required" if info.is_required() else "")
    if hint is bool:
        return click.Option([f"{option}/--no-{dashed}", name], default=None, help=told)
    if get_origin(hint) in SEVERAL:
        return click.Option([option, name], multiple=True, metavar="ITEM", help=f"{told}, once for each item")
    return click.Option([option, name], metavar="TEXT" if _is_text(hint) else "JSON", help=told)


def _is_text(hint: object) -> bool:
    """Whether its text is what stands for it: everything but objects and the like."""
    if get_origin(hint) in (Literal, Id):
        return True
    return isinstance(hint, type) and not issubclass(hint, (BaseModel, dict))


def _run(case: UseCase, target: str | None, fields: Mapping[str, FieldInfo], given: Mapping[str, object]) -> None:
    own = {name: value for name, value in given.items() if name not in fields and isinstance(value, str)}
    inputs = {name: _value(info, given[name]) for name, info in fields.items() if given[name] not in (None, ())}
    inputs = {**_read(own.get("input_")), **inputs}
    if lacking := [name for name, info in fields.items() if info.is_required() and name not in inputs]:
        raise click.BadParameter("needed: " + ", ".join(f"--{name.replace('_', '-')}" for name in lacking))
    with opened(target, own.get("data_"), own.get("store_")) as made:
        principal = _principal(made, case, own.get("as_"), own.get("tenant_"))
        call = Call(made.runtime.cases[case.name], Sent(inputs), principal, id="cli", key=own.get("key_"))
        try:
            answer = bulk(made.runtime, call) if case.each else made.runtime(call)
        except Failure as failure:
            if not given.get("json_"):
                raise
            click.echo(problem(failure, call.id).decode())
            raise Exit(1) from None
    _show(answer, call.id, whole=bool(given.get("json_")))


def _value(info: FieldInfo, given: object) -> object:
    """What was typed, as the input it stands for: JSON where the text would not do."""
    hint = plain(info.annotation)
    if get_origin(hint) in SEVERAL and isinstance(given, tuple):
        of = plain(next(iter(get_args(hint)), str))
        return [one if _is_text(of) else _json(one) for one in given]
    return given if _is_text(hint) or not isinstance(given, str) else _json(given)


def _json(text: object) -> object:
    try:
        return from_json(str(text))
    except ValueError:
        return text


def _read(file: str | None) -> dict[str, object]:
    """The inputs in a file, or on standard input."""
    if file is None:
        return {}
    try:
        found = from_json(sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes())
    except (OSError, ValueError) as error:
        raise click.BadParameter(str(error), param_hint="--input") from None
    if not isinstance(found, dict):
        raise click.BadParameter("it is not a JSON object", param_hint="--input")
    return found


def _principal(made: Backend, case: UseCase, email: str | None, slug: str | None) -> Principal | None:
    """Who calls: a member of a tenant; an operator, for what is nobody else's to call; nobody, for what is open."""
    if case.allow is None:
        if case.scope == "everyone":
            return SYSTEM
        if slug is None:
            raise click.BadParameter("say in which tenant: --tenant SLUG")
        return replace(SYSTEM, tenant=known_organisation(made, slug).id)
    if email is None:
        if isinstance(case.allow, Anyone):
            return None
        raise click.BadParameter("say who calls: --as EMAIL, and --tenant SLUG")
    if slug is None:
        who = person(made, email)
        if who is None:
            raise click.BadParameter(f"nobody has the address {email}", param_hint="--as")
        if len(who.organisations) == 1 or case.scope == "everyone":
            return Principal(tenant=next(iter(who.organisations), ""), subject=who.id, session="cli")
        raise click.BadParameter(f"{email} is in several tenants: say which by --tenant SLUG")
    there, who = known_member(made, slug, email)
    return Principal(tenant=there.id, subject=who.id, session="cli")


def _show(answer: Answer, id: str, *, whole: bool) -> None:
    if whole:
        click.echo(answer.body(id).decode())
        return
    click.echo(json.dumps(from_json(answer.data), indent=2, ensure_ascii=False))
    if answer.next:
        click.echo(f"there is more: --cursor {answer.next}", err=True)
