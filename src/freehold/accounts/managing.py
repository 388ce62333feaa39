"""Who is in an organisation: members, invitations, API keys. Managed on the ground of the calling tenant."""

from __future__ import annotations

from typing import TypeVar

from freehold.accounts.door import INVITATION_LIFETIME, Door, Email, Issued, Name, Visible, digest
from freehold.accounts.records import ApiKey, ApiKeys, Invitation, Invitations, Member, Members
from freehold.model.data import Id, Page, Paging
from freehold.model.ports import Caller, User
from freehold.runtime.failures import Conflict, Forbidden, Invalid

T = TypeVar("T", Member, ApiKey)


def list_members(page: Paging, members: Members) -> Page[Member]:
    """List who is in this organisation."""
    return members.all(page)


def change_role(id: Id[Member], role: Name, me: User, members: Members, caller: Caller) -> Member:
    """Give a member another role, up to one's own."""
    member = _within_reach(members.get(id), me, caller)
    _may_give(role, me, caller)
    _keep_an_owner(member, role, members, caller)
    member.role = role
    return members.save(member)


def link_identity(
    id: Id[Member], issuer: Visible, subject: Visible, me: User, members: Members, caller: Caller
) -> Member:
    """Let a member sign in at an outside identity provider, as `subject` of `issuer`. Nothing else ever links them."""
    member = _within_reach(members.get(id), me, caller)
    member.identity = f"{issuer} {subject}"
    return members.save(member)


def unlink_identity(id: Id[Member], me: User, members: Members, caller: Caller) -> None:
    """Let a member sign in with a password of ours only."""
    member = _within_reach(members.get(id), me, caller)
    member.identity = None
    members.save(member)


def remove_member(id: Id[Member], me: User, members: Members, caller: Caller) -> None:
    """Take a member out. From now on their tokens open nothing here, and nobody can accept their invitations."""
    member = _within_reach(members.get(id), me, caller)
    _keep_an_owner(member, "", members, caller)
    members.remove(id)


def invite(email: Email, role: Name, me: User, invitations: Invitations, door: Door, caller: Caller) -> Issued:
    """Keep a seat for somebody. The token is shown this once: send it to them."""
    _may_give(role, me, caller)
    secret, ends = door.secret(), door.ends(INVITATION_LIFETIME)
    kept = invitations.add(Invitation(email=email, role=role, secret=digest(secret), invited_by=me.id, expires=ends))
    return Issued(id=kept.id, token=f"{caller.ground}.{kept.id}.{secret}", expires=ends)


def list_invitations(page: Paging, invitations: Invitations) -> Page[Invitation]:
    """List the invitations nobody has taken yet."""
    return invitations.all(page)


def withdraw_invitation(id: Id[Invitation], invitations: Invitations) -> None:
    """Take an invitation back."""
    invitations.remove(id)


def create_api_key(name: Name, role: Name, me: User, keys: ApiKeys, door: Door, caller: Caller) -> Issued:
    """Make a key for a program, with a role up to one's own. It is shown this once."""
    _may_give(role, me, caller)
    secret = door.secret()
    key = keys.add(ApiKey(name=name, role=role, secret=digest(secret), created_by=me.id))
    return Issued(id=key.id, token=f"fhk_{caller.ground}.{key.id}.{secret}")


def list_api_keys(page: Paging, keys: ApiKeys) -> Page[ApiKey]:
    """List the keys; never their secrets."""
    return keys.all(page)


def revoke_api_key(id: Id[ApiKey], me: User, keys: ApiKeys, caller: Caller) -> None:
    """Throw a key away. From now on it opens nothing."""
    _within_reach(keys.get(id), me, caller)
    keys.remove(id)


def _rank(role: str, caller: Caller) -> int:
    return caller.roles.index(role) if role in caller.roles else -1


def _may_give(role: str, me: User, caller: Caller) -> None:
    """Nobody gives more than they have."""
    if role not in caller.roles:
        raise Invalid(details=[{"loc": ["role"], "msg": f"The roles are: {', '.join(caller.roles)}."}])
    if _rank(role, caller) > _rank(me.role, caller):
        raise Forbidden("ROLE_TOO_HIGH", "This is beyond your own role.")


def _within_reach(one: T, me: User, caller: Caller) -> T:
    """Nobody changes or takes away who can do more than they can. Equals can: owners must be able to part."""
    if _rank(one.role, caller) > _rank(me.role, caller):
        raise Forbidden("ROLE_TOO_HIGH", "This is beyond your own role.")
    return one


def _keep_an_owner(member: Member, role: str, members: Members, caller: Caller) -> None:
    """The last owner stays.

    The owner who is left is saved, too: of two who take each other out at the same moment, one then loses the race, is
    run again, and finds nobody else.
    """
    owner = caller.roles[-1]
    if member.role != owner or role == owner:
        return
    other = next((other for other in members.in_role(owner, Paging(2)) if other.id != member.id), None)
    if other is None:
        raise Conflict("LAST_OWNER", f"An organisation needs at least one {owner}.")
    members.save(other)
