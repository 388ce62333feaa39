"""Getting in: sign up, sign in, refresh, switch, sign out."""

from __future__ import annotations

from freehold.accounts.door import (
    ACCESS_SECONDS,
    SESSION_LIFETIME,
    Door,
    Email,
    Name,
    Password,
    Place,
    Secret,
    SignedIn,
    Slug,
    Token,
    digest,
    matches,
    opened,
)
from freehold.accounts.records import Member, Members, Organisation, Organisations, People, Person, Session
from freehold.model.data import Id
from freehold.model.ports import Across, Caller, ReadOnly, Store, User
from freehold.runtime.failures import Conflict, Forbidden, NotFound, Unauthenticated

WRONG = "The e-mail address or the password is wrong."
MOST_ORGANISATIONS = 50
"""One person can be in so many: each is another ground to look at when they ask where they are."""


def sign_up(
    email: Email, password: Password, name: Name, organisation: Slug,
    people: People, organisations: Organisations, members: Across[Members], door: Door, caller: Caller,
) -> Place:  # fmt: skip
    """Found an organisation and become its owner."""
    if organisations.by_slug(organisation) is not None:
        raise Conflict("ORGANISATION_SLUG_TAKEN", "This name is taken.")
    if people.by_email(email) is not None:
        raise Conflict("PERSON_EMAIL_TAKEN", "Sign in, and found the organisation from there.")
    founded = organisations.add(Organisation(slug=organisation, name=organisation))
    person = people.add(Person(email=email, name=name, password=door.hash(password), organisations=[founded.id]))
    return _founded(founded, person, members, caller)


def found_organisation(
    organisation: Slug, me: User, people: People, organisations: Organisations, members: Across[Members], caller: Caller
) -> Place:
    """Found one more organisation, as somebody who has signed in."""
    if organisations.by_slug(organisation) is not None:
        raise Conflict("ORGANISATION_SLUG_TAKEN", "This name is taken.")
    person = people.get(Id(me.id))
    founded = organisations.add(Organisation(slug=organisation, name=organisation))
    enter(person, founded.id, members)
    return _founded(founded, people.save(person), members, caller)


def enter(person: Person, organisation: str, members: Across[Members]) -> None:
    """Note that a person is in one more organisation, and forget those they were taken out of if there are too many.

    Raises `Conflict` for somebody who is in too many.
    """
    if len(person.organisations) >= MOST_ORGANISATIONS:
        person.organisations = [id for id in person.organisations if members(id).find(Id(person.id)) is not None]
    if len(person.organisations) >= MOST_ORGANISATIONS:
        raise Conflict("TOO_MANY_ORGANISATIONS", f"One person can be in {MOST_ORGANISATIONS} organisations.")
    if organisation not in person.organisations:
        person.organisations.append(organisation)


def _founded(founded: Organisation, person: Person, members: Across[Members], caller: Caller) -> Place:
    owner = caller.roles[-1]
    members(founded.id).add(Member(id=Id(person.id), name=person.name, email=person.email, role=owner))
    return Place(slug=founded.slug, name=founded.name, role=owner)


def sign_in(
    email: Email, password: Secret,
    people: People, members: Across[ReadOnly[Members]], sessions: Store[Session], door: Door, caller: Caller,
) -> SignedIn:  # fmt: skip
    """Get an access token, bound to the organisation one has been in for longest. `switch` goes to another."""
    person = people.by_email(email)
    hashed, first = (person.password, next(iter(person.organisations), "")) if person else (None, "")
    if not door.check(email, caller.address, password, hashed, first) or person is None:
        raise Unauthenticated("WRONG_CREDENTIALS", WRONG)
    if (renewed := door.renewed(password, person.password)) is not None:
        person.password = renewed
        people.save(person)
    secret, ends = door.secret(), door.ends(SESSION_LIFETIME)
    there = next((id for id in person.organisations if members(id).find(Id(person.id)) is not None), "")
    session = Session(person=person.id, organisation=there, secret=digest(secret), expires=ends)
    return _signed_in(door, sessions.add(session), secret)


def refresh(token: Token, sessions: Store[Session], door: Door) -> SignedIn:
    """Get the next pair of tokens. A refresh token that was used before ends the whole session (RFC 9700, 4.14.2).

    Of two calls at the same moment with the same token, one gets the next pair and the other a 409, and the session
    goes on. Not so when the second comes after the first was done: nobody can tell a slow client from a thief.
    """
    session, fresh = _presented(token, sessions, door), door.secret()
    session.secret = digest(fresh)
    return _signed_in(door, sessions.save(session), fresh)


def switch(
    organisation: Slug, token: Token, me: User, organisations: ReadOnly[Organisations],
    members: Across[ReadOnly[Members]], sessions: Store[Session], door: Door,
) -> SignedIn:  # fmt: skip
    """Go on in another organisation that one is a member of. Takes the refresh token, and gives new ones."""
    session, fresh = _presented(token, sessions, door), door.secret()
    if str(session.person) != str(me.id):
        raise _over()
    there = organisations.by_slug(organisation)
    if there is None or members(there.id).find(Id(me.id)) is None:
        raise NotFound("ORGANISATION_NOT_FOUND", "There is no such organisation here.")
    if there.state != "active":
        raise Forbidden("TENANT_SUSPENDED", "This organisation is suspended.")
    session.organisation, session.secret = there.id, digest(fresh)
    return _signed_in(door, sessions.save(session), fresh)


def sign_out(token: Token, sessions: Store[Session]) -> None:
    """End a session: its refresh token counts no more. Tells nothing about tokens that never did."""
    id, secret = opened(token, 2) or ("", "")
    session = sessions.find(Id(id)) if id else None
    if session is not None and matches(secret, session.secret):
        session.revoked = True
        sessions.save(session)


def my_organisations(
    me: User, people: ReadOnly[People], organisations: ReadOnly[Organisations], members: Across[ReadOnly[Members]]
) -> list[Place]:
    """List the organisations one is a member of."""
    places = []
    for id in people.get(Id(me.id)).organisations:
        there, member = organisations.find(Id(id)), members(id).find(Id(me.id))
        if there is not None and member is not None:
            places.append(Place(slug=there.slug, name=there.name, role=member.role))
    return places


def who_am_i(me: User) -> User:
    """Say who one is here: name, address and role in this organisation."""
    return me


def _presented(token: str, sessions: Store[Session], door: Door) -> Session:
    """The session that a refresh token goes on with. One that is not the latest ends the session, and that is kept."""
    id, secret = opened(token, 2) or ("", "")
    session = sessions.find(Id(id)) if id else None
    if session is None or session.revoked or door.is_over(session.expires):
        raise _over()
    if not matches(secret, session.secret):
        session.revoked = True
        sessions.save(session)
        raise _over(keeps=True)
    return session


def _over(*, keeps: bool = False) -> Unauthenticated:
    return Unauthenticated("SESSION_OVER", "Sign in again.", keeps=keeps)


def _signed_in(door: Door, session: Session, secret: str) -> SignedIn:
    access = door.access(session.organisation, session.person, session.id, ACCESS_SECONDS)
    return SignedIn(
        access_token=access, refresh_token=f"{session.id}.{secret}", organisation=session.organisation,
        person=Id(session.person),
    )  # fmt: skip
