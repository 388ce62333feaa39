"""What things are called, and what must not exist under any name."""

import ast
import re
from collections.abc import Iterable, Iterator

import pytest

from tests.architecture.source import Module, Rule, assert_kept, everything, modules, package

HOMELESS = {"util", "utils", "helper", "helpers", "common", "shared", "misc"}
VAGUE = re.compile(r"(Manager|Service|Helper|Mixin|Impl)$|^(Base|Abstract)([A-Z]|$)")
TENANT = {"tenant", "tenant_id", "org", "org_id", "organization_id", "organisation_id"}


def homeless_files(module: Module) -> Iterator[str]:
    """A function lives in the module of its noun: there is no place for what has no name."""
    for part in sorted(HOMELESS.intersection(module.path.with_suffix("").parts)):
        yield module.at(1, f"{part} says nothing about what is in it")


def vague_classes(module: Module) -> Iterator[str]:
    """A class is called after what it is: a technology for an adapter, a role for a port."""
    for node in module.find(ast.ClassDef):
        if VAGUE.search(node.name):
            yield module.at(node, node.name)


def twins(module: Module) -> Iterator[str]:
    """Code has one colour: nothing exists once for `def` and once for `async def`."""
    for scope in module.find(ast.Module, ast.ClassDef):
        functions = {node.name: node for node in scope.body if isinstance(node, ast.FunctionDef)}
        classes = {node.name for node in scope.body if isinstance(node, ast.ClassDef)}
        for node in scope.body:
            if isinstance(node, ast.AsyncFunctionDef) and (twin := functions.get(_sync(node.name, functions))):
                yield module.at(node, f"{node.name} is the twin of {twin.name}")
            if isinstance(node, ast.ClassDef) and node.name.replace("Async", "", 1) in classes - {node.name}:
                yield module.at(node, f"{node.name} has a twin")


def _sync(name: str, known: Iterable[str]) -> str:
    bare = [name.removeprefix("a"), name.removeprefix("async_"), name.removesuffix("_async"), f"{name}_sync"]
    return next((twin for twin in bare if twin != name and twin in known), "")


def tenants(module: Module) -> Iterator[str]:
    """The tenant is never written in an app: not as a parameter, a field or an argument."""
    for node in module.find(ast.arg, ast.keyword, ast.AnnAssign):
        named = node.target.id if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) else ""
        name = named or getattr(node, "arg", None)
        if name in TENANT:
            yield module.at(node, name)


def apps_by_name(module: Module) -> Iterator[str]:
    """The framework knows no app by its name."""
    apps = {path.parts[1] for path in (found.path for found in modules("examples")) if path.parts[2:]}
    for node in module.find(ast.Constant):
        if node.value in apps:
            yield module.at(node, f"{node.value} is an example")


def test_every_file_is_called_after_what_is_in_it() -> None:
    assert_kept(homeless_files, everything())


def test_every_class_is_called_after_what_it_is() -> None:
    assert_kept(vague_classes, modules("src", "examples"))


def test_nothing_exists_in_two_colours() -> None:
    assert_kept(twins, modules("src", "examples"))


def test_no_app_writes_the_tenant() -> None:
    assert_kept(tenants, [module for module in modules("examples") if not module.is_test])


def test_the_framework_knows_no_app_by_name() -> None:
    assert_kept(apps_by_name, package())


@pytest.mark.parametrize(
    ("rule", "planted"),
    [
        (vague_classes, "class TaskManager: ..."),
        (vague_classes, "class BaseStore: ..."),
        (vague_classes, "class SqliteImpl: ..."),
        (twins, "def get(): ...\nasync def aget(): ..."),
        (twins, "class Tasks:\n    def get(self): ...\n    async def get_async(self): ..."),
        (twins, "class Client: ...\nclass AsyncClient: ..."),
        (tenants, "def tasks_of(tenant_id): ..."),
        (tenants, "class Task:\n    tenant: str"),
        (tenants, "tasks.get(id, tenant=it)"),
    ],
)
def test_a_forbidden_name_is_noticed(rule: Rule, planted: str) -> None:
    assert len(list(rule(Module.of(planted)))) == 1


def test_a_homeless_file_is_noticed() -> None:
    assert list(homeless_files(Module.of("", "src/freehold/stores/utils.py")))
