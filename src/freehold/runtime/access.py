"""Decides whether a caller may do something: roles by rank, rules by asking them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import get_type_hints

from freehold.model.data import Entity
from freehold.model.lookup import reference_of
from freehold.model.ports import User
from freehold.model.rules import Access, Anyone, Both, Either, Role, Rule, SignedIn
from freehold.model.usecase import UseCase, is_now, subjects
from freehold.runtime.unit import Unit

Permits = Callable[[User, Mapping[str, object], Unit], bool]
"""Whether this user may make this call with these inputs. Raises `NotFound` when what it is about is not here."""


def permits(case: UseCase, access: Access | None, ranks: Mapping[str, int]) -> Permits:
    """Work out once, when the app starts, how to decide for one use case."""
    match access:
        case None | Anyone():
            return lambda *_: True
        case SignedIn():
            return lambda me, *_: bool(me.id)
        case Role(rank=rank):
            return lambda me, *_: ranks.get(me.role, -1) >= rank
        case Either(left=left, right=right):
            one, other = permits(case, left, ranks), permits(case, right, ranks)
            return lambda me, inputs, unit: one(me, inputs, unit) or other(me, inputs, unit)
        case Both(left=left, right=right):
            one, other = permits(case, left, ranks), permits(case, right, ranks)
            return lambda me, inputs, unit: one(me, inputs, unit) and other(me, inputs, unit)
        case Rule() as rule:
            return _asks(case, rule)
        case _:
            message = f"{case.name}: allow={access!r} is neither a role nor a rule"
            raise TypeError(message)


def _asks(case: UseCase, rule: Rule[...]) -> Permits:
    about = {name: (entity, _input(case, entity)) for name, entity in subjects(rule)}
    hints = get_type_hints(rule.function, include_extras=True)
    users = [name for name, hint in hints.items() if hint is User]
    nows = [name for name, hint in hints.items() if is_now(hint)]

    def ask(me: User, inputs: Mapping[str, object], unit: Unit) -> bool:
        given: dict[str, object] = dict.fromkeys(users, me)
        given.update(dict.fromkeys(nows, unit.now))
        for name, (entity, source) in about.items():
            given[name] = unit.get(entity, str(inputs[source]))
        return bool(rule(**given))

    return ask


def _input(case: UseCase, entity: type[Entity]) -> str:
    return next(i.name for i in case.inputs if reference_of(i.hint) is entity)
