"""Lookups: every way an app finds things, as methods without bodies.

A parameter names a field that must be equal. `order` sorts, a `Range` bounds what the list is sorted by, `unique`
promises at most one and makes the store see to it. Every list is paged. From these signatures come the indexes, on
each store, so there is no query that grows slow unseen: what has no lookup cannot be asked.
"""

from datetime import date
from typing import Protocol

from freehold import ALL, App, Entity, Id, NotFound, Page, Paging, Range, Store, lookup

app = App("library")
reader, librarian = app.roles("reader", "librarian")


class Book(Entity):
    isbn: str
    title: str
    author: str
    published: date
    shelf: str | None = None


class Books(Store[Book], Protocol):
    @lookup(unique=True)
    def by_isbn(self, isbn: str) -> Book | None: ...

    @lookup(order="published", descending=True)
    def by_author(self, author: str, page: Paging, published: Range[date] = ALL) -> Page[Book]: ...

    @lookup(order="title")
    def on_shelf(self, shelf: str | None, page: Paging) -> Page[Book]: ...

    @lookup(newest_first=True)
    def latest(self, page: Paging) -> Page[Book]: ...


@app.command("POST /books", allow=librarian)
def add_book(isbn: str, title: str, author: str, published: date, books: Books) -> Book:
    """Put a book into the catalogue. A second one with the same ISBN is refused: `BOOK_ISBN_TAKEN`."""
    return books.add(Book(isbn=isbn, title=title, author=author, published=published))


@app.command("POST /books/{id}/shelve", allow=librarian)
def shelve_book(id: Id[Book], shelf: str | None, books: Books) -> Book:
    """Say on which shelf it stands. Null: on none."""
    book = books.get(id)
    book.shelf = shelf
    return books.save(book)


@app.query("GET /books", allow=reader)
def latest_books(page: Paging, books: Books) -> Page[Book]:
    """List what came in lately."""
    return books.latest(page)


@app.query("GET /books/by-isbn/{isbn}", allow=reader)
def find_book(isbn: str, books: Books) -> Book:
    """Look a book up by its ISBN."""
    book = books.by_isbn(isbn)
    if book is None:
        raise NotFound("BOOK_NOT_FOUND", "There is no such book here.")
    return book


@app.query("GET /authors/{author}/books", allow=reader)
def books_of(author: str, published: Range[date], page: Paging, books: Books) -> Page[Book]:
    """List an author's books, the latest first: `?published_start=1990-01-01&published_stop=2000-01-01`."""
    return books.by_author(author, page, published)


@app.query("GET /shelves/{shelf}/books", allow=reader)
def books_on(shelf: str, page: Paging, books: Books) -> Page[Book]:
    """List what stands on a shelf, from A to Z."""
    return books.on_shelf(shelf, page)
