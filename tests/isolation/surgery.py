"""Breaks one place of the framework for as long as a block: a line of a function, or a text that a module keeps.

Edits are made to the source as it stands. When the text to be replaced is no longer there, that is said: an edit that
breaks nothing would be a mutant that nobody can kill.
"""

import __future__

import ast
import inspect
import textwrap
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from types import FunctionType


class Outdated(LookupError):
    """The code that was to be broken is no longer what it was: write the edit again."""


@dataclass(frozen=True)
class Edit:
    """In one function, other text instead of some that is there once."""

    function: Callable[..., object]
    old: str
    new: str


@dataclass(frozen=True)
class Text:
    """In a text that a module keeps, other text instead of some that is there once."""

    owner: object
    name: str
    old: str
    new: str


@dataclass(frozen=True)
class Swap:
    """Another value under a name, in a module or a class."""

    owner: object
    name: str
    value: object


Break = Edit | Text | Swap


@contextmanager
def broken(*breaks: Break) -> Iterator[None]:
    """Everything broken at once, and whole again afterwards."""
    edits: dict[FunctionType, list[Edit]] = {}
    for one in breaks:
        if isinstance(one, Edit):
            edits.setdefault(_function(one.function), []).append(one)
    with ExitStack() as stack:
        for function, changes in edits.items():
            stack.enter_context(_recompiled(function, changes))
        for one in breaks:
            if not isinstance(one, Edit):
                stack.enter_context(_renamed(one))
        yield


@contextmanager
def _recompiled(function: FunctionType, edits: list[Edit]) -> Iterator[None]:
    before, function.__code__ = function.__code__, _edited(function, edits).__code__
    try:
        yield
    finally:
        function.__code__ = before


@contextmanager
def _renamed(change: Text | Swap) -> Iterator[None]:
    if change.name not in vars(change.owner):
        raise Outdated(f"{change.owner!r} has no {change.name}")
    before = vars(change.owner)[change.name]
    setattr(change.owner, change.name, _once(before, change) if isinstance(change, Text) else change.value)
    try:
        yield
    finally:
        setattr(change.owner, change.name, before)


def _edited(function: FunctionType, edits: list[Edit]) -> FunctionType:
    source = textwrap.dedent(inspect.getsource(function))
    for edit in edits:
        source = _once(source, edit)
    tree = ast.increment_lineno(
        ast.parse(source), function.__code__.co_firstlineno - 1
    )  # who asks for its source gets it
    definition = tree.body[0]
    if isinstance(definition, ast.FunctionDef | ast.AsyncFunctionDef):  # only its body is wanted
        definition.decorator_list, definition.args.defaults = [], []
        definition.args.kw_defaults = [None] * len(definition.args.kwonlyargs)
    namespace = dict(function.__globals__)
    flags = __future__.annotations.compiler_flag
    exec(compile(tree, inspect.getfile(function), "exec", flags, dont_inherit=True), namespace)
    made = namespace[function.__name__]
    if not isinstance(made, FunctionType) or made.__code__.co_freevars != function.__code__.co_freevars:
        raise Outdated(f"{function.__qualname__} closes over something: break what is around it")
    return made


def _once(text: str, change: Edit | Text) -> str:
    count = text.count(change.old)
    if count != 1:
        raise Outdated(f"{change.old!r} is there {count} times, not once, in:\n{text}")
    return text.replace(change.old, change.new)


def _function(found: Callable[..., object]) -> FunctionType:
    function = inspect.unwrap(found)
    if not isinstance(function, FunctionType):
        raise Outdated(f"{found!r} is no function")
    return function
