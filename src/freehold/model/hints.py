"""Reads the types in a signature, so that each one that cannot be read is found."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from types import SimpleNamespace
from typing import get_type_hints

from freehold.model.finding import Finding, Place

IMPORT_FIX = "import it, or write it down, at the top of the module and outside `if TYPE_CHECKING:`"


def hints_of(function: Callable[..., object], title: str, found: list[Finding]) -> dict[str, object]:
    """The types in a signature, by parameter, and under `return`. One that cannot be read is found and left out."""
    try:
        return {name: spelled_out(hint) for name, hint in get_type_hints(function, include_extras=True).items()}
    except Exception:  # noqa: BLE001  # an annotation is somebody's code, and fails in its own way
        return _one_by_one(function, title, found)


def spelled_out(hint: object) -> object:
    """What a name that was made with `type Name = ...` (Python 3.12) stands for."""
    while (meant := getattr(hint, "__value__", None)) is not None:
        hint = meant
    return hint


def _one_by_one(function: Callable[..., object], title: str, found: list[Finding]) -> dict[str, object]:
    written, place = inspect.unwrap(function), Place.of(function)
    read: dict[str, object] = {}
    for name, annotation in written.__annotations__.items():
        alone = SimpleNamespace(__annotations__={name: annotation})
        try:
            read |= get_type_hints(alone, getattr(written, "__globals__", {}), include_extras=True)
        except NameError as error:
            what = f"{title}: `{name}` names {error.name}, which does not exist at run time"
            found.append(Finding("FH104", place, what, IMPORT_FIX))
        except Exception as error:  # noqa: BLE001  # as above
            what = f"{title}: the type of `{name}` cannot be read: {type(error).__name__}: {error}"
            found.append(Finding("FH143", place, what, "write a type that Python can evaluate"))
    return read
