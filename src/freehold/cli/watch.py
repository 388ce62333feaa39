"""Which of an app's files have changed since one last asked."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path


class Watch:
    """Compares modification times. A package is watched whole; of a single file, whatever it imports."""

    def __init__(self, source: Path) -> None:
        """Watch a file, or the folder of a package."""
        self._source = source
        self._files: set[Path] = set()
        self._seen = self._look()

    def add(self, files: Iterable[Path]) -> None:
        """Watch these too."""
        self._files |= set(files)
        self._seen = {**self._look(), **self._seen}

    def changed(self) -> list[Path]:
        """What was changed, made or removed since the last time."""
        now, before = self._look(), self._seen
        self._seen = now
        return sorted(path for path in now.keys() | before.keys() if now.get(path) != before.get(path))

    def _look(self) -> dict[Path, int]:
        inside = self._source.rglob("*.py") if self._source.is_dir() else (self._source,)
        times = {path: _changed_at(path) for path in {*inside, *self._files}}
        return {path: at for path, at in times.items() if at is not None}


def _changed_at(path: Path) -> int | None:
    try:
        return path.stat().st_mtime_ns
    except OSError:  # gone, or about to come back: editors write a file beside it and rename
        return None
