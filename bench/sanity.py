"""Before anything is timed, every stack must do the same work, keep tenants apart, and keep what it acknowledged."""

import json
import shutil
import signal
import sqlite3
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

from bench.ground import FIELDS, PAGE, Ground, Tenant, task
from bench.process import WORK, CannotRun, Server
from bench.stacks import Settings, Stack, data_of

WRITES = 20


def ask(server: Server, method: str, path: str, token: str = "", body: object = None) -> tuple[int, Any]:
    """Send one request and return status and what the answer is about."""
    headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
    content = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(f"http://127.0.0.1:{server.port}/api/v1{path}", content, headers, method=method)
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, data_of(json.load(answer))
    except urllib.error.HTTPError as error:
        return error.code, error.read()


def expect(what: str, found: object, *wanted: object) -> None:
    """Raise `CannotRun` when something is not one of the values it should be."""
    if found not in wanted:
        raise CannotRun(f"{what}: {found!r} instead of {' or '.join(map(repr, wanted))}")


def new_task(server: Server, tenant: Tenant, number: int) -> dict[str, Any]:
    """Create one task, and return it as the server did."""
    body = task(number, project=tenant.projects[0], assignee=tenant.users[0])
    status, made = ask(server, "POST", "/tasks", tenant.token, body)
    expect("status of a create", status, 200, 201)
    expect("what a create answers", {name: made[name] for name in body}, body)
    return made


def check_work(server: Server, ground: Ground) -> None:
    """Same fields, a created task is seen at once and comes first, a page is full."""
    made = new_task(server, ground.north, 1)
    expect("fields", frozenset(made), FIELDS)
    status, seen = ask(server, "GET", f"/tasks/{made['id']}", ground.north.token)
    expect("status of a get", status, 200)
    expect("fields of a get", frozenset(seen), FIELDS)
    expect("id of a get", seen["id"], made["id"])
    path = f"/projects/{ground.north.projects[0]}/tasks?limit={PAGE}"
    status, page = ask(server, "GET", path, ground.north.token)
    expect("status of a list", status, 200)
    expect("length of a page", len(page), PAGE)
    expect("first of a list", page[0]["id"], made["id"])
    expect("fields of a list", {frozenset(one) for one in page}, {FIELDS})


def check_tenants(server: Server, ground: Ground) -> None:
    """Another tenant's task is not there, its project cannot be referred to, and nobody gets in without a token."""
    foreign = ground.north.tasks[0]
    expect("another tenant's task", ask(server, "GET", f"/tasks/{foreign}", ground.south.token)[0], 404)
    path = f"/projects/{ground.north.projects[0]}/tasks"
    status, page = ask(server, "GET", path, ground.south.token)
    expect("another tenant's list", (status, page if status == 200 else []), (200, []), (404, []))  # noqa: PLR2004
    body = task(1, project=ground.north.projects[0], assignee=ground.south.users[0])
    expect("another tenant's project", ask(server, "POST", "/tasks", ground.south.token, body)[0], 400, 422)
    expect("no token", ask(server, "GET", f"/tasks/{foreign}")[0], 401)
    broken = ground.north.token[:-4] + "AAAA"
    expect("a broken token", ask(server, "GET", f"/tasks/{foreign}", broken)[0], 401)


def syncs_of(server: Server, tenant: Tenant) -> int | None:
    """Count how often the server waits for the disk while it creates some tasks one by one; None without strace."""
    if not shutil.which("strace"):
        return None
    trace = WORK / f"syncs-{server.port}.txt"
    pids = [word for pid in server.pids() for word in ("-p", str(pid))]
    tracer = subprocess.Popen(
        ["strace", "-f", "-qq", "-e", "trace=fsync,fdatasync", "-o", str(trace), *pids], stderr=subprocess.DEVNULL
    )
    time.sleep(0.5)
    for number in range(WRITES):
        new_task(server, tenant, number)
    tracer.send_signal(signal.SIGINT)
    tracer.wait(10)
    count = sum("fsync(" in line or "fdatasync(" in line for line in trace.read_text().splitlines())
    trace.unlink()
    return count


def check_durability(stack: Stack, folder: Path, ground: Ground, settings: Settings) -> str:
    """Every acknowledged create waits for the disk, and is there after kill -9. Return what was seen."""
    with stack.serve(folder, settings) as server:
        syncs = syncs_of(server, ground.north)
        kept = [new_task(server, ground.north, number)["id"] for number in range(WRITES)]
        server.stop(signal.SIGKILL)
    with stack.serve(folder, settings) as server:
        for one in kept:
            expect("a task after kill -9", ask(server, "GET", f"/tasks/{one}", ground.north.token)[0], 200)
    for file in folder.rglob("*.db"):
        with sqlite3.connect(file) as connection:
            expect(f"journal of {file.name}", connection.execute("PRAGMA journal_mode").fetchone()[0], "wal")
    if syncs is None:
        return "kept after kill -9; strace is not installed, so waiting for the disk was not seen"
    if syncs < WRITES:
        raise CannotRun(f"{stack.name} answered {WRITES} creates and waited for the disk {syncs} times: not durable")
    return f"kept after kill -9; {syncs} fsyncs for {WRITES} creates"


def check(stack: Stack, folder: Path, ground: Ground, settings: Settings) -> str:
    """Go through every check, or raise `CannotRun`. Return what was seen of durability."""
    try:
        with stack.serve(folder, settings) as server:
            check_work(server, ground)
            check_tenants(server, ground)
        return check_durability(stack, folder, ground, settings)
    except CannotRun as error:
        raise CannotRun(f"{stack.name}: {error}") from error
