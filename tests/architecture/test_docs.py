"""Every public name says what it is for."""

import ast
import re
from collections.abc import Iterator

import pytest

from tests.architecture.source import Definition, Module, assert_kept, package


def undocumented(module: Module) -> Iterator[str]:
    """Every public module, class, function and method has a docstring."""
    if not says_something(module.tree):
        yield module.at(1, f"{module.name} has no docstring")
    for name, node in module.surface():
        if not says_something(node):
            yield module.at(node, f"{name} has no docstring")


def says_something(node: ast.Module | Definition) -> bool:
    """Whether there is a docstring with a word in it."""
    return bool(re.search(r"\w", ast.get_docstring(node) or ""))


def test_every_public_name_has_a_docstring() -> None:
    assert_kept(undocumented, package())


@pytest.mark.parametrize(
    "planted",
    [
        "",
        '"""."""',
        '"""A module."""\nclass Silent: ...',
        '"""A module."""\nasync def silent(): ...',
        '"""A module."""\nclass Spoken:\n    """It speaks."""\n    def silent(self): ...',
    ],
)
def test_silence_is_noticed(planted: str) -> None:
    assert len(list(undocumented(Module.of(planted)))) == 1


def test_what_is_private_may_be_silent() -> None:
    assert not list(
        undocumented(Module.of('"""A module."""\ndef _silent(): ...\nclass _Silent:\n    def f(self): ...'))
    )
