"""Bulk: one command for many items, without writing it twice.

`app.bulk` offers a command once more, for a list: `{"items": [{...}, {...}]}`. Each item is validated, authorised
and done by itself, in a transaction of its own, and the answer has a result for each, in the same order: so one bad
row does not spoil the others. With an `Idempotency-Key` a list that broke off halfway can simply be sent again.
"""

from typing import Annotated, Protocol

from pydantic import StringConstraints

from freehold import App, Entity, Page, Paging, Store, lookup

app = App("contacts")
viewer, member = app.roles("viewer", "member")

Email = Annotated[str, StringConstraints(strip_whitespace=True, to_lower=True, pattern=r"^[^@\s]+@[^@\s]+$")]


class Contact(Entity):
    name: str
    email: Email


class Contacts(Store[Contact], Protocol):
    @lookup(unique=True)
    def by_email(self, email: str) -> Contact | None: ...

    @lookup(order="name")
    def all(self, page: Paging) -> Page[Contact]: ...


@app.command("POST /contacts", allow=member)
def add_contact(name: str, email: Email, contacts: Contacts) -> Contact:
    """Add somebody. An address that is known already is refused: `CONTACT_EMAIL_TAKEN`."""
    return contacts.add(Contact(name=name, email=email))


app.bulk("POST /contacts/import", add_contact, at_most=500)


@app.query("GET /contacts", allow=viewer)
def list_contacts(page: Paging, contacts: Contacts) -> Page[Contact]:
    """List everybody, from A to Z."""
    return contacts.all(page)
