"""The apps that are attacked: every example, and TeamFlow."""

import importlib.util
import sys
from pathlib import Path

from freehold import App

EXAMPLES = Path(__file__).parents[2] / "examples"
NAMES = sorted(path.stem for path in EXAMPLES.glob("[0-9][0-9]_*.py"))


def example(name: str) -> App:
    """The app of an example of one file."""
    spec = importlib.util.spec_from_file_location(f"isolated_{name}", EXAMPLES / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules[spec.name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    app = module.app
    assert isinstance(app, App)
    return app


def app_named(name: str) -> App:
    """TeamFlow, or the app of an example."""
    if name != "teamflow":
        return example(name)
    return importlib.import_module("examples.teamflow").app
