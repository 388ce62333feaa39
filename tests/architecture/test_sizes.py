"""Budgets: a file, a function, an example, what users must know, what they install, and ignored type errors."""

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import pytest

from tests.architecture.source import ROOT, Function, Module, Rule, assert_kept, everything, modules, package
from tests.architecture.test_lock import pins

FILE_LINES = 400
FUNCTION_LINES = 40
FUNCTION_LINES_P90 = 25
EXAMPLE_LINES = 80
EXPORTED_NAMES = 20
LINES_FOR_AN_IGNORE = 500
INSTALLED_MIB = 25

IGNORE = re.compile(r"#\s*(type|pyright):\s*ignore(?P<code>\[[\w, -]+\])?")


def long_files(module: Module) -> Iterator[str]:
    """A file has at most 400 lines."""
    lines = len(module.text.splitlines())
    if lines > FILE_LINES:
        yield module.at(1, f"{lines} lines")


def long_functions(module: Module) -> Iterator[str]:
    """A function has at most 40 lines, its docstring not counted."""
    for function in module.find(ast.FunctionDef, ast.AsyncFunctionDef):
        if (lines := length(function)) > FUNCTION_LINES:
            yield module.at(function, f"{function.name} has {lines} lines")


def long_examples(module: Module) -> Iterator[str]:
    """An example of one file has fewer than 80 lines."""
    lines = len(module.text.splitlines())
    if re.match(r"\d\d_", module.path.name) and lines >= EXAMPLE_LINES:
        yield module.at(1, f"{lines} lines")


def many_exports(module: Module) -> Iterator[str]:
    """A user has at most 20 names to learn."""
    if (count := len(exported(module))) > EXPORTED_NAMES:
        yield module.at(1, f"__all__ has {count} names")


def ignores_without_a_code(module: Module) -> Iterator[str]:
    """What a type checker is told not to see has its code."""
    yield from (module.at(line, "ignores whatever may be wrong") for line, code in ignores(module) if not code)


def length(function: Function) -> int:
    """Lines from `def` to the end, without the docstring."""
    lines = (function.end_lineno or function.lineno) - function.lineno + 1
    if ast.get_docstring(function) is None:
        return lines
    docstring = function.body[0]
    return lines - ((docstring.end_lineno or docstring.lineno) - docstring.lineno + 1)


def does_something(function: Function) -> bool:
    """Whether it is more than a docstring and an ellipsis, as the methods of a Protocol are."""
    return not all(isinstance(line, ast.Expr) and isinstance(line.value, ast.Constant) for line in function.body)


def exported(module: Module) -> list[str]:
    """The names in `__all__`."""
    for node in module.find(ast.Assign, ast.AnnAssign):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        if node.value and any(isinstance(target, ast.Name) and target.id == "__all__" for target in targets):
            return list(ast.literal_eval(node.value))
    return []


def unpacked(files: Iterator[Path]) -> int:
    """The bytes of some files, without what Python compiles of them."""
    return sum(file.stat().st_size for file in files if file.is_file() and "__pycache__" not in file.parts)


def installed(name: str) -> int:
    """The bytes of a package here. What is for another system, such as Windows, has none."""
    try:
        found = distribution(name).files or ()
    except PackageNotFoundError:
        return 0
    return unpacked(Path(str(file.locate())) for file in found)


def ignores(module: Module) -> Iterator[tuple[int, str | None]]:
    """The lines where a type checker was told to look away, and the code it was told."""
    for token in tokenize.generate_tokens(io.StringIO(module.text).readline):
        if token.type == tokenize.COMMENT and (found := IGNORE.search(token.string)):
            yield token.start[0], found["code"]


def test_no_file_is_long() -> None:
    assert_kept(long_files, everything())


def test_no_function_is_long() -> None:
    assert_kept(long_functions, modules("src", "examples"))


def test_nine_functions_in_ten_are_short() -> None:
    functions = (node for module in package() for node in module.find(ast.FunctionDef, ast.AsyncFunctionDef))
    lengths = sorted(length(function) for function in functions if does_something(function))
    assert lengths[len(lengths) * 9 // 10] <= FUNCTION_LINES_P90


def test_an_example_fits_on_a_screen_or_two() -> None:
    assert_kept(long_examples, modules("examples"))


def test_a_user_has_few_names_to_learn() -> None:
    assert_kept(many_exports, [module for module in package() if module.name == "freehold"])


def test_what_everybody_installs_is_small() -> None:
    sizes = {
        "freehold": unpacked((ROOT / "src" / "freehold").rglob("*")),
        **{n: installed(n) for n in pins("core.txt")},
    }
    largest = sorted(sizes.items(), key=lambda one: -one[1])
    assert sizes["pydantic-core"] > 0
    assert sum(sizes.values()) < INSTALLED_MIB * 2**20, largest


def test_every_ignored_type_error_says_which() -> None:
    assert_kept(ignores_without_a_code, everything())


def test_type_errors_are_seldom_ignored() -> None:
    found = [module.at(line, code or "") for module in package() for line, code in ignores(module)]
    lines = sum(len(module.text.splitlines()) for module in package())
    assert len(found) <= lines / LINES_FOR_AN_IGNORE, "\n".join([f"in {lines} lines:", *found])


@pytest.mark.parametrize(
    ("rule", "planted"),
    [
        (long_files, "x = 1\n" * 401),
        (long_functions, "def f():\n" + "    x = 1\n" * 40),
        (many_exports, f"__all__ = {[f'n{n}' for n in range(21)]}"),
        (ignores_without_a_code, "x = 1  # type: ignore\n"),
    ],
)
def test_what_is_too_much_is_noticed(rule: Rule, planted: str) -> None:
    assert len(list(rule(Module.of(planted)))) == 1


def test_a_docstring_may_be_long() -> None:
    module = Module.of('def f():\n    """One.\n' + "\n" * 100 + '    """\n' + "    x = 1\n" * 39)
    assert not list(long_functions(module))
