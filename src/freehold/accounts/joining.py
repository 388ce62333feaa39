"""Taking the seat one was invited to: as somebody new, or as somebody who has signed in."""

from __future__ import annotations

from freehold.accounts.door import Door, Name, Password, Token, matches, opened
from freehold.accounts.entering import enter
from freehold.accounts.records import Invitation, Invitations, Member, Members, People, Person
from freehold.model.data import Id
from freehold.model.ports import Across, User
from freehold.runtime.failures import Conflict, NotFound


def accept_invitation(
    token: Token, name: Name, password: Password,
    people: People, members: Across[Members], invitations: Across[Invitations], door: Door,
) -> None:  # fmt: skip
    """Take the seat one was invited to, with a name and a password. Who is known already signs in and joins."""
    ground, invitation = _invited(token, members, invitations, door)
    if people.by_email(invitation.email) is not None:
        raise Conflict("PERSON_EMAIL_TAKEN", "Sign in, and join from there.")
    hashed = door.hash(password)
    person = people.add(Person(email=invitation.email, name=name, password=hashed, organisations=[ground]))
    members(ground).add(Member(id=Id(person.id), name=name, email=person.email, role=invitation.role))
    invitations(ground).remove(invitation.id)


def join_organisation(
    token: Token, me: User, people: People, members: Across[Members], invitations: Across[Invitations], door: Door
) -> None:
    """Take the seat one was invited to, as somebody who has signed in. `switch` goes there."""
    ground, invitation = _invited(token, members, invitations, door)
    if invitation.email != me.email:
        raise _no_invitation()
    if members(ground).find(Id(me.id)) is not None:
        raise Conflict("ALREADY_A_MEMBER", "You are a member already.")
    person = people.get(Id(me.id))
    enter(person, ground, members)
    people.save(person)
    members(ground).add(Member(id=Id(me.id), name=me.name, email=me.email, role=invitation.role))
    invitations(ground).remove(invitation.id)


def _invited(
    token: str, members: Across[Members], invitations: Across[Invitations], door: Door
) -> tuple[str, Invitation]:
    """The organisation and the invitation of a token. Whatever is wrong with it, the answer is the same."""
    ground, id, secret = opened(token, 3) or ("", "", "")
    found = invitations(ground).find(Id(id)) if ground else None
    if found is None or not matches(secret, found.secret) or door.is_over(found.expires):
        raise _no_invitation()
    if members(ground).find(Id(found.invited_by)) is None:
        raise _no_invitation()  # whoever was taken out leaves no door behind
    return ground, found


def _no_invitation() -> NotFound:
    return NotFound("INVITATION_NOT_FOUND", "There is no such invitation.")
