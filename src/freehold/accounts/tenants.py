"""What operators do with tenants. These have no route: only the command line reaches them."""

from __future__ import annotations

from freehold.accounts.door import Door, Email, Name, Password, Place, Slug
from freehold.accounts.entering import enter
from freehold.accounts.records import Member, Members, Organisation, Organisations, People, Person
from freehold.model.data import Id, Page, Paging
from freehold.model.ports import Across, Caller, ReadOnly
from freehold.runtime.failures import Conflict, NotFound


def list_tenants(page: Paging, organisations: ReadOnly[Organisations]) -> Page[Organisation]:
    """List all tenants, oldest first."""
    return organisations.all(page)


def create_tenant(
    organisation: Slug, email: Email, name: Name, password: Password, role: Name,
    people: People, organisations: Organisations, members: Across[Members], door: Door, caller: Caller,
) -> Place:  # fmt: skip
    """Create a tenant, unless it is there, with one more member, who may be known already."""
    there = organisations.by_slug(organisation)
    if there is None:
        there = organisations.add(Organisation(slug=organisation, name=organisation))
    person = people.by_email(email)
    if person is None:
        person = people.add(Person(email=email, name=name, password=door.hash(password), organisations=[there.id]))
    elif there.id not in person.organisations:
        enter(person, there.id, members)
        person = people.save(person)
    if role not in caller.roles:
        raise Conflict("NO_SUCH_ROLE", f"The roles are: {', '.join(caller.roles)}.")
    if members(there.id).find(Id(person.id)) is None:
        members(there.id).add(Member(id=Id(person.id), name=person.name, email=person.email, role=role))
    return Place(slug=there.slug, name=there.name, role=role)


def suspend_tenant(organisation: Slug, organisations: Organisations) -> Organisation:
    """Shut a tenant out: its tokens, keys and jobs count no more, within seconds. Nothing is lost."""
    return _set(organisation, organisations, suspended=True)


def resume_tenant(organisation: Slug, organisations: Organisations) -> Organisation:
    """Let a suspended tenant in again."""
    return _set(organisation, organisations, suspended=False)


def give_password(email: Email, password: Password, people: People, door: Door) -> None:
    """Give somebody another password. Sessions that they have go on."""
    person = people.by_email(email)
    if person is None:
        raise NotFound("PERSON_NOT_FOUND", "Nobody has this address.")
    person.password = door.hash(password)
    people.save(person)


def _set(slug: str, organisations: Organisations, *, suspended: bool) -> Organisation:
    there = organisations.by_slug(slug)
    if there is None:
        raise NotFound("ORGANISATION_NOT_FOUND", "There is no such organisation.")
    if there.state == "arriving":
        message = "It is being imported, restored or erased, or that was interrupted: do it again, to its end."
        raise Conflict("ORGANISATION_ARRIVING", message)
    there.state = "suspended" if suspended else "active"
    return organisations.save(there)
