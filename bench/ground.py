"""What every stack is filled with before it is timed, and the requests that are then sent to it."""

import json
import random
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

TENANTS = ("north", "south")
USERS = 20
PROJECTS = 20
TASKS_IN_A_PROJECT = 100
PAGE = 50
FIELDS = frozenset(
    ("id", "title", "description", "status", "priority", "assignee", "project", "version", "created_at", "updated_at")
)

Key = int | str


@dataclass(frozen=True, slots=True)
class Tenant:
    """One tenant's token, and the ids of what it has."""

    token: str
    users: list[Key]
    projects: list[Key]
    tasks: list[Key]


@dataclass(frozen=True, slots=True)
class Ground:
    """The tenants of a filled store."""

    north: Tenant
    south: Tenant

    @classmethod
    def of(cls, text: str) -> Self:
        """Read what a stack's `seed` command printed."""
        said = json.loads(text)
        return cls(**{name: Tenant(**said[name]) for name in TENANTS})


def task(number: int, *, project: Key, assignee: Key) -> dict[str, object]:
    """Return the fields that a client sends to create a task: about 300 bytes."""
    return {
        "title": f"Ship the quarterly report, part {number}",
        "description": "Collect the figures of every region, check them against the ledger, send them round." * 2,
        "status": ("todo", "doing", "done")[number % 3],
        "priority": ("low", "normal", "high")[number % 3],
        "assignee": assignee,
        "project": project,
    }


def seed_tasks(projects: list[Key], users: list[Key]) -> list[dict[str, object]]:
    """Return every task that a tenant begins with, oldest first."""
    return [
        task(number, project=projects[number % PROJECTS], assignee=users[number % USERS])
        for number in range(PROJECTS * TASKS_IN_A_PROJECT)
    ]


def raw(method: str, path: str, token: str | None, body: Mapping[str, object] | None = None) -> bytes:
    """Render one HTTP/1.1 request, so that nothing is left to do while time is measured."""
    content = b"" if body is None else json.dumps(body).encode()
    lines = [f"{method} /api/v1{path} HTTP/1.1", "Host: 127.0.0.1", "Accept: application/json"]
    if token:
        lines.append(f"Authorization: Bearer {token}")
    if body is not None:
        lines += ["Content-Type: application/json", f"Content-Length: {len(content)}"]
    return "\r\n".join((*lines, "", "")).encode() + content


def gets(tenant: Tenant) -> list[bytes]:
    """Ask for tasks by id, in no order."""
    some = random.Random(1).sample(tenant.tasks, 500)
    return [raw("GET", f"/tasks/{one}", tenant.token) for one in some]


def lists(tenant: Tenant) -> list[bytes]:
    """Ask for the first page of every project, newest first."""
    return [raw("GET", f"/projects/{one}/tasks?limit={PAGE}", tenant.token) for one in tenant.projects]


def creates(tenant: Tenant) -> list[bytes]:
    """Ask for tasks to be created, spread over projects and people."""
    bodies = seed_tasks(tenant.projects, tenant.users)[:500]
    return [raw("POST", "/tasks", tenant.token, body) for body in bodies]


def mix(tenant: Tenant) -> list[bytes]:
    """Mix what an app is asked in a day: 70 % get, 20 % list, 10 % create."""
    chosen = random.Random(2)
    pools = gets(tenant), lists(tenant), creates(tenant)
    return [chosen.choice(chosen.choices(pools, weights=(70, 20, 10))[0]) for _ in range(1000)]
