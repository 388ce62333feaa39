"""Which files have changed."""

import os
from pathlib import Path

import pytest

from freehold.cli.watch import Watch


def save(path: Path, at: int) -> None:
    path.write_text("")
    os.utime(path, ns=(at, at))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "app.py"
    save(path, 1)
    return path


def test_what_is_as_it_was_has_not_changed(file: Path) -> None:
    watch = Watch(file)
    assert watch.changed() == []
    save(file, 1)
    assert watch.changed() == []


def test_a_change_is_told_once(file: Path) -> None:
    watch = Watch(file)
    save(file, 2)
    assert watch.changed() == [file]
    assert watch.changed() == []


def test_a_file_that_is_older_than_before_has_changed(file: Path) -> None:
    watch = Watch(file)
    save(file, 0)
    assert watch.changed() == [file]


def test_a_file_that_goes_and_comes_back_has_changed_twice(file: Path) -> None:
    watch = Watch(file)
    file.unlink()
    assert watch.changed() == [file]
    save(file, 1)
    assert watch.changed() == [file]


def test_beside_a_single_file_only_what_is_named_is_watched(file: Path) -> None:
    watch = Watch(file)
    other = file.with_name("other.py")
    save(other, 1)
    assert watch.changed() == []
    watch.add([other])
    assert watch.changed() == []
    save(other, 2)
    assert watch.changed() == [other]


def test_a_package_is_watched_whole(file: Path) -> None:
    watch = Watch(file.parent)
    new = file.parent / "deep" / "new.py"
    new.parent.mkdir()
    save(new, 1)
    (file.parent / "notes.txt").write_text("")
    assert watch.changed() == [new]


def test_what_changed_before_more_was_named_is_still_told(file: Path) -> None:
    watch = Watch(file)
    save(file, 2)
    watch.add([file.with_name("other.py")])
    assert watch.changed() == [file]
