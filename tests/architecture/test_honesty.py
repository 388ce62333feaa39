"""Tests say something, check it, and check the real thing."""

import ast
from collections.abc import Iterator

import pytest

from tests.architecture.source import Function, Module, Rule, assert_kept, modules

WORDS_IN_A_SENTENCE = 3
CHECKS = ("assert_", "check_")


def mocks(module: Module) -> Iterator[str]:
    """Tests use the real thing, or a fake that passes the same contract: never a mock."""
    for node, name in module.imports():
        if name.startswith(("unittest.mock", "mock", "pytest_mock")):
            yield module.at(node, name)
    for imported in module.find(ast.ImportFrom):
        if imported.module == "unittest" and any(alias.name == "mock" for alias in imported.names):
            yield module.at(imported, "unittest.mock")
    for argument in module.find(ast.arg):
        if argument.arg == "mocker":
            yield module.at(argument, "mocker")


def tests_of_nothing(module: Module) -> Iterator[str]:
    """Every test asserts something."""
    for test in tests_in(module):
        if not any(asserts(node) for node in ast.walk(test)):
            yield module.at(test, test.name)


def tests_without_a_sentence(module: Module) -> Iterator[str]:
    """A test's name is a sentence that is true when it passes."""
    for test in tests_in(module):
        if len(test.name.split("_")) <= WORDS_IN_A_SENTENCE:
            yield module.at(test, test.name)


def tests_in(module: Module) -> Iterator[Function]:
    """The functions that pytest runs."""
    for node in module.find(ast.FunctionDef, ast.AsyncFunctionDef):
        if node.name.startswith("test_") and module.is_test:
            yield node


def asserts(node: ast.AST) -> bool:
    """Whether this can fail a test: an assertion, an expected failure, or a function that says it checks."""
    if not isinstance(node, ast.Call):
        return isinstance(node, ast.Assert)
    called = ast.unparse(node.func)
    return called in {"pytest.raises", "pytest.fail"} or called.rpartition(".")[2].startswith(CHECKS)


@pytest.mark.parametrize("rule", [mocks, tests_of_nothing, tests_without_a_sentence], ids=lambda rule: rule.__name__)
def test_every_test_keeps_the_rule_against(rule: Rule) -> None:
    assert_kept(rule, modules("tests", "examples", "docs"))


@pytest.mark.parametrize(
    ("rule", "planted"),
    [
        (mocks, "from unittest.mock import Mock"),
        (mocks, "from unittest import mock"),
        (mocks, "def test_a_task_can_be_done(mocker): ..."),
        (tests_of_nothing, "def test_a_task_can_be_done(): finish(task)"),
        (tests_without_a_sentence, "def test_task(): assert task"),
    ],
)
def test_a_dishonest_test_is_noticed(rule: Rule, planted: str) -> None:
    assert len(list(rule(Module.of(planted, "tests/test_planted.py")))) == 1
