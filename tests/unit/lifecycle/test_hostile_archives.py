"""Whatever is not exactly an archive of ours is refused, and nothing is left of the attempt."""

import io
import json
import zipfile
from collections.abc import Callable
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

import pytest

from freehold.accounts.records import Organisation, Person
from freehold.lifecycle.archive import MANIFEST, Archive
from freehold.lifecycle.importing import bring_in
from freehold.lifecycle.lines import LONGEST
from freehold.model.finding import ModelError
from freehold.model.names import MAX
from tests.unit.lifecycle.place import Place, altered

Members = dict[str, bytes]
TASKS = "rows/task.jsonl"


def check_refused(there: Place, path: Path, code: str, match: str = "FH") -> None:
    """The archive is refused with this code, and the store is as empty as before."""
    with pytest.raises(ModelError, match=match) as refused, Archive(path) as archive:
        bring_in(there.of, archive)
    assert {finding.code for finding in refused.value.findings} == {code}
    assert there.platform.by_slug("acme") is None
    assert list(there.platform.all(Organisation)) == []
    assert list(there.platform.all(Person)) == []


def believable(members: Members, name: str, data: bytes) -> None:
    """Put something into a member, and say so in the manifest: a hash proves nothing about who made it."""
    manifest = json.loads(members[MANIFEST])
    members[name] = data
    part = {"count": data.count(b"\n"), "bytes": len(data), "sha256": sha256(data).hexdigest()}
    manifest["parts"][name] = part
    members[MANIFEST] = json.dumps(manifest).encode()


def told(members: Members, change: Callable[[dict[str, object]], object]) -> None:
    """Let the manifest say something else."""
    manifest = json.loads(members[MANIFEST])
    change(manifest)
    members[MANIFEST] = json.dumps(manifest).encode()


def tenant_is(manifest: dict[str, object], **changed: str) -> None:
    """Let the manifest be of another tenant."""
    there = manifest["organisation"]
    assert isinstance(there, dict)
    there.update(changed)


def first_task(members: Members, **changed: object) -> bytes:
    """The tasks, the first of them changed."""
    first, _, rest = members[TASKS].partition(b"\n")
    return json.dumps({**json.loads(first), **changed}).encode() + b"\n" + rest


ALTERED: dict[str, Callable[[Members], object]] = {
    "a row that was changed": lambda m: m.update({TASKS: m[TASKS].replace(b"Rehearse", b"Practise")}),
    "a row that is gone": lambda m: m.update({TASKS: m[TASKS].partition(b"\n")[2]}),
    "a member that is gone": lambda m: m.pop(TASKS),
    "a member too many": lambda m: m.update({"rows/more.jsonl": b"{}\n"}),
    "a name that climbs": lambda m: believable(m, "../../etc/passwd", b"{}\n"),
    "a name that climbs within": lambda m: believable(m, "rows/../../x.jsonl", b"{}\n"),
    "an absolute name": lambda m: believable(m, "/etc/passwd", b"{}\n"),
    "no manifest": lambda m: m.pop(MANIFEST),
    "a manifest that is no JSON": lambda m: m.update({MANIFEST: b"{"}),
    "a manifest with a name twice": lambda m: m.update({MANIFEST: m[MANIFEST].replace(b"{", b'{"app": "x",', 1)}),
    "an unknown version": lambda m: told(m, lambda manifest: manifest.update(format=2)),
    "something unknown": lambda m: told(m, lambda manifest: manifest.update(more=1)),
    "a line without an end": lambda m: believable(m, TASKS, m[TASKS][:-1]),
    "a line that is no JSON": lambda m: believable(m, TASKS, b"{\n"),
    "a line of half a pair": lambda m: believable(m, TASKS, b'{"id": "\\ud800"}\n'),
    "a huge line": lambda m: believable(m, TASKS, b'{"id": "' + b"x" * LONGEST + b'"}\n'),
    "a person who is none": lambda m: believable(m, "people.jsonl", b'{"id": 1}\n'),
    "an audit entry that is none": lambda m: believable(m, "audit.jsonl", b"[1, 2]\n"),
    "a chain that does not hold": lambda m: believable(m, "audit.jsonl", m["audit.jsonl"].replace(b"done", b"lost")),
    "a chain without its beginning": lambda m: believable(m, "audit.jsonl", m["audit.jsonl"].partition(b"\n")[2]),
    "the platform": lambda m: told(m, lambda manifest: tenant_is(manifest, id="00000000-0000-0000-0000-000000000000")),
    "what tenants share": lambda m: told(m, lambda manifest: tenant_is(manifest, id=MAX)),
    "a tenant without an id": lambda m: told(m, lambda manifest: tenant_is(manifest, id="")),
    "a tenant with another's schema": lambda m: told(m, lambda manifest: tenant_is(manifest, id='x"')),
    "a short name that is none": lambda m: told(m, lambda manifest: tenant_is(manifest, slug="A b")),
}

