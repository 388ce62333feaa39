"""Which index serves a lookup."""

from datetime import date
from typing import Protocol

from freehold import App, Entity, Id, Page, Paging, Range, Store, User, lookup
from freehold.cli.indexes import Served, served
from freehold.wiring import complete

app = App("shop")
(member,) = app.roles("member")


class Book(Entity):
    title: str
    owner: Id[User]
    lent: date | None = None


class Books(Store[Book], Protocol):
    @lookup(order="lent")
    def of(self, owner: Id[User], page: Paging, lent: Range[date]) -> Page[Book]: ...

    @lookup(unique=True)
    def by_title(self, title: str) -> Book | None: ...

    @lookup(newest_first=True)
    def all(self, page: Paging) -> Page[Book]: ...


@app.command("POST /books", allow=member)
def add_book(title: str, owner: Id[User], books: Books) -> Book:
    """Add one."""
    return books.add(Book(title=title, owner=owner))


def test_every_lookup_is_served_by_an_index_that_begins_with_the_tenant() -> None:
    found = {f"{one.lookup.store}.{one.lookup.name}": one for one in served(complete(app))}
    assert all(one.is_well for one in found.values())
    assert found["Books.by_title"].index == "book.one_title"
    assert found["Books.of"].by[:2] == ("tenant=?", "owner=?")
    assert {"Members.all", "Deliveries.in_state"} <= found.keys()


def test_a_lookup_that_is_scanned_or_sorted_is_not_well_served() -> None:
    (pattern,) = (one.lookup for one in served(complete(app)) if one.lookup.name == "of")
    sorting = ("SEARCH book USING INDEX book.of_owner (tenant=? AND owner=?)", "USE TEMP B-TREE FOR ORDER BY")
    assert not Served(pattern, "", (), ("SCAN book",)).is_well
    assert not Served(pattern, "book.of_owner", ("owner=?",), sorting[:1]).is_well
    assert not Served(pattern, "book.of_owner", ("tenant=?", "owner=?"), sorting).is_well
    assert Served(pattern, "book.of_owner", ("tenant=?", "owner=?"), sorting[:1]).is_well
