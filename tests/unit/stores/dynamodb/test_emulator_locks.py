"""What the emulators are installed from is locked, and names no place to get it from."""

import json
import re
from pathlib import Path

import pytest

LOCKS = Path(__file__).resolve().parents[4] / "requirements" / "emulators"
PIN = re.compile(r"^[\w.-]+==\S+.*?(?=^\S|\Z)", re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("name", ["ministack", "roto"])
def test_every_package_of_an_emulator_has_its_hash(name: str) -> None:
    text = (LOCKS / f"{name}.txt").read_text()
    pins = PIN.findall(text)
    assert pins
    assert all("--hash=sha256:" in pin for pin in pins)
    assert "://" not in text
    assert not re.findall(r"^--", text, re.MULTILINE)


def test_every_package_of_dynalite_has_its_hash_and_no_address() -> None:
    packages = json.loads((LOCKS / "dynalite" / "package-lock.json").read_text())["packages"]
    locked = [package for path, package in packages.items() if path]
    assert len(locked) > 20
    assert all(package["integrity"].startswith("sha512-") and "resolved" not in package for package in locked)
