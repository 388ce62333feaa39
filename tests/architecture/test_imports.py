"""What loading freehold does, and does not do."""

import ast
import subprocess
import sys
from collections.abc import Iterator

import pytest

from tests.architecture.source import Function, Module, Rule, assert_kept, package

TECHNOLOGY = {
    "argon2",
    "boto3",
    "botocore",
    "cryptography",
    "jwt",
    "nacl",
    "rich",
    "sqlalchemy",
    "sqlite3",
    "starlette",
    "typer",
    "uvicorn",
}
MODEL_MAY_IMPORT = {*sys.stdlib_module_names, "pydantic", "pydantic_core"}
FRONT_DOOR_MAY_IMPORT = ("freehold.model", "freehold.runtime.failures")


def impure_model(module: Module) -> Iterator[str]:
    """The model knows Python's standard library and Pydantic, and nothing else."""
    if not module.name.startswith("freehold.model"):
        return
    for node, name in module.imports():
        if name.partition(".")[0] not in MODEL_MAY_IMPORT and not name.startswith("freehold.model"):
            yield module.at(node, name)


def crowded_front_door(module: Module) -> Iterator[str]:
    """`freehold` itself is made of the model and the failures."""
    if module.name != "freehold":
        return
    for node, name in module.imports():
        if name.partition(".")[0] not in sys.stdlib_module_names and not name.startswith(FRONT_DOOR_MAY_IMPORT):
            yield module.at(node, name)


def cycles_in_disguise(module: Module) -> Iterator[str]:
    """An import of ours that only a type checker sees is a cycle in disguise."""
    for block in module.find(ast.If):
        if ast.unparse(block.test).rpartition(".")[2] == "TYPE_CHECKING":
            hidden = Module(module.path, module.text, ast.Module(block.body, []))
            yield from (module.at(node, name) for node, name in hidden.imports() if name.startswith(("freehold", ".")))


def environment_readers(module: Module) -> Iterator[str]:
    """The environment is read once, in settings.py."""
    if module.name == "freehold.settings":
        return
    for node in module.find(ast.Attribute):
        if ast.unparse(node) in {"os.environ", "os.environb", "os.getenv"}:
            yield module.at(node, ast.unparse(node))
    for imported in module.find(ast.ImportFrom):
        for alias in imported.names:
            if imported.module == "os" and alias.name in {"environ", "environb", "getenv"}:
                yield module.at(imported, f"os.{alias.name}")


def optional_imports(module: Module) -> Iterator[str]:
    """Loading a module tries nothing: what is optional is imported when it is chosen."""
    for block in module.tree.body:
        if isinstance(block, ast.Try) and "ImportError" in "".join(
            ast.unparse(handler.type).replace("ModuleNotFoundError", "ImportError")
            for handler in block.handlers
            if handler.type
        ):
            yield module.at(block, "imports if it can")


def global_state(module: Module) -> Iterator[str]:
    """A module holds nothing that fills up: what is empty when it is loaded is state."""
    for node in module.tree.body:
        value = node.value if isinstance(node, ast.Assign | ast.AnnAssign) else None
        if value is not None and ast.unparse(value) in {"[]", "{}", "set()", "list()", "dict()", "deque()"}:
            yield module.at(node, ast.unparse(node))


def anything_goes(module: Module) -> Iterator[str]:
    """A public signature says what it takes and what it gives: never `Any`."""
    for name, node in module.surface():
        if isinstance(node, Function):
            yield from _any_in(module, name, node)
        else:
            special = (method for method in node.body if isinstance(method, Function) and method.name.startswith("__"))
            yield from (place for method in special for place in _any_in(module, f"{name}.{method.name}", method))


def _any_in(module: Module, name: str, function: Function) -> Iterator[str]:
    given = function.args
    arguments = [*given.posonlyargs, *given.args, *given.kwonlyargs, given.vararg, given.kwarg]
    annotations = [argument.annotation for argument in arguments if argument] + [function.returns]
    if any(_is_any(node) for annotation in annotations if annotation for node in ast.walk(annotation)):
        yield module.at(function, f"{name} says Any")


def _is_any(node: ast.AST) -> bool:
    match node:
        case ast.Name("Any") | ast.Attribute(attr="Any"):
            return True
        case ast.Constant(str(text)) if "Any" in text:
            return any(_is_any(part) for part in ast.walk(ast.parse(text, mode="eval")))
    return False


RULES = [
    impure_model,
    crowded_front_door,
    cycles_in_disguise,
    environment_readers,
    optional_imports,
    global_state,
    anything_goes,
]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_package_keeps_the_rule_against(rule: Rule) -> None:
    assert_kept(rule, package())


def test_importing_freehold_loads_no_technology() -> None:
    script = "import sys, freehold; print(*{name.partition('.')[0] for name in sys.modules})"
    loaded = subprocess.run([sys.executable, "-I", "-c", script], check=True, capture_output=True, text=True).stdout
    assert "freehold" in loaded.split()
    assert TECHNOLOGY.isdisjoint(loaded.split())


@pytest.mark.parametrize(
    ("rule", "path", "planted"),
    [
        (impure_model, "src/freehold/model/app.py", "import starlette"),
        (impure_model, "src/freehold/model/app.py", "from freehold.runtime.failures import NotFound"),
        (crowded_front_door, "src/freehold/__init__.py", "from freehold.stores.sqlite import Sqlite"),
        (cycles_in_disguise, "src/freehold/a.py", "if TYPE_CHECKING:\n    from freehold.b import B"),
        (environment_readers, "src/freehold/cli/dev.py", "import os\nport = os.environ['PORT']"),
        (environment_readers, "src/freehold/cli/dev.py", "from os import getenv"),
        (
            optional_imports,
            "src/freehold/a.py",
            "try:\n    import orjson\nexcept ModuleNotFoundError:\n    orjson = None",
        ),
        (global_state, "src/freehold/a.py", "_known: dict[str, int] = {}"),
        (anything_goes, "src/freehold/a.py", "def f(x: list[Any]): ..."),
        (anything_goes, "src/freehold/a.py", "class A:\n    def f(self) -> 'typing.Any': ..."),
        (anything_goes, "src/freehold/a.py", "class A:\n    def __init__(self, **options: Any): ..."),
    ],
)
def test_what_breaks_a_rule_is_noticed(rule: Rule, path: str, planted: str) -> None:
    assert len(list(rule(Module.of(planted, path)))) == 1
