"""Getting in: sign up, sign in, refresh, switch, sign out."""

from __future__ import annotations

from freehold.accounts.door import (
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
from freehold.model.ports import Across, Caller, Now, ReadOnly, Store, User
from freehold.runtime.failures import Conflict, NotFound, Unauthenticated

WRONG = "The e-mail address or the password is wrong."


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
    person.organisations.append(founded.id)
    return _founded(founded, people.save(person), members, caller)


def _founded(founded: Organisation, person: Person, members: Across[Members], caller: Caller) -> Place:
    owner = caller.roles[-1]
    members(founded.id).add(Member(id=Id(person.id), name=person.name, email=person.email, role=owner))
    return Place(slug=founded.slug, name=founded.name, role=owner)


def sign_in(
    email: Email, password: Secret, people: People, sessions: Store[Session], door: Door, caller: Caller, now: Now
) -> SignedIn:
    """Get an access token, bound to the organisation one joined first. `switch` goes to another."""
    person = people.by_email(email)
    if not door.check(email, caller.address, password, person.password if person else None) or person is None:
        raise Unauthenticated("WRONG_CREDENTIALS", WRONG)
    organisation = person.organisations[0] if person.organisations else ""
    secret = door.secret()
    session = sessions.add(
        Session(person=person.id, organisation=organisation, secret=digest(secret), expires=now + SESSION_LIFETIME)
    )
    return _signed_in(door, session, secret)


def refresh(token: Token, sessions: Store[Session], door: Door, now: Now) -> SignedIn:
    """Get the next pair of tokens. A refresh token that was used before ends the whole session (RFC 9700, 4.14.2)."""
    session, secret = _session(token, sessions)
    if session is None or session.revoked or session.expires <= now:
        raise Unauthenticated("SESSION_OVER", "Sign in again.")
    if not matches(secret, session.secret):
        session.revoked = True
        sessions.save(session)
        raise Unauthenticated("SESSION_OVER", "Sign in again.", keeps=True)
    fresh = door.secret()
    session.secret = digest(fresh)
    return _signed_in(door, sessions.save(session), fresh)


def switch(
    organisation: Slug, token: Token, me: User, organisations: Organisations, members: Across[ReadOnly[Members]],
    sessions: Store[Session], door: Door,
) -> SignedIn:  # fmt: skip
    """Go on in another organisation that one is a member of. Takes the refresh token, and gives new ones."""
    there = organisations.by_slug(organisation)
    session, secret = _session(token, sessions)
    if there is None or members(there.id).find(Id(me.id)) is None:
        raise NotFound("ORGANISATION_NOT_FOUND", "There is no such organisation here.")
    if session is None or str(session.person) != str(me.id) or session.revoked or not matches(secret, session.secret):
        raise Unauthenticated("SESSION_OVER", "Sign in again.")
    fresh = door.secret()
    session.organisation, session.secret = there.id, digest(fresh)
    return _signed_in(door, sessions.save(session), fresh)


def sign_out(token: Token, sessions: Store[Session]) -> None:
    """End a session: its refresh token counts no more. Tells nothing about tokens that never did."""
    session, secret = _session(token, sessions)
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


def _session(token: str, sessions: Store[Session]) -> tuple[Session | None, str]:
    parts = opened(token, 2)
    return (sessions.find(Id(parts[0])), parts[1]) if parts else (None, "")


def _signed_in(door: Door, session: Session, secret: str) -> SignedIn:
    access = door.access(session.organisation, session.person, session.id)
    return SignedIn(
        access_token=access, refresh_token=f"{session.id}.{secret}", organisation=session.organisation,
        person=Id(session.person),
    )  # fmt: skip
