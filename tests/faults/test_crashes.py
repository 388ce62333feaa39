"""Whenever the process is killed, nothing that was acknowledged is lost, and nothing is half done."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from dataclasses import replace
from itertools import islice
from pathlib import Path

import pytest

from tests.faults import power
from tests.faults.load import THREADS
from tests.faults.program import Said
from tests.faults.state import State
from tests.faults.sweep import ROOT, Point, Sweep, prepared, told

SAMPLE = 12
ENOUGH = 200
CUTS = 4


@pytest.fixture(scope="module")
def strace() -> None:
    """What kills at a system call. Without it nothing is swept, and where it must be there that is an error."""
    program = shutil.which("strace")
    if program is None or subprocess.run([program, "-qq", "true"], check=False, capture_output=True).returncode:
        missing = "NOT SWEPT: strace is missing, or may not trace here; install the Debian package strace"
        pytest.fail(missing) if os.environ.get("CI") == "true" else pytest.skip(missing)


def spread(points: list[Point], count: int) -> list[Point]:
    """So many of them, evenly, with the last of each kind of call."""
    last = list({point.call: point for point in points}.values())
    return last + points[:: len(points) // (count - len(last))]


def test_a_kill_before_any_write_loses_nothing_and_halves_nothing(
    strace: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sweep = Sweep(tmp_path)
    points = sweep.points()
    outcomes = list(sweep.outcomes(spread(points, SAMPLE)))
    with capsys.disabled():
        sys.stdout.write(f"\n{told(outcomes)}, of {len(points)} in all (python -m tests.faults.sweep --all)\n")
    assert len(outcomes) >= SAMPLE
    assert all(outcome.was_killed for outcome in outcomes)
    assert [(outcome.point, outcome.violations) for outcome in outcomes if outcome.violations] == []


def test_a_store_that_halves_calls_is_found_out(strace: None, tmp_path: Path) -> None:
    sweep = Sweep(tmp_path, "careless")
    flushes = [point for point in sweep.points() if point.call == "fdatasync"]
    outcomes = list(sweep.outcomes(flushes[4:16:2]))
    assert any(outcome.violations for outcome in outcomes)


@pytest.mark.parametrize(("fault", "answer"), [("error=EIO", "STORE_BUSY"), ("error=ENOSPC", "STORE")])
def test_a_flush_that_fails_is_never_acknowledged(fault: str, answer: str, strace: None, tmp_path: Path) -> None:
    sweep = Sweep(tmp_path)
    flushes = [replace(point, fault=fault) for point in sweep.points() if point.call == "fdatasync"]
    outcomes = list(sweep.outcomes(flushes[2:-2:6]))
    assert [(outcome.point, outcome.violations) for outcome in outcomes if outcome.violations] == []
    assert any(answer in outcome.error for outcome in outcomes)


def test_a_kill_under_load_loses_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    folder, said = prepared(tmp_path / "store"), list[Said]()
    for first in (0, THREADS * 1_000_000):
        command = [sys.executable, "-m", "tests.faults.load", str(folder), str(first)]
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            said += [tuple(json.loads(line)) for line in islice(process.stdout, ENOUGH)]
            process.kill()
            said += [tuple(json.loads(line)) for line in process.stdout if line.endswith("\n")]
        assert process.returncode == -signal.SIGKILL
    state = State(folder)
    assert len(said) >= 2 * ENOUGH
    assert list(state.violations(said)) == []
    state.close()


def test_a_power_cut_loses_nothing_that_was_acknowledged(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    if not power.can_mount():
        pytest.skip("NO POWER WAS CUT: a file can be mounted by root only, and with mkfs.ext4")
    found = list(power.cuts(CUTS, tmp_path))
    with capsys.disabled():
        sys.stdout.write(
            f"\n{len(found)} power cuts, {found[-1].acknowledged} acknowledged (python -m tests.faults.power)\n"
        )
    assert found[-1].acknowledged > found[0].acknowledged > 0
    assert [violation for cut in found for violation in cut.violations] == []
    loose = power.cuts(CUTS, Path(tempfile.mkdtemp(dir=tmp_path)), "loose")
    assert any(cut.violations for cut in loose), "what does not wait for the disk loses nothing: nothing was cut"
