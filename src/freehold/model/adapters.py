"""Adapters against the ports that they fill: every method is there, and can be called as the port says."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator, Mapping
from inspect import Parameter, Signature

from freehold.model.finding import Finding, Place

TARGET = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_][\w.]*")
WAIT = "write `def`: a call has a thread of its own, and may wait in it"
_BY_PLACE = (Parameter.POSITIONAL_ONLY, Parameter.POSITIONAL_OR_KEYWORD)
_BY_NAME = (Parameter.POSITIONAL_OR_KEYWORD, Parameter.KEYWORD_ONLY)


def misfits(port: type, adapters: Mapping[str, object], place: Place) -> Iterator[Finding]:
    """What is wrong with the adapters of a port, by environment. One that is named is looked at once it is chosen."""
    wanted = {name: how for name, how in inspect.getmembers(port, inspect.isfunction) if not name.startswith("_")}
    for name, how in wanted.items():
        if inspect.iscoroutinefunction(how):
            yield Finding(
                "FH163", place, f"{port.__name__}.{name} is `async def`, and no use case can wait for it", WAIT
            )
    calls = {name: _called(how, is_bound=False) for name, how in wanted.items()}
    for environment, adapter in adapters.items():
        title = f"what fills {port.__name__} in {environment}"
        if isinstance(adapter, str):
            if not TARGET.fullmatch(adapter):
                fix = 'write "package.module:Class"'
                yield Finding("FH163", place, f'{title} is "{adapter}", which names no class', fix)
            continue
        lacking = [name for name in wanted if not callable(getattr(adapter, name, None))]
        if lacking:
            fix = "write what is missing, or provide another"
            yield Finding("FH163", place, f"{title} has no {', '.join(lacking)}", fix)
        for name, asked in calls.items():
            if inspect.iscoroutinefunction(getattr(adapter, name, None)):
                yield Finding("FH163", place, f"{title} has `async def {name}`, and no use case can wait for it", WAIT)
            does = _taken(adapter, name)
            if name not in lacking and does is not None and not _fits(asked, does):
                message = f"{title} is to be called as {name}{does}, and the port says {name}{asked}"
                yield Finding("FH163", place, message, "let it take what the port says")


def _taken(adapter: object, name: str) -> Signature | None:
    """How a method of an adapter is called once that is made; None when nobody can tell."""
    is_plain = inspect.isfunction(inspect.getattr_static(adapter, name, None))
    try:
        return _called(getattr(adapter, name), is_bound=not (isinstance(adapter, type) and is_plain))
    except (AttributeError, TypeError, ValueError):
        return None


def _called(method: Callable[..., object], *, is_bound: bool) -> Signature:
    """How a method is called: what it takes besides `self`, whatever the types."""
    taken = list(inspect.signature(method).parameters.values())[0 if is_bound else 1 :]
    return Signature([one.replace(annotation=Parameter.empty) for one in taken])


def _fits(asked: Signature, does: Signature) -> bool:
    """Whether it can be called by place and by name, and without what the port makes up for."""
    wanted = list(asked.parameters.values())
    needed = [one for one in wanted if one.default is Parameter.empty]
    try:
        for some in (wanted, needed):
            does.bind(*(one for one in some if one.kind in _BY_PLACE),
                      **{one.name: one for one in some if one.kind is Parameter.KEYWORD_ONLY})  # fmt: skip
            does.bind(*(one for one in some if one.kind is Parameter.POSITIONAL_ONLY),
                      **{one.name: one for one in some if one.kind in _BY_NAME})  # fmt: skip
    except TypeError:
        return False
    return True
