"""A class earns its place."""

import ast
from collections.abc import Iterable, Iterator, Mapping

from tests.architecture.source import Module, assert_none, package
from tests.architecture.test_sizes import exported


def lone_children(where: Iterable[Module]) -> Iterator[str]:
    """Every class with exactly one subclass, but for Protocols, exceptions, and what users subclass themselves."""
    found = {module.name: module for module in where}
    bases = {
        f"{module.name}.{node.name}": [resolve(base, module, found) for base in node.bases]
        for module in found.values()
        for node in module.find(ast.ClassDef)
    }
    for_users = set(exported(found["freehold"])) if "freehold" in found else set()
    for module in found.values():
        for node in module.find(ast.ClassDef):
            name = f"{module.name}.{node.name}"
            children = [child for child, parents in bases.items() if name in parents]
            if len(children) == 1 and node.name not in for_users and not stands_apart(name, bases):
                yield module.at(node, f"{node.name} has one child, {children[0]}")


def stands_apart(name: str, bases: Mapping[str, list[str]]) -> bool:
    """Whether it is a Protocol, or an exception of any kind."""
    parents = bases.get(name, [])
    return any(
        parent.rpartition(".")[2] == "Protocol" or parent.endswith(("Exception", "Error", "Warning"))
        for parent in parents
    ) or any(stands_apart(parent, bases) for parent in parents if not parent.endswith("Protocol"))


def resolve(base: ast.expr, module: Module, found: Mapping[str, Module]) -> str:
    """The full name of a base class, followed through imports as far as they are ours."""
    path = ast.unparse(base.value if isinstance(base, ast.Subscript) else base).split(".")
    full = [*_imported(path[0], module).split("."), *path[1:]]
    owner, name = ".".join(full[:-1]), full[-1]
    if owner == module.name or owner not in found:
        return ".".join(full)
    return resolve(ast.Name(name), found[owner], found)


def _imported(name: str, module: Module) -> str:
    for node in module.find(ast.ImportFrom):
        for alias in node.names:
            if (alias.asname or alias.name) == name:
                return f"{node.module}.{alias.name}"
    defined = any(isinstance(node, ast.ClassDef) and node.name == name for node in module.tree.body)
    return f"{module.name}.{name}" if defined else name


def test_no_class_has_a_lone_child() -> None:
    assert_none(lone_children(package()), "A class with one child is one class; a port is a Protocol.")


def test_a_lone_child_is_noticed_across_modules() -> None:
    parent = Module.of(
        "class Parent: ...\nclass Port(Protocol): ...\nclass Broken(Exception): ...", "src/freehold/a.py"
    )
    passed_on = Module.of("from freehold.a import Parent", "src/freehold/b.py")
    child = Module.of(
        "from freehold import a, b\n"
        "class Child(b.Parent): ...\n"
        "class Adapter(a.Port): ...\n"
        "class VeryBroken(a.Broken): ...",
        "src/freehold/c.py",
    )
    assert list(lone_children([parent, passed_on, child])) == [
        "src/freehold/a.py:1: Parent has one child, freehold.c.Child"
    ]
