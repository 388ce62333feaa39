"""Who may take a use case, and on whose ground it runs: whether anybody can ever pass."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator, Sequence

from freehold.model.data import Entity
from freehold.model.finding import Finding, Place
from freehold.model.hints import hints_of
from freehold.model.lookup import is_optional, reference_of, shown
from freehold.model.names import is_ours
from freehold.model.ports import User
from freehold.model.rules import Access, Role, Rule
from freehold.model.usecase import Capability, Need, UseCase, is_now, subjects

NAME = re.compile(r"[a-z][a-z0-9-]*")
ROLE = re.compile(r"[a-z][a-z0-9_-]*")
EVERYONE = 'declare the use case with scope="everyone"'


def names(app: str, roles: Sequence[Role], place: Place) -> Iterator[Finding]:
    """What an app and its roles are called."""
    if not NAME.fullmatch(app):
        fix = "write lower case, digits and dashes, a letter first: `teamflow`"
        yield Finding("FH159", place, f'"{app}" is no name for an app: files and infrastructure carry it', fix)
    for number, role in enumerate(roles):
        if not ROLE.fullmatch(role.name) or any(role.name == other.name for other in roles[:number]):
            fix = 'call each role something else, in lower case: `app.roles("member", "owner")`'
            yield Finding("FH159", place, f'"{role.name}" is no name for a role, or is one already', fix)


def access(case: UseCase, roles: Sequence[Role]) -> Iterator[Finding]:
    """`allow=`: roles of this app, and rules."""
    if not isinstance(case.allow, Access):
        if case.allow is not None or case.path:
            yield _no_access(case, case.allow)
        return
    for part in case.allow.parts():
        if isinstance(part, Role) and roles and part not in roles:
            have = ", ".join(map(str, roles))
            yield Finding("FH142", case.place, f"{case.name}: {part} is no role of this app", f"use one of: {have}")
        elif not isinstance(part, Access):
            yield _no_access(case, part)
    for rule in case.allow.rules():
        yield from _rule(case, rule)


def _no_access(case: UseCase, given: object) -> Finding:
    what = f'"{given}"' if isinstance(given, str) else getattr(given, "__name__", shown(type(given)))
    message = f"{case.name}: allow= has {what}, which is neither a role nor a rule"
    fix = "give it a value of `app.roles(...)`, or a function with `@app.rule` above it"
    if isinstance(given, tuple) and len(given) == 1:
        fix = 'take the one role out of what `app.roles` gives: `(member,) = app.roles("member")`'
    elif isinstance(given, (list, tuple, set)):
        fix = "join roles and rules by `|` or `&`"
    return Finding("FH142", case.place, message, fix)


def rules(cases: Sequence[UseCase]) -> Iterator[Finding]:
    """The signatures of all rules in use."""
    used = [rule for case in cases if isinstance(case.allow, Access) for rule in case.allow.rules()]
    for rule in dict.fromkeys(used):
        found: list[Finding] = []
        hints = hints_of(rule.function, str(rule), found)
        yield from found
        for name, parameter in inspect.signature(rule.function).parameters.items():
            hint = hints.get(name)
            if parameter.annotation is parameter.empty:
                yield Finding("FH101", Place.of(rule.function), f"{rule}: `{name}` has no type", "give it one")
            elif hint is not None and not (is_now(hint) or _is_asked_about(hint)):
                message = f"{rule}: `{name}` is {shown(hint)}; a rule is asked about the caller, the time and entities"
                yield Finding("FH157", Place.of(rule.function), message, "take `User`, `Now` and entities only")


def _is_asked_about(hint: object) -> bool:
    return isinstance(hint, type) and issubclass(hint, (User, Entity))


def _rule(case: UseCase, rule: Rule[...]) -> Iterator[Finding]:
    for name, entity in subjects(rule):
        naming = [given for given in case.inputs if reference_of(given.hint) is entity]
        kind = entity.__name__
        if len(naming) > 1:
            several = ", ".join(given.name for given in naming)
            message = f"{case.name}: the rule {rule} is about one {kind}, and the call names several: {several}"
            yield Finding("FH158", case.place, message, "ask in the function, where it is clear which one is meant")
        elif not naming or is_optional(naming[0].hint):
            message = f"{case.name}: the rule {rule} is about a {kind}, and the call names none"
            yield Finding("FH131", case.place, message, f"take `{name}: Id[{kind}]` as an input")
        elif entity.facts.platform != (case.scope == "everyone"):
            message = f"{case.name}: the rule {rule} is about a {kind}, which is kept on other ground"
            yield Finding("FH146", case.place, message, "ask in the function, of a store it takes")


def ground(case: UseCase) -> Iterator[Finding]:
    """What a use case takes from ground it does not stand on."""
    for given in case.capabilities:
        title = f"{case.name}: `{given.parameter}`"
        if given.need is Need.CALLER and not is_ours(case.function):
            message = f"{title} would show the app which tenant it runs for"
            yield Finding("FH132", case.place, message, "remove it: every store is bound to the right tenant already")
        if case.scope == "everyone":
            yield from _for_everyone(case, given, title)
        elif given.need is Need.ACROSS:
            yield Finding("FH125", case.place, f"{title} reaches across tenants", EVERYONE)
        elif _is_on_platform(given):
            yield Finding("FH126", case.place, f"{title} is kept once, not for each tenant", EVERYONE)


def _for_everyone(case: UseCase, given: Capability, title: str) -> Iterator[Finding]:
    if given.need is Need.STORE and given.entity is not None and not given.entity.facts.platform:
        fix = f"take `Across[{shown(given.target)}]`, and say for which tenant; or leave out scope="
        yield Finding("FH145", case.place, f'{title} is kept for each tenant, and scope="everyone" is none', fix)
    if given.need is Need.EMIT:
        message = f'{title} tells a tenant\'s handlers, and scope="everyone" is no tenant'
        yield Finding("FH146", case.place, message, "call what should follow, or leave out scope=")


def roles_of_everyone(case: UseCase) -> Iterator[Finding]:
    """A role is a part in a tenant: nobody has one where there is none."""
    if case.scope != "everyone" or not isinstance(case.allow, Access):
        return
    for role in (part for part in case.allow.parts() if isinstance(part, Role)):
        message = f'{case.name}: nobody is a {role} for scope="everyone": roles are parts in a tenant'
        yield Finding("FH146", case.place, message, "make it an `@app.operation`, or leave out scope=")


def _is_on_platform(given: Capability) -> bool:
    return given.need is Need.STORE and given.entity is not None and given.entity.facts.platform
