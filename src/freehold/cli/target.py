"""Which app is meant, and loading it. Nothing of the user's runs before `load`.

A target is a file (`tasks.py`), a folder or package (`examples/teams`, `.`), or `module:attribute`. Without one it is
what `[tool.freehold] app` in the folder's pyproject.toml says, or the only file or package there that makes an `App`.
"""

from __future__ import annotations

import importlib
import re
import sys
import traceback
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType

from freehold.model.app import App
from freehold.model.finding import Finding, ModelError, Place

MAKES_AN_APP = re.compile(r"^\w+\s*(?::[^=\n]+)?=\s*(?:\w+\.)?App\(", re.MULTILINE)
NAME_ONE = "name one: `freehold dev tasks.py`, a folder, or `module:attribute`"


@dataclass(frozen=True, slots=True)
class Target:
    """An app that has been found and not yet loaded."""

    folder: Path
    """What has to be on `sys.path`."""
    module: str
    source: Path
    """The file, or the folder of the package."""
    attribute: str = ""

    @property
    def place(self) -> Place:
        """Where it is."""
        return Place(_near(self.source), 0)


def locate(text: str | None = None) -> Target:
    """Find what is meant. Raises `ModelError`: FH402 when there is no app, FH403 when there are several."""
    here = Path.cwd()
    name, _, attribute = (text or ".").partition(":")
    path = here / name
    if path.is_dir():
        return _in_folder(path.resolve(), attribute)
    if path.is_file():
        return _file(path.resolve(), attribute)
    return _module(here, name, attribute)


def load(target: Target) -> App:
    """Import the app. Raises `ModelError`: FH404 when that fails, FH402 or FH403 when it has no app or several."""
    if str(target.folder) not in sys.path:
        sys.path.insert(0, str(target.folder))
    module = _imported(target, target.module)
    if target.attribute:
        found = getattr(module, target.attribute, None)
        if isinstance(found, App):
            return found
        message = f"{target.module}:{target.attribute} is not an App"
        raise ModelError([Finding("FH402", target.place, message, 'write `app = App("name")` there')])
    apps = _apps(module)
    if not apps and target.source.is_dir():
        apps = _apps(_imported(target, f"{target.module}.app")) if (target.source / "app.py").is_file() else {}
    match list(apps):
        case [name]:
            return apps[name]
        case []:
            raise ModelError([Finding("FH402", target.place, "there is no App here", 'write `app = App("name")`')])
        case names:
            fix = "name one: " + ", ".join(f"`{target.module}:{name}`" for name in names)
            raise ModelError([Finding("FH403", target.place, f"there are several apps: {', '.join(names)}", fix)])


def loaded_files(target: Target) -> set[Path]:
    """The files of the user's own that have been imported: those that are not Python's, freehold's, or installed."""
    files = (getattr(module, "__file__", None) for module in list(sys.modules.values()))
    return {path for path in map(Path, filter(None, files)) if _is_own(path, target)}


def failed_files(error: BaseException, target: Target) -> set[Path]:
    """The files of the user's own in which an import failed."""
    files: set[Path] = set()
    cause: BaseException | None = error
    while cause is not None:
        files |= {Path(frame.filename) for frame in traceback.extract_tb(cause.__traceback__)}
        if isinstance(cause, SyntaxError) and cause.filename:
            files.add(Path(cause.filename))
        cause = cause.__cause__ or cause.__context__
    return {path for path in files if _is_own(path, target)}


