"""A virtual environment for each peer, made by the bench itself from `peers/<name>.txt` and kept under `.venvs`."""

import hashlib
import json
import shutil
import sys
from pathlib import Path

from bench.process import ROOT, CannotRun, output

VENVS = ROOT / "bench" / ".venvs"
PINS = ROOT / "bench" / "peers"


def python_of(name: str) -> Path:
    """Return the interpreter that has what `peers/<name>.txt` asks for; install it when that is new."""
    pins = PINS / f"{name}.txt"
    folder = VENVS / name
    python = folder / "bin" / "python"
    seal = folder / "seal"
    wanted = hashlib.sha256(pins.read_bytes() + sys.version.encode()).hexdigest()
    if not seal.exists() or seal.read_text() != wanted:
        print(f"installing {pins.name} ...", file=sys.stderr, flush=True)
        shutil.rmtree(folder, ignore_errors=True)
        output([sys.executable, "-m", "venv", str(folder)])
        output([str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", str(pins)])
        output([str(python), "-m", "compileall", "-q", str(folder / "lib")])
        seal.write_text(wanted)
    return python


def versions(python: Path | str, names: list[str]) -> dict[str, str]:
    """Return the versions that an interpreter would import."""
    code = (
        "import importlib.metadata as m, json, sys\n"
        "known = {d.metadata['Name'].lower().replace('_', '-'): d.version for d in m.distributions()}\n"
        "print(json.dumps({n: known.get(n, 'absent') for n in sys.argv[1:]}))"
    )
    found: dict[str, str] = json.loads(output([str(python), "-c", code, *names]))
    missing = [name for name, version in found.items() if version == "absent"]
    if missing:
        raise CannotRun(f"{python} lacks {', '.join(missing)}")
    return found
