"""Who is in an organisation: members, invitations, API keys. All on the ground of the calling tenant."""

from __future__ import annotations

from freehold.accounts.door import (
    INVITATION_LIFETIME,
    Door,
    Email,
    Issued,
    Name,
    Secret,
    Token,
    digest,
    matches,
    opened,
)
from freehold.accounts.records import (
    ApiKey,
    ApiKeys,
    Invitation,
    Invitations,
    Member,
    Members,
    People,
    Person,
)
from freehold.model.data import Id, Page, Paging
from freehold.model.ports import Across, Caller, Now, User
from freehold.runtime.failures import Conflict, Forbidden, Invalid, NotFound, Unauthenticated


def list_members(page: Paging, members: Members) -> Page[Member]:
    """List who is in this organisation."""
    return members.all(page)


def change_role(id: Id[Member], role: Name, me: User, members: Members, caller: Caller) -> Member:
    """Give a member another role, up to one's own."""
    member = members.get(id)
    _within_reach(me, role, caller)
    _within_reach(me, member.role, caller)
    _not_the_last_owner(member, role, members, caller)
    member.role = role
    return members.save(member)


def link_identity(id: Id[Member], issuer: Secret, subject: Secret, members: Members) -> Member:
    """Let a member sign in at an outside identity provider, as `subject` of `issuer`."""
    member = members.get(id)
    member.identity = f"{issuer} {subject}"
    return members.save(member)


def remove_member(id: Id[Member], me: User, members: Members, caller: Caller) -> None:
    """Take a member out. From now on their tokens open nothing here."""
    member = members.get(id)
    _within_reach(me, member.role, caller)
    _not_the_last_owner(member, "", members, caller)
    members.remove(id)


def invite(
    email: Email, role: Name, me: User, invitations: Invitations, door: Door, caller: Caller, now: Now
) -> Issued:
    """Keep a seat for somebody. The token is shown this once: send it to them."""
    _within_reach(me, role, caller)
    secret = door.secret()
    kept = invitations.add(
        Invitation(email=email, role=role, secret=digest(secret), invited_by=me.id, expires=now + INVITATION_LIFETIME)
    )
    return Issued(id=kept.id, token=f"{caller.ground}.{kept.id}.{secret}", expires=kept.expires)


def list_invitations(page: Paging, invitations: Invitations) -> Page[Invitation]:
    """List the invitations nobody has taken yet."""
    return invitations.all(page)


def withdraw_invitation(id: Id[Invitation], invitations: Invitations) -> None:
    """Take an invitation back."""
    invitations.remove(id)


def accept_invitation(
    token: Token, password: Secret, people: People, members: Across[Members], invitations: Across[Invitations],
    door: Door, now: Now, name: Name = "New member",
) -> None:  # fmt: skip
    """Take the seat one was invited to. Who is new chooses a name and a password; who is known gives theirs."""
    parts = opened(token, 3)
    found = invitations(parts[0]).find(Id(parts[1])) if parts else None
    if parts is None or found is None or not matches(parts[2], found.secret) or found.expires <= now:
        raise NotFound("INVITATION_NOT_FOUND", "There is no such invitation.")
    person = people.by_email(found.email)
    if person is None:
        hashed = door.hash(password)
        person = people.add(Person(email=found.email, name=name, password=hashed, organisations=[parts[0]]))
    elif not door.check(found.email, "", password, person.password):
        raise Unauthenticated("WRONG_CREDENTIALS", "The password is wrong.")
    elif members(parts[0]).find(Id(person.id)) is not None:
        raise Conflict("ALREADY_A_MEMBER", "You are a member already.")
    elif parts[0] not in person.organisations:
        person.organisations.append(parts[0])
        people.save(person)
    members(parts[0]).add(Member(id=Id(person.id), name=person.name, email=person.email, role=found.role))
    invitations(parts[0]).remove(found.id)


def create_api_key(name: Name, role: Name, me: User, keys: ApiKeys, door: Door, caller: Caller) -> Issued:
    """Make a key for a program, with a role up to one's own. It is shown this once."""
    _within_reach(me, role, caller)
    secret = door.secret()
    key = keys.add(ApiKey(name=name, role=role, secret=digest(secret), created_by=me.id))
    return Issued(id=key.id, token=f"fhk_{caller.ground}.{key.id}.{secret}")


def list_api_keys(page: Paging, keys: ApiKeys) -> Page[ApiKey]:
    """List the keys; never their secrets."""
    return keys.all(page)


def revoke_api_key(id: Id[ApiKey], keys: ApiKeys) -> None:
    """Throw a key away. From now on it opens nothing."""
    keys.remove(id)


def _within_reach(me: User, role: str, caller: Caller) -> None:
    """Nobody gives, takes or changes more than they have."""
    if role not in caller.roles:
        raise Invalid(details=[{"loc": ["role"], "msg": f"The roles are: {', '.join(caller.roles)}."}])
    if me.role in caller.roles and caller.roles.index(role) > caller.roles.index(me.role):
        raise Forbidden("ROLE_TOO_HIGH", "This is beyond your own role.")


def _not_the_last_owner(member: Member, role: str, members: Members, caller: Caller) -> None:
    owner = caller.roles[-1]
    if member.role != owner or role == owner:
        return
    others = (other for other in members.all(Paging(200)) if other.id != member.id and other.role == owner)
    if next(others, None) is None:
        raise Conflict("LAST_OWNER", f"An organisation needs at least one {owner}.")