def _imported(target: Target, name: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    except ModelError:
        raise
    except (Exception, SystemExit) as error:
        said = str(error).strip().partition("\n")[0]
        message = f"the app cannot be loaded: {type(error).__name__}: {said}"
        raise ModelError([Finding("FH404", _place_of(error, target), message, _fix_of(error, said, target))]) from error


def _fix_of(error: BaseException, said: str, target: Target) -> str:
    """What to do about an import that failed: for the mistakes that are made most, what is meant."""
    match error:
        case ModuleNotFoundError() if error.name == target.module:
            fix = "put the file back, or name where the app is now"
        case ModuleNotFoundError():
            fix = f"install what provides `{error.name}`, or correct the import"
        case SyntaxError():
            fix = "put right the syntax; the mistake may be a line further up"
        case NameError() | ImportError():
            fix = "import it, or define it further up; or correct its name"
        case AttributeError(obj=App(), name=("get" | "post" | "put" | "patch" | "delete" | "route") as name):
            verb, method = (
                ("query", "GET") if name == "get" else ("command", "POST" if name == "route" else name.upper())
            )
            fix = f'write `@app.{verb}("{method} /path", allow=...)`'
        case TypeError() if "keyword-only argument: 'allow'" in said:
            fix = "say who may: `allow=` a role, a rule, or `anyone`"
        case TypeError() if said.startswith("lookup() takes 0 positional"):
            fix = "write `@lookup()`, with brackets, and each option by its name: `@lookup(unique=True)`"
        case TypeError() if said.startswith("App.rule() missing"):
            fix = "write `@app.rule`, without brackets"
        case _:
            fix = "see to what Python says: importing an app must only declare"
    return fix


def _place_of(error: BaseException, target: Target) -> Place:
    """The last line of the user's own that an error went through."""
    if isinstance(error, SyntaxError) and error.filename:
        return Place(_near(Path(error.filename)), error.lineno or 0)
    frames = [f for f in traceback.extract_tb(error.__traceback__) if _is_own(Path(f.filename), target)]
    return Place(_near(Path(frames[-1].filename)), frames[-1].lineno or 0) if frames else target.place


def _is_own(path: Path, target: Target) -> bool:
    inside = path.is_relative_to(target.folder) and path.suffix == ".py"
    return inside and not {"site-packages", "dist-packages"} & set(path.parts)


def _apps(module: ModuleType) -> dict[str, App]:
    """The apps in a module by name, each once."""
    found = {id(value): (name, value) for name, value in reversed(vars(module).items()) if isinstance(value, App)}
    return dict(found.values())


def _in_folder(folder: Path, attribute: str) -> Target:
    declared = _declared(folder)
    if declared and not attribute:
        name, _, attribute = declared.partition(":")
        path = folder / name
        if path.is_file():
            return _file(path, attribute)
        return _file(path / "__init__.py", attribute) if _is_package(path) else _module(folder, name, attribute)
    if _is_package(folder):
        return _file(folder / "__init__.py", attribute)
    candidates = list(_candidates(folder))
    if len(candidates) == 1:
        return _file(candidates[0], attribute)
    place = Place(_near(folder), 0)
    if not candidates:
        fix = "go to the folder of an app, name one, or make one: `freehold new acme`"
        raise ModelError([Finding("FH402", place, "there is no app in this folder", fix)])
    names = ", ".join(_near(path.parent if path.name == "__init__.py" else path) for path in candidates)
    raise ModelError([Finding("FH403", place, f"there are several apps in this folder: {names}", NAME_ONE)])


def _declared(folder: Path) -> str:
    """What pyproject.toml says the app of a folder is."""
    file = folder / "pyproject.toml"
    if not file.is_file():
        return ""
    import tomllib

    try:
        tools = tomllib.loads(file.read_text(encoding="utf-8")).get("tool", {})
    except tomllib.TOMLDecodeError as error:
        raise ModelError([Finding("FH405", Place(_near(file), 0), str(error), "put right the TOML")]) from None
    return str(tools.get("freehold", {}).get("app", ""))


def _candidates(folder: Path) -> Iterator[Path]:
    """Files that make an app, and packages in which some file does."""
    for root in (folder, folder / "src"):
        for path in sorted(root.iterdir()) if root.is_dir() else ():
            if path.name.startswith((".", "test_", "conftest")):
                continue
            if path.suffix == ".py" and _makes_an_app(path):
                yield path
            if _is_package(path) and any(map(_makes_an_app, path.glob("*.py"))):
                yield path / "__init__.py"


def _makes_an_app(path: Path) -> bool:
    return MAKES_AN_APP.search(path.read_text(encoding="utf-8", errors="replace")) is not None


def _is_package(path: Path) -> bool:
    return (path / "__init__.py").is_file()


def _file(path: Path, attribute: str) -> Target:
    """A file, as the module it is within the packages around it."""
    parts, folder = [path.stem], path.parent
    while _is_package(folder):
        parts.insert(0, folder.name)
        folder = folder.parent
    if parts[-1] == "__init__":
        return Target(folder, ".".join(parts[:-1]), path.parent, attribute)
    return Target(folder, ".".join(parts), path, attribute)


def _module(here: Path, name: str, attribute: str) -> Target:
    """A module by its dotted name: in this folder, under src, or installed."""
    missing = Finding("FH402", Place(_near(here), 0), f"there is no file, folder or module `{name}` here", NAME_ONE)
    if not all(part.isidentifier() for part in name.split(".")):
        raise ModelError([missing])
    for root in (here, here / "src"):
        path = root.joinpath(*name.split("."))
        if _is_package(path):
            return Target(root, name, path, attribute)
        if path.with_suffix(".py").is_file():
            return Target(root, name, path.with_suffix(".py"), attribute)
    try:
        spec = find_spec(name)
    except ModuleNotFoundError:
        spec = None
    if spec is None or not spec.origin:
        raise ModelError([missing])
    source = Path(spec.origin)
    return Target(here, name, source.parent if source.name == "__init__.py" else source, attribute)


def _near(path: Path) -> str:
    """A path as it is written from here."""
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)
