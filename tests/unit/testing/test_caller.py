"""What a caller shows, beside what a client is told."""

import pytest

from freehold import App, Entity, Invalid, Store
from freehold.testing import caller

app = App("shelf")
(reader,) = app.roles("reader")


class Book(Entity):
    pages: int


@app.command("POST /books", allow=reader)
def add_book(pages: int, books: Store[Book]) -> Book:
    """Put a book on the shelf."""
    return books.add(Book(pages=pages))


def test_a_refusal_that_fails_a_test_shows_what_was_wrong_with_the_input() -> None:
    with caller(app, reader) as ada, pytest.raises(Invalid) as refused:
        ada.call(add_book, pages="many")
    (note,) = refused.value.__notes__
    assert "pages" in note
    assert "valid integer" in note
