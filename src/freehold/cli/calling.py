"""Makes commands of use cases: an option for each input, and who calls."""

from __future__ import annotations

import inspect
import json
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Literal, cast, get_args, get_origin

import typer
from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import from_json
from typer.core import TyperCommand

from freehold.cli.operating import opened
from freehold.cli.reading import type_text
from freehold.cli.registry import SYSTEM, known_member, known_organisation, person
from freehold.cli.target import load, locate
from freehold.model.data import Id
from freehold.model.lookup import plain
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

EmailOption = Annotated[str | None, typer.Option("--as", metavar="EMAIL", help="Who calls.")]
TenantOption = Annotated[
    str | None,
    typer.Option("--tenant", metavar="SLUG", help="On whose ground. Default: the caller's, if there is one."),
]
KeyOption = Annotated[str | None, typer.Option("--key", metavar="KEY", help="An Idempotency-Key.")]
InputOption = Annotated[
    str | None, typer.Option("--input", metavar="FILE", help="The inputs as a JSON object; - for standard input.")
]
DataOption = Annotated[str | None, typer.Option("--data", metavar="FOLDER", help="Where database and keys are.")]
StoreOption = Annotated[str | None, typer.Option("--store", metavar="NAME", help="sqlite, postgres or dynamodb.")]
JsonOption = Annotated[bool, typer.Option("--json", help="The whole answer, as a client would get it.")]

OPTIONS: Mapping[str, object] = {
    "as_": EmailOption, "tenant_": TenantOption, "key_": KeyOption, "input_": InputOption, "data_": DataOption,
    "store_": StoreOption,
    "json_": JsonOption,
}  # fmt: skip


def callable_cases(target: str | None) -> dict[str, UseCase]:
    """What can be called: commands, queries, operations and jobs, the app's own first. Handlers take events only."""
    cases = complete(load(locate(target))).use_cases.values()
    found = [case for case in cases if case.kind is not Kind.HANDLER]
    return {case.name: case for case in sorted(found, key=lambda case: (case.built_in, case.name))}


def command_of(case: UseCase, target: str | None) -> TyperCommand:
    """The use case as a command of Typer's, which reads a signature: this one is made from the inputs."""
    fields = {} if case.each else dict(input_model(case).model_fields)

    def run(**given: object) -> None:
        _run(case, target, fields, given)

    hints = {name: _option(name, info) for name, info in fields.items()} | dict(OPTIONS)
    options = [
        inspect.Parameter(n, inspect.Parameter.KEYWORD_ONLY, annotation=h, default=None) for n, h in hints.items()
    ]
    run.__signature__ = inspect.Signature(options)  # where inspect looks first
    run.__annotations__ = hints
    alone = typer.Typer(rich_markup_mode=None, pretty_exceptions_enable=False, add_completion=False)
    alone.command(case.name, help=case.doc)(run)
    return cast("TyperCommand", typer.main.get_command(alone))


def _option(name: str, info: FieldInfo) -> object:
    """The option of an input: a flag for a truth, once for each item of a list, and text for all else."""
    dashed = name.replace("_", "-")
    option = f"--its-{dashed}" if dashed in OWN else f"--{dashed}"
    hint = plain(info.annotation)
    told = type_text(info.annotation) + (", required" if info.is_required() else "")
    if hint is bool:
        return Annotated[bool | None, typer.Option(f"{option}/--no-{dashed}", help=told)]
    if get_origin(hint) in SEVERAL:
        return Annotated[list[str] | None, typer.Option(option, metavar="ITEM", help=f"{told}, once for each item")]
    return Annotated[str | None, typer.Option(option, metavar="TEXT" if _is_text(hint) else "JSON", help=told)]


def _is_text(hint: object) -> bool:
    """Whether its text is what stands for it: everything but objects and the like."""
    if get_origin(hint) in (Literal, Id):
        return True
    return isinstance(hint, type) and not issubclass(hint, (BaseModel, dict))


def _run(case: UseCase, target: str | None, fields: Mapping[str, FieldInfo], given: Mapping[str, object]) -> None:
    own = {name: value if isinstance(value := given.get(name), str) else None for name in OPTIONS}
    inputs = {name: _value(info, given[name]) for name, info in fields.items() if given.get(name) is not None}
    inputs = {**_read(own["input_"]), **inputs}
    if lacking := [name for name, info in fields.items() if info.is_required() and name not in inputs]:
        raise typer.BadParameter("needed: " + ", ".join(f"--{name.replace('_', '-')}" for name in lacking))
    with opened(target, own["data_"], own["store_"]) as made:
        principal = _principal(made, case, own["as_"], own["tenant_"])
        call = Call(made.runtime.cases[case.name], Sent(inputs), principal, id="cli", key=own["key_"])
        try:
            answer = bulk(made.runtime, call) if case.each else made.runtime(call)
        except Failure as failure:
            if not given.get("json_"):
                raise
            typer.echo(problem(failure, call.id).decode())
            raise typer.Exit(1) from None
    _show(answer, call.id, whole=bool(given.get("json_")))


def _value(info: FieldInfo, given: object) -> object:
    """What was typed, as the input it stands for: JSON where the text would not do."""
    hint = plain(info.annotation)
    if get_origin(hint) in SEVERAL and isinstance(given, list):
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
        raise typer.BadParameter(str(error), param_hint="--input") from None
    if not isinstance(found, dict):
        raise typer.BadParameter("it is not a JSON object", param_hint="--input")
    return found


def _principal(made: Backend, case: UseCase, email: str | None, slug: str | None) -> Principal | None:
    """Who calls: a member of a tenant; an operator, for what is nobody else's to call; nobody, for what is open."""
    if case.allow is None:
        if case.scope == "everyone":
            return SYSTEM
        if slug is None:
            raise typer.BadParameter("say in which tenant: --tenant SLUG")
        return replace(SYSTEM, tenant=known_organisation(made, slug).id)
    if email is None:
        if case.is_open:
            return None
        raise typer.BadParameter("say who calls: --as EMAIL, and --tenant SLUG")
    if slug is None:
        who = person(made, email)
        if who is None:
            raise typer.BadParameter(f"nobody has the address {email}", param_hint="--as")
        if len(who.organisations) == 1 or case.scope == "everyone":
            return Principal(tenant=next(iter(who.organisations), ""), subject=who.id, session="cli")
        raise typer.BadParameter(f"{email} is in several tenants: say which by --tenant SLUG")
    there, who = known_member(made, slug, email)
    return Principal(tenant=there.id, subject=who.id, session="cli")


def _show(answer: Answer, id: str, *, whole: bool) -> None:
    if whole:
        typer.echo(answer.body(id).decode())
        return
    typer.echo(json.dumps(from_json(answer.data), indent=2, ensure_ascii=False))
    if answer.next:
        typer.echo(f"there is more: --cursor {answer.next}", err=True)
