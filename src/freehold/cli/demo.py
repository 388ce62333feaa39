"""Two tenants to try things with, and the people in them. Made when they are not there."""

from __future__ import annotations

from freehold.cli.registry import operate, organisation, person
from freehold.cli.seeding import seed
from freehold.wiring import Backend

PASSWORD = "correct horse battery"  # noqa: S105  # of people who exist on developers' machines only
OWNERS = {"acme": "ada@acme.test", "globex": "gina@globex.test"}
MEMBERS = {"acme": "bob@acme.test"}


def demo_people(made: Backend) -> dict[str, list[tuple[str, str]]]:
    """Who is in which demo tenant, in which role: the highest, or one from the middle."""
    roles = [role.name for role in made.model.roles]
    members = {slug: [(email, roles[(len(roles) - 1) // 2])] for slug, email in MEMBERS.items()}
    return {slug: [(email, roles[-1]), *members.get(slug, [])] for slug, email in OWNERS.items()}


def populate(made: Backend, *, again: bool = False) -> list[str]:
    """See to it that the demo tenants are there, with their people and with what the app's seeds put into them.

    Returns the seeds that were run, with `again` all of them.
    """
    done: list[str] = []
    for slug, people in demo_people(made).items():
        for email, role in people:
            _enter(made, slug, email, role)
    for slug, email in OWNERS.items():
        there, owner = organisation(made, slug), person(made, email)
        if there is not None and owner is not None:
            done += [f"{slug}: {name}" for name in seed(made, there.id, owner.id, again=again)]
    return done


def _enter(made: Backend, slug: str, email: str, role: str) -> None:
    """Make the tenant and the member, unless they are there: a password is hashed only when it has to be."""
    there, known = organisation(made, slug), person(made, email)
    if there is None or known is None or there.id not in known.organisations:
        name = email.partition("@")[0].title()
        inputs = {"organisation": slug, "email": email, "name": name, "password": PASSWORD, "role": role}
        operate(made, "create_tenant", inputs, "demo")
