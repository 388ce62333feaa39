"""What verbs write to the disk: where the system refuses, it is told like everything else that is wrong."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from freehold.model.finding import Finding, ModelError, Place


@contextmanager
def writing(fix: str) -> Iterator[None]:
    """Write files in this block. Raises `ModelError` (FH409) with the file, the system's reason and `fix`."""
    try:
        yield
    except OSError as error:
        place, why = Place(str(error.filename or "files"), 0), error.strerror or str(error)
        raise ModelError([Finding("FH409", place, f"it cannot be written: {why}", fix)]) from None