UNFIT: dict[str, Callable[[Members], object]] = {
    "another app": lambda m: told(m, lambda manifest: manifest.update(app="other")),
    "a field of another type": lambda m: believable(m, TASKS, first_task(m, number="seven")),
    "a truth for a number": lambda m: believable(m, TASKS, first_task(m, number=True)),
    "a number that is too large": lambda m: believable(m, TASKS, first_task(m, number=2**63)),
    "an id that is none": lambda m: believable(m, TASKS, first_task(m, id="x' OR 1=1 --")),
    "a date that is none": lambda m: believable(m, TASKS, first_task(m, due="2026-02-30")),
    "a choice that is none": lambda m: believable(m, TASKS, first_task(m, status="lost")),
    "a field of no task": lambda m: believable(m, TASKS, first_task(m, tenant="x")),
    "nothing where something must be": lambda m: believable(m, TASKS, first_task(m, title=None)),
    "JSON that is none": lambda m: believable(m, TASKS, first_task(m, labels="[")),
    "the same row twice": lambda m: believable(m, TASKS, m[TASKS] + m[TASKS].partition(b"\n")[0] + b"\n"),
    "a child without its parent": lambda m: believable(m, TASKS, first_task(m, project=NOBODY)),
    "a list for a row": lambda m: believable(m, TASKS, b"[]\n"),
}
NOBODY = "01a21d25-ccc5-7436-96a9-b7e1e5557df4"


@pytest.mark.parametrize("change", ALTERED.values(), ids=ALTERED.keys())
def test_an_archive_that_was_altered_is_refused(change: Callable[[Members], object], there: Place, file: Path) -> None:
    check_refused(there, altered(file, change), "FH320")


@pytest.mark.parametrize("change", UNFIT.values(), ids=UNFIT.keys())
def test_an_archive_whose_rows_do_not_fit_is_refused(
    change: Callable[[Members], object], there: Place, file: Path
) -> None:
    check_refused(there, altered(file, change), "FH321")


@pytest.mark.parametrize("share", [0, 0.1, 0.5, 0.9, 0.999])
def test_an_archive_that_is_cut_off_is_refused(there: Place, file: Path, share: float) -> None:
    whole = file.read_bytes()
    file.write_bytes(whole[: int(len(whole) * share)])
    check_refused(there, file, "FH320")


def test_an_archive_with_flipped_bits_is_refused_or_whole(there: Place, file: Path) -> None:
    whole = file.read_bytes()
    for place in range(0, len(whole), len(whole) // 40):
        file.write_bytes(whole[:place] + bytes([whole[place] ^ 0x10]) + whole[place + 1 :])
        with suppress(ModelError), Archive(file) as archive:
            archive.check()
    file.write_bytes(whole)
    with Archive(file) as archive:
        bring_in(there.of, archive)
    assert there.tenant("acme").state == "active"


def test_a_member_that_is_there_twice_is_refused(there: Place, file: Path) -> None:
    with zipfile.ZipFile(file, "a") as whole, pytest.warns(UserWarning, match="Duplicate"):
        whole.writestr(TASKS, b"")
    check_refused(there, file, "FH320", "2 times")


def test_a_bomb_is_refused_before_it_is_unpacked(there: Place, file: Path) -> None:
    bomb = b"{}" + b" " * (100 * 1024 * 1024) + b"\n"
    check_refused(there, altered(file, lambda members: believable(members, TASKS, bomb)), "FH320", "far more")


def test_an_archive_of_an_unknown_packing_is_refused(there: Place, file: Path) -> None:
    made = io.BytesIO()
    with zipfile.ZipFile(file) as whole, zipfile.ZipFile(made, "w", zipfile.ZIP_STORED) as other:
        for name in whole.namelist():
            other.writestr(name, whole.read(name))
    data = bytearray(made.getvalue())
    place = data.index(b"PK\x01\x02") + 8
    data[place] |= 1  # says that the first member is encrypted
    file.write_bytes(bytes(data))
    check_refused(there, file, "FH320")


def test_an_older_archive_takes_defaults_for_what_it_lacks(there: Place, file: Path) -> None:
    def older(members: Members) -> None:
        rows = [json.loads(line) for line in members[TASKS].splitlines()]
        lines = [json.dumps({name: value for name, value in row.items() if name != "priority"}) for row in rows]
        believable(members, TASKS, "".join(line + "\n" for line in lines).encode())
        told(members, lambda manifest: _without(manifest["tables"], "priority"))

    with Archive(altered(file, older)) as archive:
        bring_in(there.of, archive)
    tasks = next(kind for kind in there.of.estate.kinds if kind.__name__ == "Task")
    assert {str(getattr(task, "priority", "")) for task in there.all(tasks, there.tenant("acme").id)} == {"normal"}


def _without(tables: object, name: str) -> None:
    assert isinstance(tables, dict)
    tables["task"]["columns"] = [column for column in tables["task"]["columns"] if column["name"] != name]
